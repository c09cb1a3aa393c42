//! The list of load balancing policies: the first one that is known counts, with what is within it.

use super::{
    error::excerpt,
    fields::{BALANCING, BALANCING_OTHERS, LEAST_REQUEST, OUTLIER, OUTLIER_PARTS, RING_HASH},
    read::Reader,
    value::{Kind, number_of},
};
use crate::json::Node;
use crate::policy::{
    balance::{Balancing, Canary, ConfigError, Strategy},
    outlier::Config,
};

/// What a list of policies comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Chosen {
    pub(super) balancing: Option<Balancing>,
    pub(super) outlier: Option<Config>,
}

/// The policy of gRFC A68, around another one.
const SUBSETTING: &str = "random_subsetting_experimental";
/// Where a policy has others.
const CHILD: &str = "childPolicy";

/// Reads a `loadBalancingConfig`. Those after the first that is known are read for their mistakes alone.
pub(super) fn read(reader: &mut Reader, node: &Node) -> Chosen {
    let mut chosen = None;
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
            let found = reader.at(name, |reader| policy_of(reader, name, node));
            chosen = chosen.take().or(found);
        }
    });
    chosen.unwrap_or_default()
}

/// The policy that older configs name by itself.
pub(super) fn named(name: &str) -> Option<Balancing> {
    let strategy = match name.to_ascii_lowercase().as_str() {
        "round_robin" => Strategy::RoundRobin,
        "pick_first" => Strategy::PickFirst,
        _ => return None,
    };
    Some(strategy.into())
}

fn policy_of(reader: &mut Reader, name: &str, node: &Node) -> Option<Chosen> {
    let balancing = match name {
        "couplet" => own(reader, node),
        "weighted_round_robin" => Strategy::WeightedRoundRobin.into(),
        "least_request_experimental" => {
            let mut balancing = Strategy::LeastRequest.into();
            reader.group(node, &LEAST_REQUEST, &mut balancing);
            balancing
        }
        "ring_hash_experimental" => {
            let mut balancing = Balancing::from(Strategy::RingHash);
            reader.fields(node, &RING_HASH, &mut balancing, &["requestHashHeader"]);
            others(reader, node, &mut balancing);
            balancing
        }
        SUBSETTING => return Some(subsetting(reader, node)),
        _ if name == OUTLIER.json => {
            let outlier = Some(outlier(reader, node));
            let child = child(reader, node);
            return Some(Chosen { outlier, ..child });
        }
        name => named(name)?,
    };
    sense(reader, &balancing);
    Some(Chosen {
        balancing: Some(balancing),
        outlier: None,
    })
}

/// What is in a policy that has others within it.
fn child(reader: &mut Reader, node: &Node) -> Chosen {
    let mut entries = reader.entries(node).iter();
    let child = entries.find(|(key, _)| key == CHILD);
    child.map_or_else(Chosen::default, |(_, node)| {
        reader.at(CHILD, |reader| read(reader, node))
    })
}

fn subsetting(reader: &mut Reader, node: &Node) -> Chosen {
    let mut chosen = child(reader, node);
    let balancing = chosen.balancing.get_or_insert_default();
    others(reader, node, balancing);
    chosen
}

fn own(reader: &mut Reader, node: &Node) -> Balancing {
    let mut balancing = Balancing::default();
    let keys: Vec<_> = BALANCING_OTHERS.iter().map(|(key, ..)| *key).collect();
    reader.fields(node, &BALANCING, &mut balancing, &keys);
    others(reader, node, &mut balancing);
    balancing
}

/// What is not of one value.
fn others(reader: &mut Reader, node: &Node, balancing: &mut Balancing) {
    let entries = reader.entries(node).iter();
    for (key, node) in entries.filter(|(_, node)| !node.is_null()) {
        reader.at(key, |reader| match key.as_str() {
            "subsetSize" => match Kind::ANY.read(node) {
                Ok(_) => balancing.subset_size = number_of(node).map(|size| size as u32),
                Err(right) => reader.wrong(format!("is {}", excerpt(node)), right),
            },
            "requestHashHeader" => balancing.request_hash_header = header(reader, node),
            "canary" => balancing.canaries = canaries(reader, node),
            _ => {}
        });
    }
}

fn header(reader: &mut Reader, node: &Node) -> Option<String> {
    const RIGHT: &str = "it must be the name of metadata that is text, such as \"user-id\"";
    let name = match node {
        Node::Text(name) if name.is_empty() => return None,
        Node::Text(name) if !name.ends_with("-bin") => http::HeaderName::try_from(name).ok(),
        _ => None,
    };
    if name.is_none() {
        reader.wrong(format!("is {}", excerpt(node)), RIGHT);
    }
    name.map(|name| name.as_str().to_owned())
}

fn canaries(reader: &mut Reader, node: &Node) -> Vec<Canary> {
    let mut canaries = Vec::new();
    for (range, node) in reader.entries(node) {
        reader.at(range, |reader| {
            let versions = range.parse();
            let percent = number_of(node).filter(|percent| (0.0..=100.0).contains(percent));
            match (versions, percent) {
                (Ok(versions), Some(percent)) => canaries.push(Canary { versions, percent }),
                (Err(_), _) => {
                    reader.wrong("is no range of versions", "write one such as \">=1.5.0\"");
                }
                (_, None) => {
                    let found = format!("is {}", excerpt(node));
                    reader.wrong(found, "it must be a percentage from 0 to 100");
                }
            }
        });
    }
    canaries
}

/// Notes what is right field by field and makes no sense together.
fn sense(reader: &mut Reader, balancing: &Balancing) {
    match balancing.validate() {
        Err(ConfigError::Ring { min, max }) => {
            let found = format!("has a minRingSize of {min} and a maxRingSize of {max}");
            reader.wrong(found, "the first must not be above the second");
        }
        Err(ConfigError::Canaries(percent)) => {
            let found = format!("gives {percent} percent of the calls away");
            reader.at("canary", |reader| {
                reader.wrong(found, "there are 100");
            });
        }
        // Whatever is wrong by itself has been told.
        _ => {}
    }
}

fn outlier(reader: &mut Reader, node: &Node) -> Config {
    let mut config = Config::default();
    let parts = OUTLIER_PARTS.iter().map(|part| part.json);
    let others: Vec<_> = parts.chain([CHILD]).collect();
    reader.fields(node, &OUTLIER, &mut config, &others);
    for (key, node) in reader.entries(node) {
        let part = OUTLIER_PARTS.iter().find(|part| part.json == key);
        if let Some(part) = part.filter(|_| !node.is_null()) {
            reader.at(key, |reader| reader.group(node, part, &mut config));
        }
    }
    config
}
