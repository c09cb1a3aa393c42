//! What SRV records say (RFC 2782): which targets, on which ports, and how much of the load each is to have.

use std::collections::BTreeMap;

use hickory_resolver::proto::rr::rdata::SRV;

use super::{Found, at, called, questions::Questions};
use crate::discovery::Endpoint;

/// The instances of the service `name`: those of the lowest priority of which any has an address.
///
/// They are called what the service is, without its leading `_labels`: what a record points to is said by nobody whom a
/// certificate vouches for.
pub(super) async fn find(questions: &mut Questions, name: &str) -> Found {
    let records = questions.services(name).await;
    if let [only] = &*records
        && only.target.is_root()
    {
        return Found {
            endpoints: Vec::new(),
            nobody: true,
        };
    }
    let authority = authority(name);
    for targets in by_priority(records).into_values() {
        let names: Vec<_> = targets
            .iter()
            .map(|record| record.target.to_utf8())
            .collect();
        let addresses = questions.addresses(&names).await;
        let even = targets.iter().all(|record| record.weight == 0);
        let endpoints: Vec<Endpoint> = targets
            .iter()
            .zip(addresses)
            .flat_map(|(record, addresses)| {
                let weight = if even { 1 } else { weight(record) };
                let endpoint =
                    move |address| at(address, record.port, authority).with_weight(weight);
                addresses.into_iter().map(endpoint)
            })
            .collect();
        if !endpoints.is_empty() {
            return Found::some(endpoints);
        }
    }
    Found::some(Vec::new())
}

fn by_priority(records: Vec<SRV>) -> BTreeMap<u16, Vec<SRV>> {
    let mut priorities = BTreeMap::<u16, Vec<SRV>>::new();
    for record in records {
        priorities.entry(record.priority).or_default().push(record);
    }
    priorities
}

/// Each address of a target has the target's weight. One of 0 beside others is to have very little, and not nothing.
fn weight(record: &SRV) -> u32 {
    u32::from(record.weight.max(1))
}

/// `movies.internal`, of `_grpc._tcp.movies.internal.`.
fn authority(name: &str) -> &str {
    let mut rest = called(name);
    while rest.starts_with('_')
        && let Some((_, host)) = rest.split_once('.')
    {
        rest = host;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_called_by_its_host() {
        for (name, host) in [
            ("_grpc._tcp.movies.internal", "movies.internal"),
            ("_grpc._tcp.movies.internal.", "movies.internal"),
            ("movies.service.consul", "movies.service.consul"),
            ("_alone", "_alone"),
        ] {
            assert_eq!(authority(name), host);
        }
    }
}
