//! What becomes of a call whose attempt failed: one function, told all that there is to know.

use std::time::{Duration, Instant};

use thiserror::Error;
use tonic::{Code, Status};

use super::{Pushback, RetryConfig, Throttle};
use crate::call::{Deadline, Mark};

/// As often a call is sent again in a row that never left this program, before it is left to the policy.
const UNSENT_CAP: u32 = 1_000;
/// How often a call is sent elsewhere from peers whose release does not fit: each is remembered, so it takes few.
const MISPLACED_CAP: u32 = 3;

/// What holds for the retries of one method to one target.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The parameters.
    pub config: &'a RetryConfig,
    /// The most attempts that the channel gives any call, the first one included.
    pub cap: u32,
    /// Whether the method's contract promises that it may run twice.
    pub idempotent: bool,
    /// What all calls to the target share.
    pub throttle: &'a Throttle,
}

/// What is remembered of one call's attempts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attempts {
    /// Those that ended and that an application may have seen.
    ended: u32,
    /// Waits since the server last said when to come back.
    waits: u32,
    unseens: Unseens,
}

/// What is remembered of the attempts that no application saw.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unseens {
    /// Times the call was sent again without ever having left.
    unsent: u32,
    /// Times it came to a peer of a release that does not fit.
    misplaced: u32,
    /// Whether it was sent again after a peer had refused to look at it, or may not be for that any more.
    spent: bool,
}

/// Whether an attempt that failed is sent again because no application saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    /// At once, and it does not count.
    SendAgain,
    /// It counts as one that was seen.
    Counts,
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// What it ended with.
    pub status: &'a Status,
    /// Whether the call can be sent again: all of it is still there.
    pub resendable: bool,
    /// Whether it was made for a call that itself is a repeated one.
    pub chained: bool,
    /// When the call must be over.
    pub deadline: Deadline,
    /// When the attempt ended.
    pub now: Instant,
    /// A number from `[0, 1)`.
    pub random: f64,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Return the status of this attempt, and why.
    Return(Reason),
    /// Send the call again at this moment, as a further attempt.
    RetryAt(Instant),
    /// Send the call again at once; the attempt does not count.
    Transparent,
}

/// Why a call is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// The method has no policy.
    #[error("its method is not retried")]
    NoPolicy,
    /// It was refused on this side.
    #[error("it was refused on this side")]
    Refused,
    /// The releases of the two ends do not fit.
    #[error("the releases of the two ends do not fit")]
    Incompatible,
    /// The head of an answer came, or not all of the call is still there.
    #[error("it was committed to an attempt")]
    Committed,
    /// The code is not among the policy's.
    #[error("its status is not retried")]
    NotRetryable,
    /// The method may have run and does not promise that it may run twice.
    #[error("it may have run, and may not run twice")]
    MayHaveRun,
    /// The server said so.
    #[error("the server asked for no retry")]
    Pushback,
    /// It was made for a call that itself is a repeated one.
    #[error("it was made for a call that is repeated itself")]
    Chained,
    /// All attempts were made.
    #[error("all attempts were made")]
    Exhausted,
    /// Too many calls to the target failed.
    #[error("too many calls to the target failed")]
    Throttled,
    /// The wait would reach the deadline.
    #[error("its deadline would pass before the next attempt")]
    Deadline,
}

// === Rules ===

impl Rules<'_> {
    fn decide(&self, attempts: &mut Attempts, mark: Option<Mark>, ended: &Ended<'_>) -> Decision {
        let code = ended.status.code();
        let unanswered = mark == Some(Mark::Unanswered);
        let retryable = unanswered || self.config.retryable_status_codes.contains(code);
        let pushback = Pushback::of(ended.status);
        let invited = matches!(pushback, Pushback::After(_));
        let allowed = if retryable || pushback == Pushback::Stop {
            self.throttle
                .fail(unanswered || code == Code::DeadlineExceeded)
        } else {
            self.throttle.allows()
        };
        let held_back = !self.idempotent && !invited && self.config.holds_back(code);
        let over = [
            (
                mark == Some(Mark::Begun) || !ended.resendable,
                Reason::Committed,
            ),
            (pushback == Pushback::Stop, Reason::Pushback),
            (!retryable && !invited, Reason::NotRetryable),
            (held_back, Reason::MayHaveRun),
            (ended.chained && self.config.chain_stop, Reason::Chained),
            (
                attempts.ended >= self.config.max_attempts.min(self.cap),
                Reason::Exhausted,
            ),
            (!allowed, Reason::Throttled),
        ];
        if let Some((_, why)) = over.into_iter().find(|(over, _)| *over) {
            return Decision::Return(why);
        }
        let wait = self.wait(attempts, pushback, ended.random);
        let at = ended.now.checked_add(wait);
        match (at, ended.deadline.instant()) {
            (Some(at), Some(deadline)) if at < deadline => Decision::RetryAt(at),
            (Some(at), None) => Decision::RetryAt(at),
            _ => Decision::Return(Reason::Deadline),
        }
    }

    /// How long until the next attempt. After a wait that the server chose, the waits begin anew.
    fn wait(&self, attempts: &mut Attempts, pushback: Pushback, random: f64) -> Duration {
        if let Pushback::After(wait) = pushback {
            attempts.waits = 0;
            return wait;
        }
        let waits = attempts.waits;
        attempts.waits += 1;
        self.config.backoff().wait(waits, random)
    }
}

// === Attempts ===

impl Attempts {
    /// How many attempts ended that an application may have seen: what the next one says in its head.
    #[inline]
    pub fn ended(self) -> u32 {
        self.ended
    }

    /// What to do after an attempt that failed, under the method's policy if it has one.
    pub fn decide(&mut self, policy: Option<Rules<'_>>, ended: &Ended<'_>) -> Decision {
        let mark = Mark::of(ended.status);
        match mark {
            Some(Mark::Refused) => return Decision::Return(Reason::Refused),
            Some(Mark::Incompatible) => return Decision::Return(Reason::Incompatible),
            _ => {}
        }
        if self.unseens.look(mark, ended) == Unseen::SendAgain {
            return Decision::Transparent;
        }
        if mark == Some(Mark::Misplaced) {
            return Decision::Return(Reason::Incompatible);
        }
        self.ended += 1;
        match policy {
            Some(policy) => policy.decide(self, mark, ended),
            None => Decision::Return(Reason::NoPolicy),
        }
    }
}

// === Unseens ===

impl Unseens {
    /// Looks at an attempt that failed. As often as it takes it is sent again if it never left; once, and only if no
    /// attempt was seen before, if a peer refused to look at it; and a few times, if a peer is of a release that another
    /// one is not of.
    pub(super) fn look(&mut self, mark: Option<Mark>, ended: &Ended<'_>) -> Unseen {
        let possible = ended.resendable && !ended.deadline.has_passed(ended.now);
        match mark {
            Some(Mark::Unsent) if possible && self.unsent < UNSENT_CAP => {
                self.unsent += 1;
                Unseen::SendAgain
            }
            Some(Mark::Misplaced) if possible && self.misplaced < MISPLACED_CAP => {
                self.misplaced += 1;
                Unseen::SendAgain
            }
            Some(Mark::Unprocessed) if possible && !self.spent => {
                self.spent = true;
                Unseen::SendAgain
            }
            _ => {
                self.spent = true;
                Unseen::Counts
            }
        }
    }
}

#[cfg(test)]
mod tests;
