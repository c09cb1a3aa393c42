//! SARIF 2.1.0, which code scanning services read: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use couplet_codegen::compat::{Bump, Change, pages};
use serde_json::{Value, json};

use super::{Compared, place};

/// One run with a result a change.
pub(super) fn show(all: &[Compared<'_>]) -> String {
    let rules: Vec<_> = pages()
        .map(|page| {
            json!({
                "id": page.rule.id,
                "shortDescription": { "text": page.rule.title },
                "help": { "text": page.text, "markdown": page.text },
            })
        })
        .collect();
    let of_one = |compared: &Compared<'_>| -> Vec<Value> {
        let changes = compared.changes.iter();
        changes.map(|change| result(change, compared)).collect()
    };
    let results: Vec<_> = all.iter().flat_map(of_one).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-couplet",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(change: &Change, compared: &Compared<'_>) -> Value {
    let level = match change.bump {
        Bump::Major => "error",
        Bump::Minor => "warning",
        Bump::Patch | Bump::None => "note",
    };
    let locations: Vec<_> = place(change, compared)
        .map(|(path, line, column)| {
            json!({ "physicalLocation": {
                "artifactLocation": { "uri": path },
                "region": { "startLine": line, "startColumn": column },
            } })
        })
        .into_iter()
        .collect();
    json!({
        "ruleId": change.rule.id,
        "level": level,
        "message": { "text": format!("{}: {}. {}", change.subject, change.message, change.note) },
        "locations": locations,
        "partialFingerprints": { "couplet/v1": change.fingerprint },
        "properties": {
            "bump": change.bump.name(),
            "source": change.effects.source.name(),
            "wire": change.effects.wire.name(),
            "json": change.effects.json.name(),
        },
    })
}
