//! The registry that a couplet server serves, over the wire.

use std::{net::SocketAddr, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    super::{Central, Endpoint, Registry, Resolver, Snapshot, registry, resolver},
    suite::{addresses, registers_and_withdraws, sees_ten_thousand, until},
};
use crate::{
    Server,
    fixture::{ECHO, Handler, echo},
};

/// A server of a registry, until it is told to leave.
struct Hub {
    address: SocketAddr,
    leave: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Hub {
    async fn start(address: &str) -> Self {
        let server = Server::builder().registry().bind(address).await.unwrap();
        let address = server.local_addr().unwrap();
        let (leave, left) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            tokio::select! {
                _ = server.run() => {}
                _ = left => {}
            }
        });
        Self {
            address,
            leave,
            task,
        }
    }

    fn central(&self) -> Central {
        let place = self.address.to_string();
        Central::at(&place).unwrap().lease(Duration::from_secs(1))
    }

    /// Ends at once, with all that it knew.
    async fn die(self) {
        let _ = self.leave.send(());
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn it_registers_and_withdraws() {
    let hub = Hub::start("127.0.0.1:0").await;
    registers_and_withdraws(&hub.central(), &hub.central().service("test.Echo")).await;
    let target = format!("couplet://{}", hub.address);
    let (keeper, finder) = (
        registry(&target).unwrap(),
        resolver(&format!("{target}/test.Echo")).unwrap().unwrap(),
    );
    let _kept = keeper.register(Endpoint::of(&ECHO, "a:1")).await.unwrap();
    until(&mut finder.watch(), |seen| seen.endpoints.len() == 1).await;
    hub.die().await;
}

#[tokio::test]
async fn it_sees_ten_thousand() {
    let hub = Hub::start("127.0.0.1:0").await;
    let central = hub.central().lease(Duration::from_secs(60));
    sees_ten_thousand(&central, &hub.central().service("test.Echo")).await;
    hub.die().await;
}

#[tokio::test]
async fn when_it_is_away_what_is_known_stands_and_when_it_is_back_nobody_is_missing() {
    let hub = Hub::start("127.0.0.1:0").await;
    let (address, central) = (hub.address.to_string(), hub.central());
    let mut kept = Vec::new();
    for place in ["a:1", "b:1"] {
        kept.push(central.register(Endpoint::of(&ECHO, place)).await.unwrap());
    }
    let mut watch = central.clone().service("test.Echo").watch();
    until(&mut watch, |seen| seen.endpoints.len() == 2).await;

    hub.die().await;
    let stale = until(&mut watch, |seen| seen.trouble().is_some()).await;
    assert_eq!(addresses(&stale), ["a:1", "b:1"]);
    let why = stale.trouble().unwrap().to_string();
    let place = format!("couplet://{address}/test.Echo: ");
    assert!(why.starts_with(&place), "{why}");

    let hub = Hub::start(&address).await;
    let mut fewest = usize::MAX;
    let back = until(&mut watch, |seen: &Snapshot| {
        fewest = fewest.min(seen.endpoints.len());
        seen.is_fresh()
    });
    assert_eq!(addresses(&back.await), ["a:1", "b:1"]);
    assert_eq!(fewest, 2, "nobody was missing on the way");
    let mut anew = hub.central().service("test.Echo").watch();
    until(&mut anew, |seen| seen.endpoints.len() == 2).await;
    hub.die().await;
}

#[tokio::test]
async fn who_serves_no_registry_is_told_apart_from_one_that_is_away() {
    let server = Server::builder().add(Handler(echo));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let _running = tokio::spawn(server.run());
    let central = Central::at(&address).unwrap();
    let error = central.register(Endpoint::new("a:1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "couplet://{address}: /a:1: the server there serves no registry; build it with `.registry()`"
        )
    );
    let mut watch = central.service("test.Echo").watch();
    let stale = until(&mut watch, |seen| seen.trouble().is_some()).await;
    assert!(
        stale
            .trouble()
            .unwrap()
            .ends_with("build it with `.registry()`")
    );
}

#[tokio::test]
async fn an_endpoint_that_makes_no_sense_is_refused_with_the_reason() {
    let hub = Hub::start("127.0.0.1:0").await;
    let wrong = hub.central().lease(Duration::from_secs(3600));
    let error = wrong.register(Endpoint::new("a:1")).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("it must be between 500 ms and 300000 ms"),
        "{text}"
    );
    let long = Endpoint::new("a".repeat(1000));
    let error = hub.central().register(long).await.unwrap_err().to_string();
    assert!(error.contains("1 to 512 bytes of visible ASCII"), "{error}");
    hub.die().await;
}
