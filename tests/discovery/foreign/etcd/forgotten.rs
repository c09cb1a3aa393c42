//! Leases that end: with the process that renewed them, and with an etcd that forgot them.

use std::process::Command;

use couplet::discovery::{Registry, Resolver, Snapshot};
use couplet_tests::{etcd, program::Server};

use super::{Told, asking, these};
use crate::suite::{addresses, echo, until};

#[tokio::test]
async fn an_endpoint_goes_with_the_process_that_was_killed() {
    let server = etcd::Etcd::start("killed");
    let etcd = asking(&server);
    let mut watch = etcd.service("test.Echo").watch();
    let mut command = Command::new(env!("CARGO_BIN_EXE_registrant"));
    command.arg(format!("etcd://127.0.0.1:{}", server.port));
    command.args(["10.0.0.1:7", "test.Echo"]);
    let owner = Server::start(&mut command, "registered 10.0.0.1:");
    these(&mut watch, &["10.0.0.1:7"]).await;
    // Without a word to anybody.
    drop(owner);
    these(&mut watch, &[]).await;
}

#[tokio::test]
async fn what_an_empty_etcd_forgot_is_registered_again_and_never_missing() -> Told {
    let mut server = etcd::Etcd::start("empty");
    let etcd = asking(&server);
    let kept = [
        etcd.register(echo("10.0.0.1:1")).await?,
        etcd.register(echo("10.0.0.2:1")).await?,
    ];
    let mut watch = etcd.service("test.Echo").watch();
    let both = ["10.0.0.1:1", "10.0.0.2:1"];
    these(&mut watch, &both).await;

    server.lose();
    until(&mut watch, |seen| seen.trouble().is_some()).await;
    server.start_again();
    let whole = |seen: &Snapshot| {
        assert_eq!(addresses(seen), both, "no endpoint is ever missing");
        seen.is_fresh()
    };
    until(&mut watch, whole).await;
    // Somebody who knew nothing before sees both as well.
    these(&mut asking(&server).service("test.Echo").watch(), &both).await;
    for kept in kept {
        kept.withdraw().await?;
    }
    these(&mut watch, &[]).await;
    Ok(())
}
