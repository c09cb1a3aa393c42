//! The way forward: steps, one after the other, each with what takes it back.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tonic::{Response, Status};

use super::{
    Config, Event, Gid, LogError, OnAmbiguous, Op, Record, SagaId, SagaLog,
    doubt::{self, Failure},
    rollback::{Open, Way},
    undo::Compensation,
};
use crate::call::{Fell, Mark, Message};

/// A call that a saga can take back: what `compensated_by` makes of a call whose method has it in its contract.
#[must_use = "a step does nothing until a saga takes it"]
pub struct Step<'a, A> {
    /// What takes it back as long as there is no answer.
    pub(crate) compensation: Result<Compensation, Status>,
    pub(crate) send: Sender<'a, A>,
    pub(crate) answered: Answered<'a, A>,
}

/// Sends a step under its id.
pub(crate) type Sender<'a, A> = Box<dyn FnOnce(SagaId) -> Sending<'a, A> + Send + 'a>;
type Sending<'a, A> = Pin<Box<dyn Future<Output = Result<Response<A>, Status>> + Send + 'a>>;
/// The request of the compensation, now that the answer is known.
pub(crate) type Answered<'a, A> = Box<dyn Fn(&A) -> Result<Message, Status> + Send + 'a>;

/// The steps of a saga under way: what its body is given.
#[derive(Debug)]
pub struct Steps {
    run: Arc<Run>,
}

/// One run of a saga.
pub(super) struct Run {
    pub(super) gid: Gid,
    pub(super) config: Config,
    pub(super) log: Arc<dyn SagaLog>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By number, from 1.
    entries: Vec<Entry>,
    /// Why it can only go back, if it can.
    doomed: Option<Status>,
    /// Whether its body has ended: what is heard of a step after that comes too late.
    over: bool,
}

struct Entry {
    compensation: Compensation,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// On its way, or nobody knows.
    Doubtful,
    Done,
    Without,
}

// === Steps ===

impl Steps {
    pub(super) fn new(run: Arc<Run>) -> Self {
        Self { run }
    }

    /// The name of this saga among all, which each of its calls carries in `x-saga-id`.
    pub fn gid(&self) -> &Gid {
        &self.run.gid
    }

    /// Takes one step: sends its call and keeps what takes it back.
    ///
    /// A step that certainly had no effect is forgotten, and the body may go on without it. One in doubt lets the saga
    /// only go back: further steps are refused, and it fails whatever its body answers. So is one whose future is
    /// dropped before it is ready.
    ///
    /// # Errors
    /// What the call was answered with, whatever a fallback answers in its place; FAILED_PRECONDITION, with nothing sent, after a step in doubt or when the body is
    /// over; INTERNAL, with nothing sent, if the log cannot be written.
    pub async fn step<A>(&mut self, step: Step<'_, A>) -> Result<Response<A>, Status> {
        let run = &*self.run;
        let (send, answered) = (step.send, step.answered);
        let mut compensation = step.compensation?;
        let number = run.begin(&compensation)?;
        let undo = compensation.undo();
        if let Err(error) = run.note(Event::Started { step: number, undo }).await {
            // Nothing was sent, so there is nothing to take back, whatever the log holds.
            run.end(number, Stage::Without, None);
            return Err(run.unwritten(&error));
        }
        let id = SagaId {
            gid: run.gid.clone(),
            step: number,
            op: Op::Action,
        };
        // The answer of a fallback says that the call failed, and whether it ran.
        let answer = send(id).await;
        let answer = answer.and_then(|answer| Fell::check(answer.extensions()).map(|()| answer));
        match answer {
            Ok(answer) => {
                let message = answered(answer.get_ref());
                compensation.message = message.map_err(|status| run.doom(status))?;
                let undo = compensation.undo();
                run.end(number, Stage::Done, Some(compensation));
                let noted = run.note(Event::Done { step: number, undo }).await;
                noted.map_err(|error| run.doom(run.unwritten(&error)))?;
                Ok(answer)
            }
            Err(status) if doubt::of(&status) == Failure::Certain => {
                run.end(number, Stage::Without, None);
                let noted = run.note(Event::Dropped { step: number }).await;
                noted.map_err(|error| run.doom(run.unwritten(&error)))?;
                Err(status)
            }
            Err(status) => Err(run.doom(status)),
        }
    }
}

// === Run ===

impl Run {
    pub(super) fn new(gid: Gid, config: Config, log: Arc<dyn SagaLog>) -> Self {
        Self {
            gid,
            config,
            log,
            state: Mutex::default(),
        }
    }

    /// The next step's number, if there may be one.
    fn begin(&self, compensation: &Compensation) -> Result<u32, Status> {
        let mut state = self.state();
        let refused = match (&state.doomed, state.over) {
            (_, true) => Some("the saga is over"),
            (Some(_), _) => Some("an earlier step is in doubt: the saga can only go back"),
            (None, false) => None,
        };
        if let Some(why) = refused {
            return Err(Mark::Refused.on(Status::failed_precondition(why)));
        }
        state.entries.push(Entry {
            compensation: compensation.clone(),
            stage: Stage::Doubtful,
        });
        let number = u32::try_from(state.entries.len());
        number.map_err(|_| Mark::Refused.on(Status::resource_exhausted("too many steps")))
    }

    /// Notes what became of a step, and what takes it back now.
    fn end(&self, number: u32, stage: Stage, compensation: Option<Compensation>) {
        let mut state = self.state();
        if state.over {
            return;
        }
        let entry = state.entries.get_mut(number as usize - 1);
        let entry = entry.expect("`begin` has put it there");
        entry.stage = stage;
        if let Some(compensation) = compensation {
            entry.compensation = compensation;
        }
    }

    /// Lets the saga only go back.
    fn doom(&self, status: Status) -> Status {
        self.state().doomed.get_or_insert_with(|| status.clone());
        status
    }

    pub(super) async fn note(&self, event: Event) -> Result<(), LogError> {
        let gid = self.gid.clone();
        self.log.append(Record { gid, event }).await
    }

    /// What a caller is told where the log cannot be written.
    pub(super) fn unwritten(&self, error: &LogError) -> Status {
        let text = format!("saga {} cannot be written down: {error}", self.gid);
        Mark::Refused.on(Status::internal(text))
    }

    /// Ends the way forward. Says why the saga has to go back where its body has not said it.
    pub(super) fn close(&self) -> Option<Status> {
        let mut state = self.state();
        state.over = true;
        let doomed = state.doomed.take();
        let doubtful = |entry: &Entry| entry.stage == Stage::Doubtful;
        doomed.or_else(|| {
            let step = state.entries.iter().position(doubtful)? + 1;
            let text = format!("step {step} was not waited for: nobody knows whether it ran");
            Some(Status::aborted(text))
        })
    }

    /// What may have to be taken back, oldest first.
    pub(super) fn open(&self) -> Vec<Open> {
        let leave = self.config.on_ambiguous == OnAmbiguous::Leave;
        let entries = std::mem::take(&mut self.state().entries);
        let numbered = (1..).zip(entries);
        let open = numbered.filter(|(_, entry)| entry.stage != Stage::Without);
        open.map(|(step, entry)| Open {
            step,
            path: entry.compensation.method.path.to_owned(),
            way: match entry.stage == Stage::Doubtful && leave {
                true => Way::Leave,
                false => Way::Call(entry.compensation),
            },
        })
        .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment, and nothing under the lock panics halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "saga {}", self.gid)
    }
}

// === Step ===

impl<A> fmt::Debug for Step<'_, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a step, {:?}", self.compensation)
    }
}
