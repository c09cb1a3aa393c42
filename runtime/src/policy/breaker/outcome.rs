//! What came of a call: into the window where calls flow, among the probes where they do not, and nowhere if it is late.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::change::{Step, Wait};
use super::config::Verdict;
use super::counts::count;
use super::event::Cause;
use super::permit::{Pace, Ticket};
use super::state::{Outcome, State, Word};
use super::{Abandoned, Breaker};

/// From how many calls in the window on it is added up once in a `WHILE` instead of after every bad call.
pub(super) const MANY: u32 = 1_000;
/// Nanoseconds.
pub(super) const WHILE: u64 = 1_000_000;

// === Breaker: outcomes ===

impl Breaker {
    #[inline]
    pub(super) fn settle(
        &self,
        ticket: &Ticket,
        now: Instant,
        verdict: Verdict,
        pushback: Option<Duration>,
    ) {
        self.stand_up(ticket);
        if ticket.state() == State::Disabled {
            return;
        }
        let word = self.load();
        if word.phase() != ticket.phase {
            return count(&self.counters.cells().stale);
        }
        if verdict == Verdict::Ignored {
            count(&self.counters.cells().ignored);
            return self.release(*ticket);
        }
        let outcome = Outcome {
            failed: verdict == Verdict::Failure,
            slow: self.is_slow(ticket, now),
        };
        if word.state() == State::HalfOpen {
            self.settle_probe(*ticket, now, outcome);
        } else {
            self.settle_call(word, now, outcome, pushback);
        }
    }

    #[inline]
    fn settle_call(&self, word: Word, now: Instant, outcome: Outcome, pushback: Option<Duration>) {
        let at = self.nanos(now);
        if !self.window.record(word.generation(), at, outcome) {
            return count(&self.counters.cells().stale);
        }
        self.counters.outcome(outcome);
        let streak = self.streak.record(word.generation(), outcome.failed);
        if outcome.failed || outcome.slow || self.rejudge.load(Relaxed) {
            let cause = streak.then_some(Cause::ConsecutiveFailures);
            self.judge(word, now, cause, pushback);
        }
    }

    /// Opens for the cause that is known, or if there were too many calls like the one that just ended.
    #[cold]
    pub(super) fn judge(
        &self,
        word: Word,
        now: Instant,
        known: Option<Cause>,
        pushback: Option<Duration>,
    ) {
        let at = self.nanos(now);
        let anew = self.rejudge.load(Relaxed);
        if anew {
            self.rejudge.store(false, Relaxed);
            self.unjudged_until.store(0, Relaxed);
        }
        if word.state() == State::Throttling {
            return self.throttle.weigh(self, at);
        }
        let cause = known.or_else(|| self.too_many(at));
        match (cause, word.state()) {
            (Some(cause), State::Closed) => self.advance(word, now, |_| {
                Some(Step {
                    wait: pushback.map_or(Wait::Nominal, Wait::Asked),
                    ..Step::new(State::Open, cause)
                })
            }),
            (Some(cause), State::MetricsOnly) => self.speak_up(word, now, cause),
            _ => {}
        }
    }

    /// Why the calls of the window should stop. Where they are many, one more changes little and to add them up disturbs
    /// the threads that count them, so that this is done once in a while only.
    fn too_many(&self, at: u64) -> Option<Cause> {
        if at < self.unjudged_until.load(Relaxed) {
            return None;
        }
        let totals = self.totals(at);
        if totals.calls > MANY {
            self.unjudged_until.store(at.saturating_add(WHILE), Relaxed);
        }
        self.config.load().too_many(totals)
    }

    #[cold]
    fn settle_probe(&self, ticket: Ticket, now: Instant, outcome: Outcome) {
        let Some(word) = self.update_probes(ticket, |word| word.land(outcome)) else {
            return count(&self.counters.cells().stale);
        };
        self.counters.outcome(outcome);
        self.decide(word, now);
    }

    /// Leaves the half-open state if the probes that came back are enough for that.
    fn decide(&self, word: Word, now: Instant) {
        let config = self.config.load();
        if config.probed(word, 0).is_some() {
            self.advance(word, now, |word| config.probed(word, 0));
        }
    }

    /// A caller gave its call up, at a time that is known.
    #[cold]
    pub(super) fn give_up(&self, ticket: Ticket, now: Instant) {
        if self.config.load().abandoned == Abandoned::Failure {
            return self.settle(&ticket, now, Verdict::Failure, None);
        }
        let word = self.load();
        let is_live = word.phase() == ticket.phase;
        let slow = self.is_slow(&ticket, now);
        if is_live && slow && word.state() != State::Disabled {
            return self.give_up_late(ticket, word, now);
        }
        self.forget(ticket);
        if is_live && word.state().counts() {
            let at = self.nanos(now);
            self.window.abandon(word.generation(), at);
            self.judge(word, now, None, None);
        }
    }

    /// Counts a call as slow that has no outcome, because its caller did not wait that long.
    fn give_up_late(&self, ticket: Ticket, word: Word, now: Instant) {
        self.stand_up(&ticket);
        let cells = self.counters.cells();
        count(&cells.abandoned);
        let outcome = Outcome {
            failed: false,
            slow: true,
        };
        if word.state() == State::HalfOpen {
            if let Some(word) = self.update_probes(ticket, |word| word.land(outcome)) {
                count(&cells.slow);
                self.decide(word, now);
            }
        } else if self
            .window
            .record(word.generation(), self.nanos(now), outcome)
        {
            count(&cells.slow);
            self.judge(word, now, None, None);
        }
    }

    /// A caller gave its call up, and nobody knows when.
    pub(super) fn forget(&self, ticket: Ticket) {
        self.stand_up(&ticket);
        if ticket.state() == State::Disabled {
            return;
        }
        count(&self.counters.cells().abandoned);
        self.release(ticket);
    }

    /// Whether the call was slow until the head of its reply came, which is now.
    pub(super) fn pace(&self, ticket: &Ticket, now: Instant) -> Pace {
        self.stand_up(ticket);
        Pace::Answered {
            slow: self.is_slow(ticket, now),
        }
    }

    /// Whether it matters when a call that succeeded ended, beyond the slice of the window that it is counted in.
    #[inline]
    pub(super) fn times(&self, ticket: &Ticket) -> bool {
        ticket.state() != State::Closed || self.flight.watches()
    }

    #[inline]
    fn is_slow(&self, ticket: &Ticket, now: Instant) -> bool {
        match ticket.pace {
            Pace::Answered { slow } => slow,
            Pace::Unknown => self
                .flight
                .is_slow(|| now.saturating_duration_since(ticket.started)),
        }
    }

    /// The call is under way no longer.
    #[inline]
    fn stand_up(&self, ticket: &Ticket) {
        if let Some(seat) = ticket.seat {
            self.flight.leave(seat);
        }
    }

    /// Frees the place of a probe; other calls hold none.
    fn release(&self, ticket: Ticket) {
        if self.load().state() == State::HalfOpen {
            self.update_probes(ticket, Word::release);
        }
    }

    /// Changes the count of probes, unless the half-open state in which the ticket was given is over.
    fn update_probes(&self, ticket: Ticket, change: impl Fn(Word) -> Word) -> Option<Word> {
        let mut word = self.load();
        while word.phase() == ticket.phase {
            let next = change(word);
            match self.swap(word, next) {
                Ok(()) => return Some(next),
                Err(newer) => word = newer,
            }
        }
        None
    }
}
