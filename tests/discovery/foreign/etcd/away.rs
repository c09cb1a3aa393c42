//! etcd is away, or does not answer: the last good view stands, is said to be stale, and is fresh again by itself.

use couplet::discovery::{Registry, Resolver, Watch};
use couplet_tests::{
    contracts::etcdserverpb::{CompactionRequest, KvClient},
    etcd,
};

use super::{Told, asking, put, these};
use crate::suite::{addresses, echo, until};

/// Waits until the view is stale, and gives the reason.
async fn stale(watch: &mut Watch) -> String {
    let seen = until(watch, |seen| seen.trouble().is_some()).await;
    seen.trouble().expect("it is stale").to_string()
}

#[tokio::test]
async fn while_it_is_stopped_the_last_view_stands_and_then_it_goes_on() -> Told {
    let mut server = etcd::Etcd::start("stopped");
    let etcd = asking(&server);
    let first = etcd.register(echo("10.0.0.1:1")).await?;
    let mut watch = etcd.service("test.Echo").watch();
    these(&mut watch, &["10.0.0.1:1"]).await;

    server.stop();
    let why = stale(&mut watch).await;
    let named = format!("etcd://127.0.0.1:{}: couplet/test.Echo/: ", server.port);
    assert!(why.starts_with(&named) && why.len() > named.len(), "{why}");
    assert_eq!(addresses(&watch.borrow()), ["10.0.0.1:1"]);
    let refused = etcd.register(echo("10.0.0.2:1")).await.unwrap_err();
    assert_eq!(refused.key, "couplet/test.Echo/10.0.0.2:1");

    server.start_again();
    these(&mut watch, &["10.0.0.1:1"]).await;
    let second = etcd.register(echo("10.0.0.2:1")).await?;
    these(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;
    // The lease is still the one of before.
    first.withdraw().await?;
    these(&mut watch, &["10.0.0.2:1"]).await;
    Ok(second.withdraw().await?)
}

#[tokio::test]
async fn whoever_begins_while_it_is_away_is_told_and_waits() -> Told {
    let mut server = etcd::Etcd::start("away");
    let etcd = asking(&server);
    server.stop();
    let mut watch = etcd.service("test.Echo").watch();
    stale(&mut watch).await;
    assert!(watch.borrow().endpoints.is_empty());
    server.start_again();
    these(&mut watch, &[]).await;
    let kept = etcd.register(echo("10.0.0.1:1")).await?;
    these(&mut watch, &["10.0.0.1:1"]).await;
    Ok(kept.withdraw().await?)
}

#[tokio::test]
async fn a_member_that_is_dead_is_avoided() -> Told {
    let server = etcd::Etcd::start("member");
    // Nobody listens on the port of one that has ended.
    let dead = etcd::Etcd::start("dead").port;
    let hosts = [dead, server.port].map(|port| format!("127.0.0.1:{port}"));
    let etcd = couplet::discovery::Etcd::new(hosts);
    let mut watch = etcd.service("test.Echo").watch();
    let kept = etcd.register(echo("10.0.0.1:1")).await?;
    these(&mut watch, &["10.0.0.1:1"]).await;
    Ok(kept.withdraw().await?)
}

#[tokio::test]
async fn one_that_is_frozen_is_noticed_though_its_connections_stand() -> Told {
    let server = etcd::Etcd::start("frozen");
    let etcd = asking(&server).lease(std::time::Duration::from_secs(60));
    let kept = etcd.register(echo("10.0.0.1:1")).await?;
    let mut watch = etcd.service("test.Echo").watch();
    these(&mut watch, &["10.0.0.1:1"]).await;

    server.freeze();
    let why = stale(&mut watch).await;
    assert!(why.contains("couplet/test.Echo/: "), "{why}");
    assert_eq!(addresses(&watch.borrow()), ["10.0.0.1:1"]);
    server.thaw();
    these(&mut watch, &["10.0.0.1:1"]).await;
    Ok(kept.withdraw().await?)
}

#[tokio::test]
async fn what_it_compacted_away_is_not_needed() -> Told {
    let mut server = etcd::Etcd::start("compacted");
    let etcd = asking(&server);
    let mut watch = etcd.service("test.Echo").watch();
    these(&mut watch, &[]).await;
    server.stop();
    stale(&mut watch).await;
    server.start_again();

    let kv = KvClient::connect(server.url()).await?;
    let mut revision = 0;
    for _ in 0..10 {
        let written = kv.put(put("elsewhere", "x")).await?.into_inner();
        revision = written.header.map_or(0, |header| header.revision);
    }
    these(&mut watch, &[]).await;
    let kept = etcd.register(echo("10.0.0.1:1")).await?;
    kv.compact(CompactionRequest::default().with_revision(revision))
        .await?;
    these(&mut watch, &["10.0.0.1:1"]).await;
    let second = etcd.register(echo("10.0.0.2:1")).await?;
    these(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;
    kept.withdraw().await?;
    Ok(second.withdraw().await?)
}
