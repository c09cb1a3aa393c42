//! What a contract can say of calls, as the generator and the runtime name it: `codegen` does not depend on `runtime`, so
//! the same fields stand in two files.

use std::collections::BTreeSet;

use crate::source::{self, assert_none};

const SAID: &str = "codegen/src/ir/policies.rs";
const HELD: &str = "runtime/src/call/policies.rs";
/// Says which fields are the operators' alone.
const TABLE: &str = "runtime/src/config/fields.rs";

/// Each struct of [`SAID`] with the one of [`HELD`] that holds the same.
const PAIRS: [(&str, &str); 6] = [
    ("Policies", "Policies"),
    ("Retry", "RetryPolicy"),
    ("Hedging", "HedgingPolicy"),
    ("Breaker", "BreakerPolicy"),
    ("Bulkhead", "BulkheadPolicy"),
    ("RateLimit", "RateLimitPolicy"),
];

#[test]
fn the_generator_and_the_runtime_name_the_same_fields() {
    let (said, held, table) = (text(SAID), text(HELD), text(TABLE));
    let mut broken = Vec::new();
    for (one, other) in PAIRS {
        let (said, held) = (fields(&said, one), fields(&held, other));
        let operators = operators(&table, other);
        for unknown in said.difference(&held) {
            broken.push(format!(
                "{SAID}: {one}.{unknown} is not in {other} of {HELD}"
            ));
        }
        for (field, is_theirs) in held.iter().map(|field| (field, operators.contains(field))) {
            match (said.contains(field), is_theirs) {
                (true, true) => broken.push(format!(
                    "{TABLE}: {other}.{field} is `@Operating`, and contracts can say it"
                )),
                (false, false) => broken.push(format!(
                    "{HELD}: {other}.{field} is neither in {one} of {SAID} nor `@Operating` in {TABLE}"
                )),
                _ => {}
            }
        }
    }
    assert_none("what a contract says, the runtime holds", &broken);
}

fn text(path: &str) -> String {
    let source = source::all().into_iter().find(|source| source.path == path);
    source.unwrap_or_else(|| panic!("there is no {path}")).text
}

/// The fields of a struct.
fn fields(text: &str, name: &str) -> BTreeSet<String> {
    let start = format!("pub struct {name} {{");
    let lines = text.lines().map(str::trim);
    let inside = lines.skip_while(|line| *line != start).skip(1);
    let fields = inside.take_while(|line| *line != "}").filter_map(|line| {
        let (name, _) = line.strip_prefix("pub ")?.split_once(':')?;
        Some(name.to_owned())
    });
    let fields: BTreeSet<_> = fields.collect();
    assert!(!fields.is_empty(), "there is no struct {name}");
    fields
}

/// The fields of a struct that no contract can say: those marked so, and whole groups without a name in contracts.
fn operators(table: &str, name: &str) -> BTreeSet<String> {
    let (mut group, mut found) = ("Policies", BTreeSet::new());
    // A macro's pattern looks like a group.
    let lines = table.lines().map(str::trim);
    for line in lines.filter(|line| !line.contains('$')) {
        if line == "fields: plain! {" {
            group = "Policies";
        }
        // `retry: RetryPolicy = "retryPolicy" "retry" Grpc {`
        if let Some((field, (of, names))) = line
            .split_once(": ")
            .and_then(|(field, rest)| Some((field, rest.split_once(" = ")?)))
            && names.ends_with('{')
        {
            group = of;
            if name == "Policies" && names.contains("\"\"") {
                found.insert(field.to_owned());
            }
        }
        if let Some((field, _)) = line.split_once(" @Operating:").filter(|_| group == name) {
            found.insert(field.to_owned());
        }
    }
    found
}
