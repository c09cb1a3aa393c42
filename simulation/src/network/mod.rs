//! The network between hosts: who can reach whom, how long that takes, and what is lost.
//!
//! It behaves as TCP does over a network that does: bytes arrive in their order, and what is lost or sent into a partition
//! is sent again, 200 ms later and then after twice that each time, so that a connection outlives a short outage and pays
//! for it. Acknowledgements and bandwidth are not modelled.

mod wire;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use fastrand::Rng;
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, sleep},
};

pub(crate) use self::wire::End;
use self::wire::Wire;
use crate::{Delay, fault::Kind, trace::Trace};

/// After how long TCP sends again what was not acknowledged; doubled each time, up to the longest.
const RETRANSMIT: Duration = Duration::from_millis(200);
const LONGEST_RETRANSMIT: Duration = Duration::from_secs(120);

/// The same for the first packet of a connection.
const CONNECT_AGAIN: Duration = Duration::from_secs(1);

/// All of it.
#[derive(Debug)]
pub(crate) struct Network {
    origin: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: Rng,
    latency: Delay,
    loss: f64,
    trace: Trace,
    /// What is wrong at present, by the order in which it went wrong.
    faults: BTreeMap<u64, Kind>,
    next: u64,
    /// Where hosts take connections.
    listening: BTreeMap<String, UnboundedSender<io::Result<End>>>,
    wires: Vec<Weak<Wire>>,
}

// === Network ===

impl Network {
    pub(crate) fn new(seed: u64, latency: Delay, loss: f64) -> Arc<Self> {
        Arc::new(Self {
            origin: Instant::now(),
            state: Mutex::new(State {
                random: Rng::with_seed(seed),
                latency,
                loss,
                trace: Trace::new(),
                faults: BTreeMap::new(),
                next: 0,
                listening: BTreeMap::new(),
                wires: Vec::new(),
            }),
        })
    }

    /// The time since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The moment that is so long after the beginning.
    pub(crate) fn moment(&self, at: Duration) -> Instant {
        self.origin + at
    }

    /// A generator of random numbers for one more user of them.
    pub(crate) fn random(&self) -> Rng {
        self.state().random.fork()
    }

    pub(crate) fn note(&self, kind: &str, who: [&str; 2], what: &[u8]) {
        let now = self.now();
        self.state().trace.note(now, kind, who, what);
    }

    /// The digest of all that happened, how much it was, and when the last of it was.
    pub(crate) fn told(&self) -> (u64, u64, Duration) {
        let state = self.state();
        let trace = &state.trace;
        (trace.digest(), trace.events(), trace.last())
    }

    /// Lets `host` take connections.
    pub(crate) fn listen(&self, host: &str, incoming: UnboundedSender<io::Result<End>>) {
        self.state().listening.insert(host.to_owned(), incoming);
    }

    /// Lets `host` refuse connections.
    pub(crate) fn deafen(&self, host: &str) {
        self.state().listening.remove(host);
    }

    /// A connection from one host to another.
    ///
    /// # Errors
    /// If nobody takes it there.
    pub(crate) async fn connect(self: Arc<Self>, from: String, to: String) -> io::Result<End> {
        let mut again = CONNECT_AGAIN;
        let there_and_back = loop {
            match self.round_trip(&from, &to) {
                Some(time) => break time,
                None => sleep(again).await,
            }
            again = LONGEST_RETRANSMIT.min(again * 2);
        };
        sleep(there_and_back).await;
        self.note("connect", [&from, &to], &[]);
        let (ours, theirs) = Wire::between(&self, [&from, &to]);
        let incoming = self.state().listening.get(&to).cloned();
        let taken = incoming.is_some_and(|incoming| incoming.send(Ok(theirs)).is_ok());
        if !taken {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let mut state = self.state();
        state.wires.retain(|wire| wire.strong_count() > 0);
        state.wires.push(ours.wire());
        drop(state);
        Ok(ours)
    }

    /// The time there and back; nothing if there is no way.
    fn round_trip(&self, from: &str, to: &str) -> Option<Duration> {
        let mut state = self.state();
        if state.is_cut(from, to) || state.is_cut(to, from) {
            return None;
        }
        Some(state.hop(from, to) + state.hop(to, from))
    }

    /// When what is sent now arrives; nothing while there is no way. Notes what is sent.
    fn arrival(&self, from: &str, to: &str, sent: &[u8]) -> Option<Instant> {
        let now = self.now();
        let mut state = self.state();
        state.trace.note(now, "send", [from, to], sent);
        let way = !state.is_cut(from, to);
        way.then(|| self.moment(now) + state.hop(from, to))
    }

    /// When what was sent at `sent`, while there was no way, arrives, if it does.
    fn late_arrival(&self, from: &str, to: &str, sent: Instant) -> Option<Instant> {
        let mut state = self.state();
        if state.is_cut(from, to) {
            return None;
        }
        let (mut pause, mut again, now) = (RETRANSMIT, sent + RETRANSMIT, Instant::now());
        while again < now {
            pause = LONGEST_RETRANSMIT.min(pause * 2);
            again += pause;
        }
        Some(again + state.hop(from, to))
    }

    /// Lets something go wrong. Returns what ends it.
    pub(crate) fn begin(&self, fault: Kind) -> u64 {
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        state.faults.insert(number, fault);
        number
    }

    /// Ends it: what was held back goes on its way.
    pub(crate) fn end(&self, number: u64) {
        self.state().faults.remove(&number);
        for wire in self.wires() {
            wire.release(self);
        }
    }

    /// Resets every connection from and to `host`.
    pub(crate) fn disconnect(&self, host: &str) {
        self.note("disconnect", [host, ""], &[]);
        for wire in self.wires() {
            if wire.touches(host) {
                wire.reset();
            }
        }
    }

    fn wires(&self) -> Vec<Arc<Wire>> {
        let state = self.state();
        state.wires.iter().filter_map(Weak::upgrade).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === State ===

impl State {
    fn is_cut(&self, from: &str, to: &str) -> bool {
        self.faults.values().any(|fault| match fault {
            Kind::BlackHole(host) => host == from || host == to,
            Kind::OneWay {
                from: one,
                to: other,
            } => one == from && other == to,
            Kind::Partition(one, other) => {
                [[one, other], [other, one]].contains(&[&from.to_owned(), &to.to_owned()])
            }
            _ => false,
        })
    }

    /// How long one hop takes, with what is lost on it and sent again.
    fn hop(&mut self, from: &str, to: &str) -> Duration {
        let mut time = self.latency.sample(&mut self.random);
        let mut kept = 1.0 - self.loss;
        for fault in self.faults.values() {
            match fault {
                Kind::Distant(host, more) if host == from || host == to => {
                    time += more.sample(&mut self.random);
                }
                Kind::Lossy(host, share) if host == from || host == to => kept *= 1.0 - share,
                _ => {}
            }
        }
        let mut pause = RETRANSMIT;
        while kept < 1.0 && self.random.f64() >= kept && pause < LONGEST_RETRANSMIT {
            time += pause;
            pause *= 2;
        }
        time
    }
}
