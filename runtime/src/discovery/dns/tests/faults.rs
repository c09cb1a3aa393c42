//! What goes wrong: the last good view stands, and says why.

use std::net::Ipv6Addr;

use hickory_resolver::proto::{
    op::ResponseCode,
    rr::{RData, RecordType},
};

use super::server::{Says, Server};
use crate::discovery::{
    Snapshot, Watch,
    tests::suite::{addresses, until},
};

async fn seen_by(watch: &mut Watch) -> Snapshot {
    until(watch, |seen| seen.is_fresh() && !seen.endpoints.is_empty()).await
}

async fn trouble(watch: &mut Watch) -> Snapshot {
    until(watch, |seen| seen.trouble().is_some()).await
}

/// After a good answer the server says this; what was known stands, with the reason. Then it comes to itself.
async fn stands(says: Says, reason: &str) {
    let dns = Server::start().await;
    dns.addresses("movies.test", 0, &["10.0.0.1"]);
    let mut watch = dns.resolver("dns", "movies.test:1").watch();
    seen_by(&mut watch).await;
    dns.set("movies.test", RecordType::A, says.clone());
    dns.set("movies.test", RecordType::AAAA, says);
    let stale = trouble(&mut watch).await;
    assert_eq!(addresses(&stale), ["10.0.0.1:1"]);
    let why = format!("dns://{}/movies.test:1: {reason}", dns.address);
    assert_eq!(**stale.trouble().unwrap(), *why);
    dns.addresses("movies.test", 0, &["10.0.0.2"]);
    let back = until(&mut watch, Snapshot::is_fresh).await;
    assert_eq!(addresses(&back), ["10.0.0.2:1"]);
}

#[tokio::test]
async fn a_server_that_fails_takes_nothing_away() {
    let says = Says::Code(ResponseCode::ServFail);
    stands(says, "A movies.test: the server answers SERVFAIL").await;
}

#[tokio::test]
async fn a_server_that_refuses_takes_nothing_away() {
    let says = Says::Code(ResponseCode::Refused);
    stands(says, "A movies.test: the server answers REFUSED").await;
}

#[tokio::test]
async fn a_name_that_is_suddenly_gone_takes_nothing_away() {
    let says = Says::Code(ResponseCode::NXDomain);
    stands(says, "there is no such name (NXDOMAIN)").await;
}

#[tokio::test]
async fn a_name_without_addresses_takes_nothing_away() {
    stands(Says::Records(0, Vec::new()), "it has no addresses").await;
}

#[tokio::test]
async fn a_server_that_is_silent_takes_nothing_away() {
    stands(Says::Nothing, "A movies.test: no answer in time").await;
}

#[tokio::test]
async fn garbage_takes_nothing_away() {
    stands(Says::Garbage, "A movies.test: no answer in time").await;
}

#[tokio::test]
async fn an_answer_that_is_cut_off_takes_nothing_away() {
    stands(
        Says::Truncated,
        "A movies.test: response was truncated; TCP already tried or no other transport available",
    )
    .await;
}

#[tokio::test]
async fn a_name_that_never_was_is_told_as_such() {
    let dns = Server::start().await;
    let seen = trouble(&mut dns.resolver("dns", "nobody.test:1").watch()).await;
    assert!(seen.endpoints.is_empty());
    let why = seen.trouble().unwrap().to_string();
    assert!(
        why.ends_with("/nobody.test:1: there is no such name (NXDOMAIN)"),
        "{why}"
    );
}

#[tokio::test]
async fn the_kind_of_address_that_is_answered_counts_and_the_other_stands() {
    let dns = Server::start().await;
    dns.addresses("movies.test", 0, &["10.0.0.1", "fd00::1"]);
    let mut watch = dns.resolver("dns", "movies.test:1").watch();
    seen_by(&mut watch).await;
    dns.addresses("movies.test", 0, &["10.0.0.2"]);
    dns.set(
        "movies.test",
        RecordType::AAAA,
        Says::Code(ResponseCode::ServFail),
    );
    let seen = until(&mut watch, |seen| {
        addresses(seen) == ["10.0.0.2:1", "[fd00::1]:1"]
    })
    .await;
    let why = seen.trouble().unwrap();
    assert!(
        why.ends_with("AAAA movies.test: the server answers SERVFAIL"),
        "{why}"
    );
}

#[tokio::test]
async fn a_target_that_is_not_answered_for_keeps_its_addresses() {
    let dns = Server::start().await;
    dns.services(
        "_grpc._tcp.movies.test",
        &[(1, 1, 7001, "a.test"), (1, 1, 7002, "b.test")],
    );
    dns.addresses("a.test", 0, &["10.0.0.1"]);
    dns.addresses("b.test", 0, &["10.0.0.2"]);
    let mut watch = dns.resolver("dns+srv", "_grpc._tcp.movies.test").watch();
    seen_by(&mut watch).await;
    dns.set("b.test", RecordType::A, Says::Code(ResponseCode::ServFail));
    let stale = trouble(&mut watch).await;
    assert_eq!(addresses(&stale), ["10.0.0.1:7001", "10.0.0.2:7002"]);
    // A record of another kind than was asked for is none.
    dns.set(
        "b.test",
        RecordType::A,
        Says::Records(0, vec![RData::AAAA(Ipv6Addr::LOCALHOST.into())]),
    );
    until(&mut watch, |seen| addresses(seen) == ["10.0.0.1:7001"]).await;
}
