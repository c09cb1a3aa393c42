//! Routes of HTTP as a set: one more is MINOR and one less MAJOR, whatever their order and wherever each stands.

use couplet_codegen::compat::{Bump, Terms};

use crate::contracts::{Files, changes, verdict};

const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
const PATHS: [&str; 4] = [
    "/v1/books",
    "/v1/{id}",
    "/v1/{id=shelves/*}/books",
    "/v1/{id}:check",
];

/// A contract with these routes, the first of which is the rule and the rest its additional bindings.
fn contract(routes: &[(&str, &str)]) -> Files {
    let binding = |(verb, path): &(&str, &str)| format!("{verb}: \"{path}\"");
    let rule = routes.first().map(|first| {
        let more = routes[1..]
            .iter()
            .map(|route| format!(" additional_bindings {{ {} }}", binding(route)));
        format!(
            "option (google.api.http) = {{ {}{} }};",
            binding(first),
            more.collect::<String>()
        )
    });
    let text = format!(
        "syntax = \"proto3\";\npackage acme.v1;\nimport \"google/api/annotations.proto\";\nmessage M {{ string id = 1; }}\n\
         service S {{ rpc Do(M) returns (M) {{ {} }} }}\n",
        rule.unwrap_or_default()
    );
    Files::from([("acme/v1/a.proto".to_owned(), text)])
}

fn bump(old: &[(&str, &str)], new: &[(&str, &str)]) -> Bump {
    let changes =
        changes(&contract(old), &contract(new), &Terms::default()).expect("two contracts");
    verdict(&changes).bump
}

#[test]
fn one_route_more_is_minor_one_less_major_and_their_order_nothing() {
    let all: Vec<_> = VERBS
        .into_iter()
        .flat_map(|verb| PATHS.map(|path| (verb, path)))
        .collect();
    for count in 0..all.len() - 1 {
        let (few, more) = (&all[..count], &all[..=count]);
        assert_eq!(bump(few, more), Bump::Minor, "{:?} added", all[count]);
        assert_eq!(bump(more, few), Bump::Major, "{:?} removed", all[count]);
        let turned: Vec<_> = more.iter().rev().copied().collect();
        assert_eq!(bump(more, &turned), Bump::None, "{more:?} turned round");
    }
}
