//! `etcd://`, against Debian's `etcd-server`: the suite, what stands in it, and what does not belong there.

mod away;
mod fleet;
mod forgotten;
mod guarded;

use std::{error::Error, time::Duration};

use couplet::discovery::{Etcd, Registry, Resolver, Snapshot, Watch};
use couplet_tests::{
    contracts::etcdserverpb::{KvClient, PutRequest, RangeRequest},
    etcd,
};

use crate::suite::{addresses, echo, flaps, registers_and_withdraws, sees_ten_thousand, until};

type Told = Result<(), Box<dyn Error>>;

/// What asks `server`, with a lease that ends soon.
fn asking(server: &etcd::Etcd) -> Etcd {
    let hosts = [format!("127.0.0.1:{}", server.port)];
    Etcd::new(hosts).lease(Duration::from_secs(2))
}

fn put(key: &str, value: &str) -> PutRequest {
    PutRequest::default().with_key(key).with_value(value)
}

/// Waits until exactly these are there.
async fn these(watch: &mut Watch, expected: &[&str]) -> Snapshot {
    until(watch, |seen| seen.is_fresh() && addresses(seen) == expected).await
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_and_withdraws_as_every_registry() {
    let server = etcd::Etcd::start("suite");
    let etcd = asking(&server);
    registers_and_withdraws(&etcd, &etcd.service("test.Echo")).await;
    flaps(&etcd, &etcd.service("test.Echo")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_ten_thousand_endpoints() {
    let server = etcd::Etcd::start("many");
    let etcd = asking(&server).lease(Duration::from_secs(300));
    sees_ten_thousand(&etcd, &etcd.service("test.Echo")).await;
}

#[tokio::test]
async fn what_stands_in_it_is_what_the_page_says() -> Told {
    let server = etcd::Etcd::start("layout");
    let etcd = asking(&server).prefix("eu/west");
    let kept = etcd.register(echo("10.0.0.7:50051")).await?;
    let kv = KvClient::connect(server.url()).await?;
    let all = RangeRequest::default().with_key("a").with_range_end("z");
    let found = kv.range(all).await?.into_inner().kvs.remove(0);
    assert_eq!(found.key, b"eu/west/test.Echo/10.0.0.7:50051");
    assert_eq!(found.value, echo("10.0.0.7:50051").to_json().as_bytes());
    assert_ne!(found.lease, 0, "it goes with its lease");
    Ok(kept.withdraw().await?)
}

#[tokio::test]
async fn what_does_not_belong_there_hides_nothing() -> Told {
    let server = etcd::Etcd::start("lies");
    let etcd = asking(&server);
    let kv = KvClient::connect(server.url()).await?;
    let large = "x".repeat(1 << 20);
    for (key, lie) in [
        ("nothing", ""),
        ("text", "10.0.0.1:1"),
        ("version", r#"{"address": "a:1", "version": "one"}"#),
        (
            "foreign",
            r#"{"address": "a:1", "service": "other.Service"}"#,
        ),
        ("twice", r#"{"address": "10.0.0.2:1", "weight": 7}"#),
        // More than one answer can hold together.
        ("large-1", &*large),
        ("large-2", &large),
        ("large-3", &large),
        ("large-4", &large),
        ("large-5", &large),
    ] {
        kv.put(put(&format!("couplet/test.Echo/{key}"), lie))
            .await?;
    }
    let kept = [
        etcd.register(echo("10.0.0.1:1")).await?,
        etcd.register(echo("10.0.0.2:1")).await?,
    ];
    let mut watch = etcd.service("test.Echo").watch();
    let seen = these(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;
    let weights = seen.endpoints.iter().map(|endpoint| endpoint.weight);
    assert_eq!(weights.sum::<u32>(), 6, "what was written last counts");

    // Nor does it later: neither nonsense at a key of its own nor at that of an endpoint.
    kv.put(put("couplet/test.Echo/late", &large)).await?;
    kv.put(put("couplet/test.Echo/10.0.0.1:1", "nonsense"))
        .await?;
    let third = etcd.register(echo("10.0.0.3:1")).await?;
    these(&mut watch, &["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"]).await;
    drop((kept, third));
    Ok(())
}
