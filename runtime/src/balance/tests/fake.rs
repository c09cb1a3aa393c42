//! Peers that do as a test says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::watch;
use tonic::Status;

use super::super::{Balancer, Reach, Settings};
use crate::{
    call::{Body, Call, Invoke, Reply, Service, Streaming},
    discovery::{Endpoint, Memory, Registration, Registry},
    fixture::say,
    policy::balance::Balancing,
};

/// What a peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It answers.
    Answers,
    /// It cannot be reached.
    Refuses,
    /// It can be reached, and fails.
    Fails,
    /// It can be reached, and never answers.
    Hangs,
    /// Nothing comes of connecting.
    Silent,
}

/// Peers by address, each with its way and the calls it got.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<String, Arc<State>>>>);

#[derive(Debug)]
struct State {
    way: watch::Sender<Way>,
    calls: Mutex<usize>,
    /// What it says of its health; nothing, if it has no such service.
    health: watch::Sender<Option<i32>>,
    /// What it says when it fails.
    says: Mutex<Option<Status>>,
}

/// The way to one of them.
#[derive(Debug)]
pub(super) struct Link(Arc<State>);

impl Peers {
    /// Does so from now on.
    pub(super) fn set(&self, address: &str, way: Way) {
        self.state(address).way.send_replace(way);
    }

    /// Says so when it is asked for its health.
    pub(super) fn serves(&self, address: &str, status: i32) {
        self.state(address).health.send_replace(Some(status));
    }

    /// Fails with `status` from now on.
    pub(super) fn fail(&self, address: &str, status: Status) {
        *self.state(address).says.lock().unwrap() = Some(status);
        self.set(address, Way::Fails);
    }

    /// How many calls came to each of these since the last time.
    pub(super) fn take<const N: usize>(&self, names: [&str; N]) -> [usize; N] {
        names.map(|name| std::mem::take(&mut *self.state(name).calls.lock().unwrap()))
    }

    /// How many calls came there.
    pub(super) fn calls(&self, address: &str) -> usize {
        *self.state(address).calls.lock().unwrap()
    }

    fn state(&self, address: &str) -> Arc<State> {
        let mut peers = self.0.lock().unwrap();
        let new = || {
            Arc::new(State {
                way: watch::Sender::new(Way::Answers),
                calls: Mutex::default(),
                health: watch::Sender::new(None),
                says: Mutex::default(),
            })
        };
        Arc::clone(peers.entry(address.to_owned()).or_insert_with(new))
    }

    /// Balances over what is registered in `memory`.
    pub(super) fn balancer(&self, memory: &Memory) -> Balancer<Link> {
        let peers = self.clone();
        Balancer::new(Arc::new(memory.clone()), move |endpoint| {
            match endpoint.address.as_str() {
                "nonsense" => Err("it makes no sense".to_owned()),
                address => Ok(Link(peers.state(address))),
            }
        })
    }
}

impl Reach for Link {
    async fn connect(&self) -> Result<(), Status> {
        match *self.0.way.borrow() {
            Way::Refuses => return Err(Status::unavailable("connection refused")),
            Way::Silent => {}
            _ => return Ok(()),
        }
        std::future::pending().await
    }

    async fn lost(&self) {
        let mut way = self.0.way.subscribe();
        let _ = way
            .wait_for(|way| matches!(way, Way::Refuses | Way::Silent))
            .await;
    }

    fn pause(&self) -> Duration {
        Duration::from_secs(1)
    }
}

impl Invoke for Link {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        if call.method.path.ends_with("Health/Watch") {
            return self.health();
        }
        *self.0.calls.lock().unwrap() += 1;
        let way = *self.0.way.borrow();
        match way {
            Way::Answers => Ok(Reply::new(call.body)),
            Way::Fails => {
                let says = self.0.says.lock().unwrap().clone();
                Err(says.unwrap_or_else(|| Status::unavailable("sick")))
            }
            Way::Refuses => Err(Status::unavailable("gone")),
            Way::Hangs | Way::Silent => std::future::pending().await,
        }
    }
}

impl Link {
    fn health(&self) -> Result<Reply, Status> {
        let mut health = self.0.health.subscribe();
        if health.borrow().is_none() {
            return Err(Status::unimplemented("no health here"));
        }
        health.mark_changed();
        let said = futures_util::stream::unfold(health, async |mut health| {
            health.changed().await.ok()?;
            let status = *health.borrow_and_update();
            Some((Ok(status?), health))
        });
        Ok(Reply::new(Body::Many(Streaming::new(said).into_frames())))
    }
}

/// Goes by `balancing` from now on.
pub(super) async fn configure(balancer: &Balancer<Link>, balancing: impl Into<Balancing>) {
    let settings = Settings {
        balancing: balancing.into(),
        ..Settings::default()
    };
    balancer.handle().configure(settings).unwrap();
    balancer.ready().await.unwrap();
    settle().await;
}

/// Registers endpoints; they are there until what it gives is dropped.
pub(super) async fn register(
    memory: &Memory,
    endpoints: impl IntoIterator<Item = Endpoint>,
) -> Vec<Registration> {
    let mut registered = Vec::new();
    for endpoint in endpoints {
        registered.push(memory.register(endpoint).await.unwrap());
    }
    registered
}

/// Calls so many times; how many were answered.
pub(super) async fn answered(
    balancer: &Balancer<Link>,
    service: &'static Service,
    times: usize,
) -> usize {
    let mut answered = 0;
    for _ in 0..times {
        let mut call = say(service, "hi");
        if service.is_versioned() {
            call.announced = crate::call::Announced::Own(&service.release().client);
        }
        answered += usize::from(balancer.invoke(call).await.is_ok());
    }
    answered
}

/// Lets the tasks behind a balancer do what they have to.
pub(super) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
