//! The gate of an endpoint: failures in a row shut it at once, and one call at a time finds out whether it is well.
//!
//! ```text
//!   flowing ── failures in a row ──▶ shut until t ── t has passed: one trial ──▶ shut until the trial's limit
//!      ▲                                  ▲                                          │ │
//!      │                                  └── it failed: a longer wait ──────────────┘ │
//!      └───────────────────────────────────── it did not ──────────────────────────────┘
//! ```
//! A trial that never comes back holds the gate no longer than its limit, one that is given up frees it at once, and what
//! comes back from before the gate was shut counts for nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Instant;

use super::config::{Gate, Outcome};
use super::endpoint::{Endpoint, nanos};

/// A moment that has passed whenever somebody asks: the next call is the next trial.
const DUE: u64 = 1;

/// Leave to send one call to an endpoint.
///
/// Complete it with what came of the call. Dropping it says that the call was given up: the gate learns nothing, and a
/// trial's place is free again.
#[derive(Debug)]
#[must_use = "dropping a pass says that the call was given up"]
pub struct Pass {
    endpoint: Arc<Endpoint>,
    ticket: Ticket,
    completed: bool,
}

/// What a gate knew of a call when it let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ticket {
    /// It was open, for the so manieth time.
    Flowing(u32),
    /// It was shut, and this is the one trial until then.
    Trial(u64),
    /// It was shut, and nobody cared.
    Panic,
}

/// Failures in a row since the gate opened: how often it was shut, and how many there were since.
#[derive(Debug)]
pub(super) struct Streak {
    word: AtomicU64,
    /// The trials in a row that failed.
    waits: AtomicU32,
    seed: u64,
}

// === Endpoint ===

impl Endpoint {
    /// Asks for leave to send a call here: none while the endpoint is ejected or its gate is shut, unless so few endpoints
    /// are usable that all are used, or a trial is due.
    #[inline]
    pub fn admit(self: &Arc<Self>, now: Instant) -> Option<Pass> {
        let ticket = if self.is_free() {
            Ticket::Flowing(self.streak.epoch())
        } else {
            self.ticket(now)?
        };
        Some(Pass {
            endpoint: Arc::clone(self),
            ticket,
            completed: false,
        })
    }

    /// Leave to send a call here whatever is known of it, where nobody who would do is well. It tells the gate nothing.
    pub fn admit_anyway(self: &Arc<Self>) -> Pass {
        Pass {
            endpoint: Arc::clone(self),
            ticket: Ticket::Panic,
            completed: false,
        }
    }

    #[cold]
    fn ticket(&self, now: Instant) -> Option<Ticket> {
        let panics = self.shared.panics();
        if self.is_ejected() && !panics {
            return None;
        }
        let until = self.shut_until();
        if until == 0 {
            return Some(Ticket::Flowing(self.streak.epoch()));
        }
        let at = self.nanos(now);
        let limit = self.shared.config.load().gate().unwrap_or_default();
        let limit = at.saturating_add(nanos(limit.trial_limit));
        if at >= until && self.shut(until, limit) {
            return Some(Ticket::Trial(limit));
        }
        panics.then_some(Ticket::Panic)
    }

    /// Opens the gate, whatever shut it.
    pub(super) fn open(&self) {
        let until = self.shut_until();
        if until != 0 {
            self.shut(until, 0);
        }
        self.streak.waits.store(0, Relaxed);
    }

    fn settle(&self, ticket: Ticket, now: Instant, outcome: Outcome) {
        match (ticket, outcome) {
            (Ticket::Flowing(_), Outcome::Ignored) | (Ticket::Panic, _) => {}
            (Ticket::Flowing(epoch), Outcome::Failure) => self.fail(epoch, now),
            (Ticket::Flowing(epoch), _) => self.streak.end(epoch),
            (Ticket::Trial(until), Outcome::Failure) => {
                let gate = self.shared.config.load().gate().unwrap_or_default();
                let next = self.next_trial(&gate, now);
                if self.shut(until, next) {
                    self.streak.waits.fetch_add(1, Relaxed);
                }
            }
            (Ticket::Trial(until), Outcome::Ignored) => self.give_back(until),
            (Ticket::Trial(until), _) => {
                if self.shut(until, 0) {
                    self.streak.waits.store(0, Relaxed);
                }
            }
        }
    }

    fn fail(&self, epoch: u32, now: Instant) {
        let Some(failures) = self.streak.add(epoch) else {
            return;
        };
        let Some(gate) = self.shared.config.load().gate() else {
            return;
        };
        if failures >= gate.consecutive_failures && self.shut(0, self.next_trial(&gate, now)) {
            self.streak.waits.fetch_add(1, Relaxed);
            // Whoever was let pass before says nothing about the endpoint after its rest.
            self.streak.renew(epoch);
        }
    }

    /// Frees the place of a trial that told nothing, for the next call.
    fn give_back(&self, until: u64) {
        self.shut(until, DUE);
    }

    fn next_trial(&self, gate: &Gate, now: Instant) -> u64 {
        let waits = self.streak.waits.load(Relaxed);
        let wait = gate.backoff.wait(waits, self.streak.random(waits));
        self.nanos(now).saturating_add(nanos(wait)).max(DUE)
    }
}

// === Pass ===

impl Pass {
    /// Tells the end of the call, at the end of its reply.
    #[inline]
    pub fn complete(mut self, now: Instant, outcome: Outcome) {
        self.completed = true;
        self.endpoint.count(outcome);
        self.endpoint.settle(self.ticket, now, outcome);
    }

    /// Where the call goes.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Whether the gate is shut and this call finds out whether it may open.
    pub fn is_trial(&self) -> bool {
        matches!(self.ticket, Ticket::Trial(_))
    }
}

impl Drop for Pass {
    #[inline]
    fn drop(&mut self) {
        if self.completed {
            return;
        }
        if !self.endpoint.shared.config.load().exclude_local_cancels {
            self.endpoint.count_given_up();
        }
        if let Ticket::Trial(until) = self.ticket {
            self.endpoint.give_back(until);
        }
    }
}

// === Streak ===

impl Streak {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            word: AtomicU64::new(0),
            waits: AtomicU32::new(0),
            seed,
        }
    }

    #[inline]
    fn epoch(&self) -> u32 {
        (self.word.load(Relaxed) >> 32) as u32
    }

    /// One failure more; how many that makes, unless they are of another time.
    fn add(&self, epoch: u32) -> Option<u32> {
        self.change(epoch, |failures| failures.saturating_add(1))
    }

    /// A call that did not fail.
    #[inline]
    fn end(&self, epoch: u32) {
        // Most calls succeed after a success: they write nothing.
        if self.word.load(Relaxed) as u32 != 0 {
            self.change(epoch, |_| 0);
        }
    }

    fn change(&self, epoch: u32, change: impl Fn(u32) -> u32) -> Option<u32> {
        let update = |word: u64| {
            let next = change(word as u32);
            ((word >> 32) as u32 == epoch).then_some(u64::from(epoch) << 32 | u64::from(next))
        };
        let before = self.word.fetch_update(Relaxed, Relaxed, update).ok()?;
        Some(change(before as u32))
    }

    fn renew(&self, epoch: u32) {
        let next = u64::from(epoch.wrapping_add(1)) << 32;
        self.word.store(next, Relaxed);
    }

    /// A number from `[0, 1)`, another for each wait of each endpoint (SplitMix64).
    fn random(&self, waits: u32) -> f64 {
        let mut mixed = self.seed ^ (u64::from(waits) << 32 | u64::from(self.epoch()));
        mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
