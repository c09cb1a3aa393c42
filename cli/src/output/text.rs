//! Changes for people: the gravest first, the worst of all at the end, where it stays on the screen.

use std::fmt::Write;

use couplet_codegen::compat::{Bump, Change};

use super::{Compared, place, scope, worst};

/// A few lines a change, and one for all.
pub(super) fn show(compared: &Compared<'_>) -> String {
    let mut text = String::new();
    for change in &compared.changes {
        let bump = change.bump.name().to_uppercase();
        let _ = writeln!(text, "{bump}[{}]: {}", change.rule.id, change.message);
        if let Some((path, line, column)) = place(change, compared) {
            let _ = writeln!(text, "  --> {path}:{line}:{column}");
        }
        let effects = change.effects;
        let _ = writeln!(
            text,
            "   = {}: source {}, wire {}, JSON {}",
            change.subject, effects.source, effects.wire, effects.json
        );
        if !change.note.is_empty() {
            let _ = writeln!(text, "   = note: {}", change.note);
        }
        if let Some(instead) = &change.instead {
            let _ = writeln!(text, "   = instead: {instead}");
        }
        let _ = writeln!(
            text,
            "   = asks {}; {}\n",
            scope(&change.scope),
            change.fingerprint
        );
    }
    text.push_str(&summary(&compared.changes));
    text
}

fn summary(changes: &[Change]) -> String {
    let (bump, effects) = worst(changes.iter());
    if bump == Bump::None {
        return "no change that a version has to tell\n".to_owned();
    }
    let counts = [Bump::Major, Bump::Minor, Bump::Patch].map(|bump| {
        let count = changes.iter().filter(|change| change.bump == bump).count();
        (count > 0).then(|| format!("{count} {bump}"))
    });
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    format!(
        "{}: asks for {} (source {}, wire {}, JSON {})\n",
        counts.join(", "),
        bump.name().to_uppercase(),
        effects.source,
        effects.wire,
        effects.json
    )
}
