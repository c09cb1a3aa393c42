//! The connections to one endpoint as one state: whether there is one, when another attempt may begin, and for whom.
//!
//! The names of the states are gRPC's (`doc/connectivity-semantics-and-api.md`), and so are the pauses after a failure
//! ([`Backoff`]). Two things are added. After a connection that was up is lost, whoever is in no hurry waits for a random
//! part of the first pause, so that the clients of a server that went away do not come back in one instant. And a
//! connection that ends within a tenth of that pause counts as a failed attempt: twice in a row, and everybody waits.
//!
//! ```text
//!             somebody asks              attempt fails
//!   Idle ─────────────────▶ Connecting ───────────────▶ TransientFailure ──┐
//!    ▲                       │     ▲──────────────◀────────────────────────┘ asked, and the pause is over
//!    │ the last one is gone  ▼ up
//!    └───────────────────── Ready (one or more)                 any ──▶ Shutdown, for good
//! ```

mod counts;
mod need;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    time::{Duration, Instant},
};

pub use self::{
    counts::Counts,
    need::{Leave, Need},
};
use super::backoff::Backoff;

/// A connection that ends within this part of the first pause was as good as none. A server that is replaced once a second
/// still serves.
const SHORT: u32 = 10;

/// What can be said of the connections to an endpoint, or of all those of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// There is no connection, and nobody is at it: the next call connects.
    #[default]
    Idle,
    /// The first connection is coming up.
    Connecting,
    /// There is a connection, and its peer spoke HTTP/2.
    Ready,
    /// The last attempt failed. It is tried again after a pause.
    TransientFailure,
    /// The channel is gone, and does not come back.
    Shutdown,
}

/// Who asks for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// A call that has nowhere else to go.
    Call,
    /// Calls that would have more room with another connection.
    Spare,
    /// Somebody who wants a connection to be there for the next call.
    Keep,
}

/// What whoever asks for a connection is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// To connect, now.
    Connect(Attempt),
    /// To wait for the attempt that is under way.
    UnderWay,
    /// To ask again at this time.
    Rest(Instant),
    /// That there will be no connection.
    Never,
}

/// An attempt to connect, until it is given back.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an attempt that is not given back keeps all others away"]
pub struct Attempt(u64);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It broke, or the peer went away.
    Lost,
    /// It was not needed, and this side left it.
    Left,
}

/// The connections to one endpoint.
#[derive(Clone, Debug)]
pub struct Connectivity {
    backoff: Backoff,
    /// The attempt that is under way.
    attempt: Option<u64>,
    attempts: u64,
    /// Connections that are up.
    open: usize,
    /// When the last one came up.
    up: Option<Instant>,
    /// Failed attempts in a row.
    failures: u32,
    /// Until when nobody connects, as an attempt failed.
    failed: Option<Instant>,
    /// Until when only calls connect, as a connection was lost.
    lost: Option<Instant>,
    over: bool,
}

// === State ===

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Idle,
        Self::Connecting,
        Self::Ready,
        Self::TransientFailure,
        Self::Shutdown,
    ];

    /// What gRPC calls it, such as `TRANSIENT_FAILURE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::Connecting => "CONNECTING",
            Self::Ready => "READY",
            Self::TransientFailure => "TRANSIENT_FAILURE",
            Self::Shutdown => "SHUTDOWN",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

// === Connectivity ===

impl Connectivity {
    /// No connection yet.
    pub fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            attempt: None,
            attempts: 0,
            open: 0,
            up: None,
            failures: 0,
            failed: None,
            lost: None,
            over: false,
        }
    }

    /// What can be said at this moment.
    pub fn state(&self) -> State {
        match self {
            Self { over: true, .. } => State::Shutdown,
            Self { open: 1.., .. } => State::Ready,
            Self {
                attempt: Some(_), ..
            } => State::Connecting,
            Self {
                failed: Some(_), ..
            } => State::TransientFailure,
            _ => State::Idle,
        }
    }

    /// Asks for a connection at `now`. One attempt is made at a time.
    pub fn ask(&mut self, demand: Demand, now: Instant) -> Answer {
        if self.over {
            return Answer::Never;
        }
        if self.attempt.is_some() {
            return Answer::UnderWay;
        }
        let pause = self.pause(demand, now);
        if !pause.is_zero() {
            return Answer::Rest(now + pause);
        }
        self.attempts += 1;
        self.attempt = Some(self.attempts);
        Answer::Connect(Attempt(self.attempts))
    }

    /// How long it is from `now` until an attempt may begin.
    pub fn pause(&self, demand: Demand, now: Instant) -> Duration {
        let lost = self.lost.filter(|_| demand == Demand::Keep);
        let until = self.failed.max(lost);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// A connection came up. The attempt that made it is still to be given back, once calls can find the connection.
    pub fn up(&mut self, now: Instant) {
        self.open += 1;
        self.up = Some(now);
        (self.failed, self.lost) = (None, None);
    }

    /// Gives back an attempt whose connection is up, or that was given up on the way.
    pub fn over(&mut self, attempt: Attempt) {
        if self.attempt == Some(attempt.0) {
            self.attempt = None;
        }
    }

    /// Gives back an attempt that failed. `random` is a number from `[0, 1)`.
    pub fn failed(&mut self, attempt: Attempt, now: Instant, random: f64) {
        if self.attempt != Some(attempt.0) {
            // Of an attempt that is over nothing is to be learned.
            return;
        }
        self.attempt = None;
        self.failed = Some(self.backed_off(now, random));
    }

    /// One of the connections that were up is gone. `random` is a number from `[0, 1)`.
    pub fn ended(&mut self, end: End, now: Instant, random: f64) {
        self.open = self.open.saturating_sub(1);
        if end == End::Left || self.open > 0 {
            return;
        }
        let lasted = self.up.map(|up| now.saturating_duration_since(up));
        if lasted.is_some_and(|lasted| lasted < self.backoff.initial / SHORT) {
            let until = self.backed_off(now, random);
            // Once can happen to anybody: a server that is leaving, a proxy that restarts.
            match self.failures {
                1 => self.lost = Some(until),
                _ => self.failed = self.failed.max(Some(until)),
            }
            return;
        }
        self.failures = 0;
        let spread = self.backoff.initial.mul_f64(random.clamp(0.0, 1.0));
        self.lost = Some(now + spread);
    }

    /// There will be no further connection.
    pub fn shutdown(&mut self) {
        self.over = true;
    }

    /// Counts a failure; how long it is to be waited out.
    fn backed_off(&mut self, now: Instant, random: f64) -> Instant {
        let wait = self.backoff.wait(self.failures, random);
        self.failures = self.failures.saturating_add(1);
        now + wait
    }
}
