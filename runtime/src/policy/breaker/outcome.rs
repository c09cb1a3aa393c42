//! What came of a call: into the window where calls flow, among the probes where they do not, and nowhere if it is late.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::Breaker;
use super::config::Verdict;
use super::counts::count;
use super::event::Cause;
use super::permit::Ticket;
use super::state::{Outcome, State, Word};

/// From how many calls in the window on it is added up once in a `WHILE` instead of after every bad call.
const MANY: u32 = 1_000;
/// Nanoseconds.
const WHILE: u64 = 1_000_000;

// === Breaker: outcomes ===

impl Breaker {
    #[inline]
    pub(super) fn settle(&self, ticket: Ticket, now: Instant, verdict: Verdict) {
        if ticket.state() == State::Disabled {
            return;
        }
        let word = self.load();
        if word.phase() != ticket.phase {
            return count(&self.counters.cells().stale);
        }
        if verdict == Verdict::Ignored {
            count(&self.counters.cells().ignored);
            return self.release(ticket);
        }
        let outcome = Outcome {
            failed: verdict == Verdict::Failure,
            slow: match self.config.slow_call_duration_threshold {
                Some(threshold) => now.saturating_duration_since(ticket.started) >= threshold,
                None => false,
            },
        };
        if word.state() == State::HalfOpen {
            self.settle_probe(ticket, now, outcome);
        } else {
            self.settle_call(word, now, outcome);
        }
    }

    #[inline]
    fn settle_call(&self, word: Word, now: Instant, outcome: Outcome) {
        let at = self.nanos(now);
        if !self.window.record(word.generation(), at, outcome) {
            return count(&self.counters.cells().stale);
        }
        self.counters.outcome(outcome);
        let streak = self.streak.record(word.generation(), outcome.failed);
        if outcome.failed || outcome.slow {
            self.judge(word, now, streak);
        }
    }

    /// Opens if there were too many calls like the one that just ended.
    fn judge(&self, word: Word, now: Instant, streak: bool) {
        let cause = if streak {
            Some(Cause::ConsecutiveFailures)
        } else {
            self.too_many(self.nanos(now))
        };
        match (cause, word.state()) {
            (Some(cause), State::Closed) => self.advance(word, now, |_| (State::Open, cause)),
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
        let totals = self.window.totals(at);
        if totals.calls > MANY {
            self.unjudged_until.store(at.saturating_add(WHILE), Relaxed);
        }
        self.config.too_many(totals)
    }

    fn settle_probe(&self, ticket: Ticket, now: Instant, outcome: Outcome) {
        let Some(word) = self.update_probes(ticket, |word| word.land(outcome)) else {
            return count(&self.counters.cells().stale);
        };
        self.counters.outcome(outcome);
        if let Some(next) = self.config.probed(word) {
            self.advance(word, now, |_| next);
        }
    }

    pub(super) fn abandon(&self, ticket: Ticket) {
        if ticket.state() == State::Disabled {
            return;
        }
        count(&self.counters.cells().abandoned);
        self.release(ticket);
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
