//! The way back: every step that may have had an effect is taken back, the last one first.
//!
//! Each compensation is tried until it is answered well, with waits of gRFC A6's shape, for as long as the saga's
//! `compensation_deadline` says; a try that hangs ends after `try_timeout`, for the next may reach a peer that does not. One that is given up does not hold up those before it. It inherits no deadline: a rollback
//! is the more needed the less time its caller has left.

use std::{sync::Arc, time::Duration};

use tonic::Status;

use super::{
    Compensated, Config, Event, Gid, LogError, Op, Outcome, Record, SagaId, SagaLog,
    undo::Compensation,
};
use crate::{call::headers, clock};

/// One saga that goes back.
pub(super) struct Rollback {
    pub(super) gid: Gid,
    pub(super) name: String,
    pub(super) config: Config,
    pub(super) log: Arc<dyn SagaLog>,
}

/// A step that has, or may have, an effect.
pub(super) struct Open {
    pub(super) step: u32,
    pub(super) path: String,
    pub(super) way: Way,
}

/// How a step is taken back.
pub(super) enum Way {
    /// By this call.
    Call(Compensation),
    /// It is in doubt, and left so.
    Leave,
    /// Not at all: its method cannot be reached from here.
    Unreachable(Status),
}

/// What a rollback came to.
pub(super) struct Settled {
    pub(super) steps: Vec<Compensated>,
    pub(super) log: Option<LogError>,
}

impl Rollback {
    /// Takes back `open`, which is in the order in which it was done.
    pub(super) async fn run(&self, open: Vec<Open>) -> Settled {
        let mut settled = Settled {
            steps: Vec::new(),
            log: None,
        };
        for Open { step, path, way } in open.into_iter().rev() {
            let outcome = match way {
                Way::Call(compensation) => self.take_back(step, &compensation).await,
                Way::Leave => Outcome::LeftInDoubt,
                Way::Unreachable(last) => Outcome::GaveUp {
                    attempts: 0,
                    last: Box::new(last),
                },
            };
            let event = match &outcome {
                Outcome::Done { .. } => Some(Event::Compensated { step }),
                Outcome::LeftInDoubt => Some(Event::Dropped { step }),
                Outcome::GaveUp { attempts, last } => {
                    let (saga, gid) = (&self.name, &self.gid);
                    tracing::error!(saga, %gid, step, attempts, %last, "a compensation was given up");
                    None
                }
            };
            if let Some(event) = event {
                self.note(event, &mut settled.log).await;
            }
            settled.steps.push(Compensated {
                step,
                path,
                outcome,
            });
        }
        let gave_up = |step: &Compensated| matches!(step.outcome, Outcome::GaveUp { .. });
        let end = match settled.steps.iter().any(gave_up) {
            true => Event::Left,
            false => Event::RolledBack,
        };
        self.note(end, &mut settled.log).await;
        settled
    }

    /// A log that fails stops no compensation.
    async fn note(&self, event: Event, failed: &mut Option<LogError>) {
        let gid = self.gid.clone();
        if let Err(error) = self.log.append(Record { gid, event }).await {
            let (saga, gid) = (&self.name, &self.gid);
            tracing::error!(saga, %gid, %error, "a rollback could not be written down");
            failed.get_or_insert(error);
        }
    }

    async fn take_back(&self, step: u32, compensation: &Compensation) -> Outcome {
        let id = SagaId {
            gid: self.gid.clone(),
            step,
            op: Op::Compensation,
        };
        let (limit, started) = (self.config.compensation_deadline, clock::now());
        let left = || limit.saturating_sub(clock::now().saturating_duration_since(started));
        let mut attempts = 0;
        loop {
            let time = left().min(self.config.try_timeout);
            let answer = compensation.call(&id, time).await;
            let failures = attempts;
            attempts += 1;
            let Err(last) = answer else {
                return Outcome::Done { attempts };
            };
            let wait = match pushback(&last) {
                Pushback::Unsaid => Some(self.config.backoff.wait(failures, fastrand::f64())),
                Pushback::After(wait) => Some(wait),
                Pushback::Never => None,
            };
            // A wait up to the end would leave no time for another try.
            let Some(wait) = wait.filter(|wait| *wait < left()) else {
                let last = Box::new(last);
                return Outcome::GaveUp { attempts, last };
            };
            tokio::time::sleep(wait).await;
        }
    }
}

/// Whether and when a server wants to be asked again (gRFC A6).
enum Pushback {
    Unsaid,
    After(Duration),
    Never,
}

fn pushback(status: &Status) -> Pushback {
    let Some(said) = status.metadata().as_ref().get(headers::PUSHBACK) else {
        return Pushback::Unsaid;
    };
    // What is negative or no number means never, says gRFC A6.
    let said = said.to_str().ok().and_then(|text| text.parse::<u32>().ok());
    said.map_or(Pushback::Never, |millis| {
        Pushback::After(Duration::from_millis(millis.into()))
    })
}
