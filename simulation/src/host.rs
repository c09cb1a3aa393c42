//! A host: a server with a state of its own, which can die, be restarted, be slow, and fail.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use couplet::{Channel, Code, client, server};
use fastrand::Rng;
use futures_core::Stream;
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, unbounded_channel},
        oneshot,
    },
    task::AbortHandle,
};

use crate::{Cpu, World, network::End, watch::Watch};

/// A host, as its server sees it.
#[derive(Debug, Clone)]
pub struct Host {
    world: World,
    machine: Arc<Machine>,
}

type Start = Box<dyn Fn(&Host) -> server::Builder + Send + Sync>;

/// What of a host outlives its server.
pub(crate) struct Machine {
    pub(crate) name: String,
    start: Start,
    state: Mutex<State>,
}

struct State {
    random: Rng,
    running: Option<Running>,
    /// When each attempt came.
    arrivals: Vec<Duration>,
    slowness: f64,
    erring: Option<(f64, Code)>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: AbortHandle,
}

// === Host ===

impl Host {
    pub(crate) fn new(
        world: World,
        name: String,
        start: impl Fn(&Self) -> server::Builder + Send + Sync + 'static,
    ) -> Self {
        let random = world.network().random();
        let machine = Arc::new(Machine {
            name,
            start: Box::new(start),
            state: Mutex::new(State {
                random,
                running: None,
                arrivals: Vec::new(),
                slowness: 1.0,
                erring: None,
            }),
        });
        Self { world, machine }
    }

    /// What others call it.
    pub fn name(&self) -> &str {
        &self.machine.name
    }

    /// The world that it is in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// A channel from here to another host.
    pub fn channel(&self, to: &str) -> Channel {
        self.world.channel(self.name(), to)
    }

    /// The same, to be built with settings of one's own.
    pub fn channel_builder(&self, to: &str) -> client::Builder {
        self.world.channel_builder(self.name(), to)
    }

    /// A processor that works on `places` pieces of work at once, and lets others wait in their order.
    pub fn cpu(&self, places: usize) -> Cpu {
        Cpu::new(Arc::clone(&self.machine), places)
    }

    /// Starts its server.
    pub(crate) fn start(&self) {
        let (sender, incoming) = unbounded_channel();
        let builder = (self.machine.start)(self).http_layer(Watch::new(self));
        let server = builder.incoming(Incoming(incoming));
        let server =
            server.unwrap_or_else(|error| panic!("`{}` cannot serve: {error}", self.name()));
        let (stop, stopped) = oneshot::channel();
        let serving = server.run_until(async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(async {
            let _ = serving.await;
        })
        .abort_handle();
        self.world.network().listen(self.name(), sender);
        self.world.network().note("start", [self.name(), ""], &[]);
        self.machine.state().running = Some(Running { stop, task });
    }

    /// Ends its server at once.
    pub(crate) fn crash(&self) {
        self.world.network().deafen(self.name());
        self.world.network().disconnect(self.name());
        if let Some(running) = self.machine.state().running.take() {
            running.task.abort();
        }
    }

    /// Ends its server well, and starts the next one.
    pub(crate) fn drain(&self) {
        let running = self.machine.state().running.take();
        self.start();
        if let Some(running) = running {
            // If it is gone already, it has nothing to drain.
            let _ = running.stop.send(());
        }
    }
}

// === Machine ===

impl Machine {
    /// Notes that an attempt came; the code to fail it with, if any.
    pub(crate) fn arrive(&self, at: Duration) -> Option<Code> {
        let mut state = self.state();
        state.arrivals.push(at);
        let (share, code) = state.erring?;
        (state.random.f64() < share).then_some(code)
    }

    /// How many attempts came from `from` on and before `until`.
    pub(crate) fn arrived(&self, from: Duration, until: Duration) -> usize {
        let state = self.state();
        let within = |at: &&Duration| **at >= from && **at < until;
        state.arrivals.iter().filter(within).count()
    }

    /// A generator of random numbers for one more user of them.
    pub(crate) fn random(&self) -> Rng {
        self.state().random.fork()
    }

    pub(crate) fn slowness(&self) -> f64 {
        self.state().slowness
    }

    pub(crate) fn set_slowness(&self, times: f64) {
        self.state().slowness = times;
    }

    pub(crate) fn set_erring(&self, erring: Option<(f64, Code)>) {
        self.state().erring = erring;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    pub(crate) fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Machine({})", self.name)
    }
}

// === Incoming ===

/// The connections that a server takes.
struct Incoming(UnboundedReceiver<io::Result<End>>);

impl Stream for Incoming {
    type Item = io::Result<End>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A successor that listens takes the sender away, which is no reason to end before the drain.
        match self.0.poll_recv(context) {
            Poll::Ready(None) => Poll::Pending,
            polled => polled,
        }
    }
}
