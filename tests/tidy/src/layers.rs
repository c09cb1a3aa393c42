//! Only `stack` knows the order of layers, so nothing else names two of them.

use std::collections::BTreeSet;

use crate::source::{self, Source, assert_none};

/// The root re-exports them, and the layers' own room lists them.
const EXCEPT: &[&str] = &[
    "runtime/src/stack",
    "runtime/src/layer/mod.rs",
    "runtime/src/lib.rs",
];

#[test]
fn only_the_stack_names_more_than_one_layer() {
    let sources = source::rust();
    let layers: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| {
            source
                .path
                .strip_prefix("runtime/src/layer/")?
                .split(['/', '.'])
                .next()
        })
        .filter(|layer| *layer != "mod")
        .collect();
    let named = |source: &Source| -> BTreeSet<&str> {
        let code: String = source
            .code()
            .map(|(_, line)| line)
            .collect::<Vec<_>>()
            .join("\n");
        layers
            .iter()
            .copied()
            .filter(|layer| code.contains(&format!("layer::{layer}::")))
            .collect()
    };
    let broken: Vec<String> = sources
        .iter()
        .filter(|source| source.is_in(&["runtime/src/"]) && !source.is_in(EXCEPT))
        .filter(|source| named(source).len() > 1)
        .map(|source| format!("{} names {:?}", source.path, named(source)))
        .collect();
    assert_none("only `stack` names more than one layer", &broken);
}
