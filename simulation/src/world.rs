//! The world of one run: its hosts, its network, its clock, and what goes wrong when.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use couplet::{Channel, client, server};
use tokio::time::{advance, sleep_until};

use crate::{Calls, Fault, Host, Load, fault::Kind, load, network::Network};

/// The world of one run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seed: u64,
    network: Arc<Network>,
    hosts: Mutex<BTreeMap<String, Host>>,
}

// === World ===

impl World {
    pub(crate) fn new(seed: u64, network: Arc<Network>) -> Self {
        Self(Arc::new(Inner {
            seed,
            network,
            hosts: Mutex::default(),
        }))
    }

    /// What everything random comes of.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The time since the beginning.
    pub fn now(&self) -> Duration {
        self.0.network.now()
    }

    /// Starts a host that serves what `start` builds. It is asked again after every crash and drain, so what it makes
    /// anew is lost with the server, and what it only shares is kept.
    ///
    /// # Panics
    /// If what is built does not fit together.
    pub fn host(
        &self,
        name: impl Into<String>,
        start: impl Fn(&Host) -> server::Builder + Send + Sync + 'static,
    ) {
        let host = Host::new(self.clone(), name.into(), start);
        self.hosts().insert(host.name().to_owned(), host.clone());
        host.start();
    }

    /// A channel from one host to another. The first needs no server: any name will do for who only calls.
    pub fn channel(&self, from: &str, to: &str) -> Channel {
        let built = self.channel_builder(from, to).lazy();
        built.expect("a host's name and nothing else is a target")
    }

    /// The same, to be built with settings of one's own.
    pub fn channel_builder(&self, from: &str, to: &str) -> client::Builder {
        let (network, from, to) = (Arc::clone(&self.0.network), from.to_owned(), to.to_owned());
        Channel::builder(format!("http://{to}:80"))
            .dial(move || Arc::clone(&network).connect(from.clone(), to.clone()))
    }

    /// Lets something go wrong `at` this time after the beginning; at once, if that is over.
    ///
    /// # Panics
    /// If it is about a host that has no server here, where it needs one.
    pub fn at(&self, at: Duration, fault: Fault) {
        let world = self.clone();
        if let Some(host) = fault.kind.server() {
            self.known(host);
        }
        tokio::spawn(async move {
            sleep_until(world.0.network.moment(at)).await;
            let number = world.begin(&fault.kind);
            let Some(time) = fault.lasting else { return };
            tokio::time::sleep(time).await;
            world.end(&fault.kind, number);
        });
    }

    /// Makes the calls of `load`, each by `call`, from now on.
    pub fn drive<C, F, T>(
        &self,
        load: Load,
        call: C,
    ) -> impl Future<Output = Calls> + Send + use<C, F, T>
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, couplet::Status>> + Send + 'static,
        T: Send + 'static,
    {
        load::drive(self.clone(), load, call)
    }

    /// Attempts that came to `host` from `from` on and before `until`.
    ///
    /// # Panics
    /// If there is no such host.
    pub fn attempts(&self, host: &str, from: Duration, until: Duration) -> usize {
        self.known(host).machine().arrived(from, until)
    }

    /// Waits until so long after the beginning.
    pub async fn until(&self, at: Duration) {
        sleep_until(self.0.network.moment(at)).await;
    }

    /// Lets the clock jump ahead by `time` with nobody at work, as when a machine was suspended.
    pub async fn jump(&self, time: Duration) {
        self.0.network.note("jump", ["", ""], &[]);
        advance(time).await;
    }

    pub(crate) fn network(&self) -> &Arc<Network> {
        &self.0.network
    }

    fn begin(&self, kind: &Kind) -> u64 {
        let said = Fault::from(kind.clone()).to_string();
        self.0.network.note("begin", [&said, ""], &[]);
        match kind {
            Kind::Crash(host) => self.known(host).crash(),
            Kind::Drain(host) => self.known(host).drain(),
            Kind::Disconnect(host) => self.0.network.disconnect(host),
            Kind::Slow(host, times) => self.known(host).machine().set_slowness(*times),
            Kind::Erring(host, share, code) => {
                self.known(host).machine().set_erring(Some((*share, *code)));
            }
            _ => {}
        }
        self.0.network.begin(kind.clone())
    }

    fn end(&self, kind: &Kind, number: u64) {
        let said = Fault::from(kind.clone()).to_string();
        self.0.network.note("end", [&said, ""], &[]);
        match kind {
            Kind::Crash(host) => self.known(host).start(),
            Kind::Slow(host, _) => self.known(host).machine().set_slowness(1.0),
            Kind::Erring(host, ..) => self.known(host).machine().set_erring(None),
            _ => {}
        }
        self.0.network.end(number);
    }

    /// The host of this name.
    fn known(&self, name: &str) -> Host {
        let hosts = self.hosts();
        let found = hosts.get(name).cloned();
        found.unwrap_or_else(|| {
            let known: Vec<_> = hosts.keys().map(String::as_str).collect();
            panic!("there is no host `{name}`; there are: {}", known.join(", "))
        })
    }

    /// Lets go of all hosts: they hold this world, and it holds them.
    pub(crate) fn end_all(&self) {
        self.hosts().clear();
    }

    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
