//! Sheds what a server cannot bear: refuses the calls that would be late anyhow, then those that matter least, and
//! tells the limit how long the others took.
//!
//! Stands outside the bulkheads and the net under panics, and before the body of a call is read. How long a stream
//! lasts is no latency: a stream counts until the head of its answer is there.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderValue;
use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::{
    refuse,
    shell::{Bounded, BoundedLayer, Bounds},
};
use crate::{
    call::{Call, Invoke, Mark, Reply, headers},
    clock,
    policy::limit::{
        adaptive::{Limiter, Outcome, Overloaded, OwnedPermit},
        priority::Priority,
    },
};

/// A limit that learns, and how calls are refused that are over it. One for a whole server, or one a method.
#[derive(Debug)]
pub struct Shedding {
    /// What finds the limit.
    pub limiter: Arc<Limiter>,
    /// The time that a call must have left. Default: any.
    pub budget: Budget,
    /// What a refused caller is told about trying again. Default: nothing.
    pub pushback: Pushback,
}

/// The least time that must be left of a call's deadline; one with less is refused as DEADLINE_EXCEEDED before all
/// others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Budget {
    /// Any at all.
    #[default]
    Any,
    /// So much.
    AtLeast(Duration),
    /// As much as the middle one of the calls of the last window took.
    Typical,
}

/// What a refused caller is told about trying again (gRFC A6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pushback {
    /// Nothing: it follows its own policy.
    #[default]
    Off,
    /// After a time between these two, drawn for each.
    Jittered(Duration, Duration),
    /// Not at all.
    Never,
}

/// Asks a limit that learns before every call.
pub type Adaptive<I> = Bounded<Shedding, I>;

/// Puts an [`Adaptive`] around what it is given.
pub type AdaptiveLayer = BoundedLayer<Shedding>;

/// There is too little time left to begin.
struct Doomed {
    left: Duration,
    needed: Duration,
}

/// An admitted call. Dropped before it told its outcome, it was given up by its caller, or by its deadline.
struct Watch(Option<OwnedPermit>);

// === Shedding ===

impl Shedding {
    /// Sheds by `limiter`, with any time left and no word about trying again.
    pub fn new(limiter: Arc<Limiter>) -> Self {
        Self {
            limiter,
            budget: Budget::Any,
            pushback: Pushback::Off,
        }
    }

    fn check_time(&self, call: &Call, now: std::time::Instant) -> Result<(), Doomed> {
        let needed = match self.budget {
            Budget::Any => return Ok(()),
            Budget::AtLeast(budget) => budget,
            Budget::Typical => self.limiter.typical_latency().unwrap_or_default(),
        };
        match call.deadline.remaining(now) {
            Some(left) if left < needed => Err(Doomed { left, needed }),
            _ => Ok(()),
        }
    }

    #[cold]
    fn refuse<I>(&self, at: &Adaptive<I>, call: &Call, overloaded: Overloaded) -> Status {
        at.counts.refused.add();
        let (code, details) = (at.side.full(), ErrorDetails::new());
        let mut status = refuse(call.method, code, "OVERLOADED", overloaded, details);
        self.pushback.tell(&mut status);
        status
    }
}

// === Pushback ===

impl Pushback {
    /// Writes it into the head of a refusal.
    fn tell(self, status: &mut Status) {
        let value = match self {
            Self::Off => return,
            Self::Never => HeaderValue::from_static("-1"),
            Self::Jittered(least, most) => {
                let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                let (least, most) = (millis(least), millis(most).max(millis(least)));
                HeaderValue::from(fastrand::u64(least..=most))
            }
        };
        headers::insert(status.metadata_mut(), headers::PUSHBACK, value);
    }
}

// === Shedding: Bounds ===

impl Bounds for Shedding {
    async fn pass<I: Invoke>(
        self: Arc<Self>,
        at: &Adaptive<I>,
        call: Call,
    ) -> Result<Reply, Status> {
        let now = clock::now();
        if let Err(doomed) = self.check_time(&call, now) {
            at.counts.refused.add();
            let code = Code::DeadlineExceeded;
            let details = ErrorDetails::new();
            return Err(refuse(call.method, code, "DOOMED", doomed, details));
        }
        let priority = Priority::of(&call.metadata);
        let permit = self.limiter.admit_owned(now, priority);
        let refuse = |overloaded| self.refuse(at, &call, overloaded);
        let watch = Watch(Some(permit.map_err(refuse)?));
        let answer = at.inner.invoke(call).await;
        watch.tell(&answer);
        answer
    }
}

// === Doomed ===

impl fmt::Display for Doomed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, needed } = self;
        write!(
            formatter,
            "nothing was begun, as {left:.1?} are left of its time and it takes {needed:.1?}"
        )
    }
}

// === Watch ===

impl Watch {
    fn tell(mut self, answer: &Result<Reply, Status>) {
        if let Some(permit) = self.0.take() {
            permit.complete(clock::now(), outcome(answer));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.complete(clock::now(), Outcome::Abandoned);
        }
    }
}

/// What an answer says about how busy whoever gave it is.
fn outcome(answer: &Result<Reply, Status>) -> Outcome {
    // Refused on this side, or hurt on purpose: it was not served, or not as it would have been.
    let is_strange = matches!(
        Mark::of_answer(answer),
        Some(Mark::Refused | Mark::Incompatible | Mark::Misplaced | Mark::Injected)
    );
    match answer {
        _ if is_strange => Outcome::Ignored,
        Ok(_) => Outcome::Served,
        Err(status) => match status.code() {
            Code::Unavailable | Code::ResourceExhausted => Outcome::Dropped,
            Code::DeadlineExceeded | Code::Cancelled => Outcome::Abandoned,
            // How quickly a call is found to be wrong is not how quickly one is served.
            _ => Outcome::Ignored,
        },
    }
}

#[cfg(test)]
mod tests;
