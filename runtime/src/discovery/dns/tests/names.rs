//! What names resolve to, and how that changes.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use hickory_resolver::proto::rr::{RData, RecordType};

use super::server::{Says, Server};
use crate::discovery::{
    Endpoint, Snapshot, Watch, resolver,
    tests::suite::{addresses, until},
};

async fn sees(watch: &mut Watch, wanted: &[&str]) -> Snapshot {
    until(watch, |seen| seen.is_fresh() && addresses(seen) == wanted).await
}

#[tokio::test]
async fn a_host_is_all_its_addresses_of_both_kinds_under_its_name() {
    let dns = Server::start().await;
    dns.addresses("movies.test", 60, &["10.0.0.2", "10.0.0.1", "fd00::1"]);
    let found = dns.resolver("dns", "movies.test:50051");
    let seen = sees(
        &mut found.watch(),
        &["10.0.0.1:50051", "10.0.0.2:50051", "[fd00::1]:50051"],
    )
    .await;
    for endpoint in &*seen.endpoints {
        assert_eq!(endpoint.authority, "movies.test:50051");
    }
}

#[tokio::test]
async fn what_changes_is_seen_when_the_answer_has_run_out_and_what_stays_is_the_same() {
    let dns = Server::start().await;
    dns.addresses("movies.test", 0, &["10.0.0.1", "10.0.0.2"]);
    let mut watch = dns.resolver("dns", "movies.test:1").watch();
    let before = sees(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;
    dns.addresses("movies.test", 0, &["10.0.0.3", "10.0.0.1"]);
    let after = sees(&mut watch, &["10.0.0.1:1", "10.0.0.3:1"]).await;
    assert!(Arc::ptr_eq(&before.endpoints[0], &after.endpoints[0]));
}

#[tokio::test]
async fn an_answer_that_is_turned_round_is_the_same_view() {
    let dns = Server::start().await;
    dns.addresses("movies.test", 0, &["10.0.0.1", "10.0.0.2"]);
    let mut watch = dns.resolver("dns", "movies.test:1").watch();
    sees(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;
    watch.mark_unchanged();
    let asked = dns.asked();
    dns.addresses("movies.test", 0, &["10.0.0.2", "10.0.0.1"]);
    // Two more rounds of two questions.
    while dns.asked() < asked + 4 {
        tokio::task::yield_now().await;
    }
    assert!(!watch.has_changed().unwrap());
}

#[tokio::test]
async fn an_answer_is_not_asked_for_again_before_it_has_run_out() {
    let dns = Server::start().await;
    dns.addresses("long.test", 60, &["10.0.0.1"]);
    dns.addresses("short.test", 0, &["10.0.0.1"]);
    let mut long = dns.resolver("dns", "long.test:1").watch();
    sees(&mut long, &["10.0.0.1:1"]).await;
    let before = dns.asked();
    let mut short = dns.resolver("dns", "short.test:1").watch();
    sees(&mut short, &["10.0.0.1:1"]).await;
    dns.addresses("long.test", 60, &["10.0.0.2"]);
    dns.addresses("short.test", 0, &["10.0.0.2"]);
    sees(&mut short, &["10.0.0.2:1"]).await;
    assert_eq!(addresses(&long.borrow()), ["10.0.0.1:1"]);
    assert_eq!(dns.asked() - before, 4, "two rounds of the other");
}

#[tokio::test]
async fn an_address_is_itself_and_nobody_is_asked() {
    let mut watch = resolver("dns:///10.0.0.1:80").unwrap().unwrap().watch();
    let seen = sees(&mut watch, &["10.0.0.1:80"]).await;
    assert_eq!(*seen.endpoints[0], Endpoint::new("10.0.0.1:80"));
}

#[tokio::test]
async fn the_systems_own_configuration_knows_this_machine() {
    let mut watch = resolver("dns:///localhost:80").unwrap().unwrap().watch();
    let seen = until(&mut watch, |seen| !seen.endpoints.is_empty()).await;
    assert!(
        addresses(&seen).contains(&"127.0.0.1:80".to_owned()),
        "{seen:?}"
    );
}

#[tokio::test]
async fn services_come_with_ports_and_weights_and_only_of_the_lowest_priority() {
    let dns = Server::start().await;
    dns.services(
        "_grpc._tcp.movies.test",
        &[
            (10, 3, 7001, "a.test"),
            (10, 0, 7002, "b.test"),
            (20, 9, 7003, "c.test"),
        ],
    );
    for (name, address) in [
        ("a.test", "10.0.0.1"),
        ("b.test", "10.0.0.2"),
        ("c.test", "10.0.0.3"),
    ] {
        dns.addresses(name, 60, &[address]);
    }
    let mut watch = dns.resolver("dns+srv", "_grpc._tcp.movies.test").watch();
    let seen = sees(&mut watch, &["10.0.0.1:7001", "10.0.0.2:7002"]).await;
    let weights: Vec<_> = seen
        .endpoints
        .iter()
        .map(|endpoint| endpoint.weight)
        .collect();
    assert_eq!(weights, [3, 1], "little is not nothing");
    assert_eq!(seen.endpoints[0].authority, "movies.test");

    // Nobody of the first priority has an address any more: the next one stands in.
    dns.addresses("a.test", 60, &[]);
    dns.addresses("b.test", 60, &[]);
    sees(&mut watch, &["10.0.0.3:7003"]).await;

    // And the service says that there is nobody.
    dns.services("_grpc._tcp.movies.test", &[(0, 0, 0, "")]);
    sees(&mut watch, &[]).await;
}

#[tokio::test]
async fn where_no_target_has_a_weight_all_have_the_same() {
    let dns = Server::start().await;
    dns.services(
        "movies.service.consul",
        &[(1, 0, 7001, "a.test"), (1, 0, 7002, "a.test")],
    );
    dns.addresses("a.test", 60, &["10.0.0.1"]);
    let mut watch = dns.resolver("dns+srv", "movies.service.consul").watch();
    let seen = sees(&mut watch, &["10.0.0.1:7001", "10.0.0.1:7002"]).await;
    assert!(seen.endpoints.iter().all(|endpoint| endpoint.weight == 1));
}

#[tokio::test]
async fn five_thousand_addresses_come_over_tcp_and_all_count() {
    let dns = Server::start().await;
    let four = (0..3500).map(|number| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number)));
    let six = (0..1500).map(|number| IpAddr::from(Ipv6Addr::from_bits((0xfd00 << 112) + number)));
    let records =
        |all: &mut dyn Iterator<Item = IpAddr>| Says::Records(60, all.map(RData::from).collect());
    dns.set("m", RecordType::A, records(&mut { four }));
    dns.set("m", RecordType::AAAA, records(&mut { six }));
    // As many as fit in two answers of 64 KiB under a short name.
    let mut watch = dns.resolver("dns", "m:1").watch();
    let seen = until(&mut watch, Snapshot::is_fresh).await;
    assert_eq!(seen.endpoints.len(), 5000);
}
