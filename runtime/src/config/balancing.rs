//! The list of load balancing policies: kept as it is, but for outlier detection, which is ours to do.

use super::{
    error::excerpt,
    fields::{OUTLIER, OUTLIER_PARTS},
    read::Reader,
};
use crate::json::Node;
use crate::policy::outlier::Config;

/// The outlier detection in a `loadBalancingConfig`, if it has one. The others belong to whoever balances.
pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<Config> {
    let mut found = None;
    reader.list(node, |reader, policy| {
        let entries = reader.entries(policy);
        if entries.len() != 1 && matches!(policy, Node::Map(_)) {
            let names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
            let names = excerpt(&names.join(", "));
            reader.wrong(
                format!("has {} policies: {names}", entries.len()),
                "each object of the list has one, whose name is its key",
            );
        }
        for (name, node) in entries {
            if name == OUTLIER.json && found.is_none() {
                found = Some(reader.at(name, |reader| outlier(reader, node)));
            }
        }
    });
    found
}

fn outlier(reader: &mut Reader, node: &Node) -> Config {
    let mut config = Config::default();
    let parts = OUTLIER_PARTS.iter().map(|part| part.json);
    let others: Vec<_> = parts.chain(["childPolicy"]).collect();
    reader.fields(node, &OUTLIER, &mut config, &others);
    for (key, node) in reader.entries(node) {
        let part = OUTLIER_PARTS.iter().find(|part| part.json == key);
        if let Some(part) = part.filter(|_| !node.is_null()) {
            reader.at(key, |reader| reader.group(node, part, &mut config));
        }
    }
    config
}
