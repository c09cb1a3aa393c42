//! The words for what a change does to whom.

use crate::compat::{Change, Effect};

/// Which surface breaks and which does not, such as `breaks: wire. Does not break: Rust callers, JSON`.
pub(super) fn effects(change: &Change, json: bool) -> String {
    let all = [
        ("Rust callers", change.effects.source),
        ("wire", change.effects.wire),
        ("JSON", change.effects.json),
    ];
    let surfaces = &all[..if json { 3 } else { 2 }];
    let with = |wanted: &[Effect]| -> Vec<String> {
        let surfaces = surfaces
            .iter()
            .filter(|(_, effect)| wanted.contains(effect));
        surfaces
            .map(|(name, effect)| surface(name, *effect))
            .collect()
    };
    let breaks = with(&[Effect::Cond, Effect::Major]);
    let rest = with(&[Effect::None, Effect::Minor]);
    match (breaks.is_empty(), with(&[Effect::Minor])) {
        (false, _) if rest.is_empty() => format!("breaks: {}", breaks.join(", ")),
        (false, _) => {
            let (breaks, rest) = (breaks.join(", "), rest.join(", "));
            format!("breaks: {breaks}. Does not break: {rest}")
        }
        (true, added) if added.is_empty() => "breaks nobody who runs today".to_owned(),
        (true, added) => format!("breaks nothing; new to: {}", added.join(", ")),
    }
}

fn surface(name: &str, effect: Effect) -> String {
    match effect {
        Effect::Cond => format!("{name} (it can be read, but values are lost or read as others)"),
        _ => name.to_owned(),
    }
}
