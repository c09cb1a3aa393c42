//! What the end of a call says about the peer: by its code, by whose time was up, and by a rule of the user's own.

use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};

use super::{Breaker, Config, Verdict};
use crate::call::Method;

/// What is known of a call that did not end well, besides its status.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallInfo {
    /// What was called.
    pub method: &'static Method,
    /// How long the call, or this attempt of it, took.
    pub elapsed: Duration,
    /// The method's own timeout, whatever the caller allowed.
    pub timeout: Option<Duration>,
    /// What the breaker would make of it by its configuration.
    pub usual: Verdict,
}

/// A rule of the user's own.
pub(super) struct Rule(Box<Judge>);

type Judge = dyn Fn(&Status, &CallInfo) -> Verdict + Send + Sync;

// === CallInfo ===

impl CallInfo {
    /// A call of `method` that took `elapsed`; the breaker adds what is `usual`.
    pub fn new(method: &'static Method, elapsed: Duration, timeout: Option<Duration>) -> Self {
        Self {
            method,
            elapsed,
            timeout,
            usual: Verdict::Ignored,
        }
    }
}

// === Breaker: verdicts ===

impl Breaker {
    /// Decides by `rule`, in place of the codes, what a call that did not end well says about the peer. It is asked on the
    /// thread that made the call, for every status but `OK`; [`CallInfo::usual`] is the answer that it replaces.
    pub fn classify(&self, rule: impl Fn(&Status, &CallInfo) -> Verdict + Send + Sync + 'static) {
        self.rule.store(Some(Rule(Box::new(rule)).into()));
    }

    /// What a call that ended with `status` says about the peer.
    pub fn verdict(&self, status: &Status, mut info: CallInfo) -> Verdict {
        info.usual = self.config.load().attributed(status.code(), &info);
        match &*self.rule.load() {
            Some(rule) => rule.0(status, &info),
            None => info.usual,
        }
    }
}

impl Config {
    /// The verdict of the code; but that a caller allowed next to no time does not tell that the peer is slow.
    fn attributed(&self, code: Code, info: &CallInfo) -> Verdict {
        let half = info.timeout.map_or(Duration::ZERO, |timeout| timeout / 2);
        let is_callers = code == Code::DeadlineExceeded && info.elapsed < half;
        match self.verdict(code) {
            Verdict::Failure if is_callers && self.deadline_attribution => Verdict::Ignored,
            verdict => verdict,
        }
    }
}

// === Rule ===

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").finish_non_exhaustive()
    }
}
