//! What every registry does, together with what resolves from it.
//!
//! It is compiled a second time by the tests against foreign registries, so it sees what users see.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use couplet::discovery::{Endpoint, Registration, Registry, Resolver, Snapshot, Watch};
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

/// Waits for a snapshot that is as it should be.
pub(crate) async fn until(watch: &mut Watch, mut fits: impl FnMut(&Snapshot) -> bool) -> Snapshot {
    let waited = timeout(Duration::from_secs(30), watch.wait_for(|seen| fits(seen)));
    if let Ok(seen) = waited.await {
        return seen.expect("watched").clone();
    }
    panic!("nothing fits; the last was {:?}", watch.borrow().clone())
}

pub(crate) fn addresses(snapshot: &Snapshot) -> Vec<String> {
    let endpoints = snapshot.endpoints.iter();
    let mut addresses: Vec<_> = endpoints.map(|endpoint| endpoint.address.clone()).collect();
    addresses.sort();
    addresses
}

/// An instance of `test.Echo` of which all is said.
pub(crate) fn echo(address: &str) -> Endpoint {
    let mut endpoint = Endpoint::from_json(
        r#"{"address": "a:1", "service": "test.Echo", "version": "1.4.2", "min": "1.2", "schema": "9f86d081",
            "zone": "a", "weight": 3, "metadata": {"rack": "12"}}"#,
    )
    .expect("an endpoint");
    endpoint.address = address.to_owned();
    endpoint
}

pub(crate) async fn registers_and_withdraws(registry: &dyn Registry, resolver: &dyn Resolver) {
    let mut watch = resolver.watch();
    until(&mut watch, |seen| {
        seen.is_fresh() && seen.endpoints.is_empty()
    })
    .await;
    let first = registry.register(echo("10.0.0.1:1")).await.unwrap();
    let seen = until(&mut watch, |seen| seen.endpoints.len() == 1).await;
    assert_eq!(*seen.endpoints[0], echo("10.0.0.1:1"));

    let second = registry.register(echo("10.0.0.2:1")).await.unwrap();
    let both = until(&mut watch, |seen| seen.endpoints.len() == 2).await;
    let kept = both
        .endpoints
        .iter()
        .any(|now| Arc::ptr_eq(now, &seen.endpoints[0]));
    assert!(kept, "what did not change is the same one");

    first.withdraw().await.unwrap();
    // Whoever resolves anew does not find it.
    let anew = until(&mut resolver.watch(), Snapshot::is_fresh).await;
    assert_eq!(addresses(&anew), ["10.0.0.2:1"]);
    until(&mut watch, |seen| addresses(seen) == ["10.0.0.2:1"]).await;
    drop(second);
    until(&mut watch, |seen| seen.endpoints.is_empty()).await;
}

/// An instance that comes and goes in quick succession ends as what it was last.
pub(crate) async fn flaps(registry: &dyn Registry, resolver: &dyn Resolver) {
    let mut watch = resolver.watch();
    let steady = registry.register(echo("10.0.0.1:1")).await.unwrap();
    for round in 0..20_u32 {
        let flapping = echo("10.0.0.2:1").with_weight(round + 1);
        let flapping = registry.register(flapping).await.unwrap();
        if round < 19 {
            flapping.withdraw().await.unwrap();
            continue;
        }
        let last = |seen: &Snapshot| seen.endpoints.iter().any(|endpoint| endpoint.weight == 20);
        let seen = until(&mut watch, last).await;
        assert_eq!(addresses(&seen), ["10.0.0.1:1", "10.0.0.2:1"]);
        flapping.withdraw().await.unwrap();
    }
    until(&mut watch, |seen| addresses(seen) == ["10.0.0.1:1"]).await;
    steady.withdraw().await.unwrap();
}

pub(crate) async fn sees_ten_thousand(registry: &dyn Registry, resolver: &dyn Resolver) {
    let address = |number| format!("{}:50051", Ipv4Addr::from_bits(0x0a00_0000 + number));
    let kept: Vec<Registration> = stream::iter(0..10_000_u32)
        .map(|number| registry.register(echo(&address(number))))
        .buffer_unordered(64)
        .map(Result::unwrap)
        .collect()
        .await;
    let mut watch = resolver.watch();
    until(&mut watch, |seen| seen.endpoints.len() == 10_000).await;
    // One of them goes: what is left are the same ones.
    let mut kept = kept.into_iter();
    kept.next().expect("the first").withdraw().await.unwrap();
    until(&mut watch, |seen| seen.endpoints.len() == 9_999).await;
}
