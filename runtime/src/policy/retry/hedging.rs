//! When copies of a call are sent beside it, and when they are not: gRFC A6's hedging.
//!
//! ```text
//!     first attempt ──▶ Waiting ── the next copy is due ──▶ sent, if throttle and load allow ──┐
//!                        ▲   │                                                                 │
//!                        └───┼─────────────────────────────────────────────────────────────────┘
//!                            ├─ a non-fatal failure: the next copy is due at once, or when the server says
//!                            ├─ the server wants none, refused here: no more copies, those under way go on
//!                            └─ success, a fatal failure, nothing left to wait for: over
//! ```

use std::time::{Duration, Instant};

use tonic::Code;

use super::{
    Ended, Pushback, Reason, Throttle,
    attempts::{Unseen, Unseens},
    config::HedgingConfig,
};
use crate::call::Mark;

/// What holds for the hedging of one method to one target.
#[derive(Debug, Clone, Copy)]
pub struct HedgingRules<'a> {
    /// The parameters.
    pub config: &'a HedgingConfig,
    /// The most attempts that the channel gives any call, the first one included.
    pub cap: u32,
    /// What all calls to the target share.
    pub throttle: &'a Throttle,
}

/// What is remembered of one hedged call.
#[derive(Debug)]
pub struct Hedges {
    most: u32,
    sent: u32,
    delay: Duration,
    next: Option<Instant>,
    unseens: Unseens,
}

/// What to do after an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// End all others and return its status, and why.
    Return(Reason),
    /// Wait: for the others, and for the next copy if one is due.
    Wait,
    /// Send the same attempt again at once: no application saw it.
    Transparent,
}

impl Hedges {
    /// A call whose first attempt was sent at `now`, and whose copies follow every `delay`.
    pub fn new(rules: &HedgingRules<'_>, delay: Duration, now: Instant) -> Self {
        let mut hedges = Self {
            most: rules.config.max_attempts.min(rules.cap.max(1)),
            sent: 1,
            delay,
            next: None,
            unseens: Unseens::default(),
        };
        hedges.schedule(now, delay);
        hedges
    }

    /// When the next copy is due, if there is to be one.
    pub fn next(&self) -> Option<Instant> {
        self.next
    }

    /// How many attempts were sent, the first one included.
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// Counts a copy that was sent at `now`.
    pub fn send(&mut self, now: Instant) {
        self.sent += 1;
        self.schedule(now, self.delay);
    }

    /// Leaves out the copy that is due, and looks again after the delay. Without a delay there is nothing to wait for.
    pub fn put_off(&mut self, now: Instant) {
        match self.delay {
            Duration::ZERO => self.stop(),
            delay => self.schedule(now, delay),
        }
    }

    /// Sends no more copies.
    pub fn stop(&mut self) {
        self.next = None;
        self.most = self.sent;
    }

    /// What to do after an attempt that failed while `live` others are under way.
    pub fn failed(&mut self, rules: &HedgingRules<'_>, ended: &Ended<'_>, live: usize) -> Verdict {
        let mark = Mark::of(ended.status);
        match mark {
            Some(Mark::Refused) => {
                self.stop();
                return self.wait(live, Reason::Refused);
            }
            Some(Mark::Incompatible) => return Verdict::Return(Reason::Incompatible),
            Some(Mark::Begun) => return Verdict::Return(Reason::Committed),
            _ => {}
        }
        if self.unseens.look(mark, ended) == Unseen::SendAgain {
            return Verdict::Transparent;
        }
        if mark == Some(Mark::Misplaced) {
            return Verdict::Return(Reason::Incompatible);
        }
        self.seen(rules, mark, ended, live)
    }

    fn seen(
        &mut self,
        rules: &HedgingRules<'_>,
        mark: Option<Mark>,
        ended: &Ended<'_>,
        live: usize,
    ) -> Verdict {
        let code = ended.status.code();
        let unanswered = mark == Some(Mark::Unanswered);
        let pushback = Pushback::of(ended.status);
        let non_fatal = unanswered || rules.config.non_fatal_status_codes.contains(code);
        let timeout = unanswered || code == Code::DeadlineExceeded;
        let counts = non_fatal || pushback == Pushback::Stop;
        let allowed = !counts || rules.throttle.fail(timeout);
        if !non_fatal {
            return Verdict::Return(Reason::NotRetryable);
        }
        let wait = match pushback {
            Pushback::Stop => {
                self.stop();
                return self.wait(live, Reason::Pushback);
            }
            Pushback::After(wait) => wait,
            Pushback::Unsaid => Duration::ZERO,
        };
        if !allowed {
            self.stop();
            return self.wait(live, Reason::Throttled);
        }
        self.schedule(ended.now, wait);
        match self.next {
            None => self.wait(live, Reason::Exhausted),
            Some(next) if live == 0 && ended.deadline.has_passed(next) => {
                Verdict::Return(Reason::Deadline)
            }
            Some(_) => Verdict::Wait,
        }
    }

    /// Waits for the others, if there are any.
    fn wait(&self, live: usize, why: Reason) -> Verdict {
        match live {
            0 => Verdict::Return(why),
            _ => Verdict::Wait,
        }
    }

    fn schedule(&mut self, now: Instant, wait: Duration) {
        self.next = match self.sent < self.most {
            true => now.checked_add(wait),
            false => None,
        };
    }
}

#[cfg(test)]
mod tests;
