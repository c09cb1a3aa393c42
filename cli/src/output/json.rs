//! One JSON object a line: a change that several services reach has a line for each of them.

use couplet_codegen::compat::{Change, Location, Scope};
use serde_json::{Value, json};

use super::{Compared, worst};

/// The lines, the summary last.
pub(super) fn show(all: &[Compared<'_>]) -> String {
    let mut text = String::new();
    let changes = || all.iter().flat_map(|compared| &compared.changes);
    for change in changes() {
        match &change.scope {
            Scope::Services(names) => {
                for name in names {
                    push(&mut text, &line(change, json!(name), Value::Null));
                }
            }
            Scope::Package(name) => push(&mut text, &line(change, Value::Null, json!(name))),
        }
    }
    let (bump, effects) = worst(changes());
    let summary = json!({
        "summary": true,
        "bump": bump.name(),
        "source": effects.source.name(),
        "wire": effects.wire.name(),
        "json": effects.json.name(),
    });
    push(&mut text, &summary);
    text
}

fn push(text: &mut String, line: &Value) {
    text.push_str(&line.to_string());
    text.push('\n');
}

fn line(change: &Change, service: Value, package: Value) -> Value {
    json!({
        "rule": change.rule.id,
        "bump": change.bump.name(),
        "source": change.effects.source.name(),
        "wire": change.effects.wire.name(),
        "json": change.effects.json.name(),
        "service": service,
        // Where no service reaches it, its package is graded.
        "package": package,
        "subject": change.subject,
        "old": change.old.as_ref().map(location),
        "new": change.new.as_ref().map(location),
        "message": change.message,
        "note": change.note,
        "instead": change.instead,
        "fingerprint": change.fingerprint,
    })
}

fn location(location: &Location) -> Value {
    json!({ "file": location.file, "line": location.line, "column": location.column })
}
