//! Sagas: several calls that all take effect, or whose effects are taken back.
//!
//! A method says in its contract which other one takes its effect back, `compensated_by: "CancelOrder"`. A call of it then
//! becomes a step:
//!
//! ```text
//! Saga::new("checkout")
//!     .run(|mut saga| async move {
//!         let create = orders
//!             .create_order(request)
//!             .compensated_by(|create, _| CancelOrderRequest::default().with_id(&create.id));
//!         let order = saga.step(create).await?.into_inner();
//!         …
//!     })
//!     .await?;
//! ```
//!
//! If the body fails, or a step is in doubt, every step that may have had an effect is taken back, the last one first. A
//! page of its own, `docs/sagas.md`, has the whole of it and an example that runs.
//!
//! Rooms: `steps` is the way forward, `rollback` the way back, [`log`] what is written down of both, `recovery` takes up
//! what another process has left, [`barrier`] is the server's side.

pub mod barrier;
mod config;
mod doubt;
mod id;
pub mod log;
mod recovery;
mod report;
mod rollback;
mod steps;
#[cfg(test)]
mod tests;
mod undo;

use std::{future::Future, sync::Arc};

use tokio::{runtime::Handle, task::JoinError};
use tonic::Status;

pub(crate) use self::undo::Compensation;
pub use self::{
    config::{Config, ConfigError, OnAmbiguous},
    id::{Gid, IdError, Op, SagaId},
    recovery::{Compensates, RecoverError, Recovered, Recovery},
    report::{Aborted, Compensated, Outcome},
    steps::{Step, Steps},
    undo::Undo,
};
use self::{
    log::{Event, LogError, MemoryLog, Record, SagaLog},
    rollback::{Rollback, Settled},
    steps::Run,
};
use crate::context::{self, Context};

/// Several calls that all take effect, or whose effects are taken back.
#[must_use = "a saga does nothing until it is run"]
pub struct Saga {
    name: String,
    gid: Option<String>,
    config: Config,
    log: Arc<dyn SagaLog>,
}

impl Saga {
    /// A saga called `name`, such as `checkout`, for logs and reports. It is written down in memory only.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            gid: None,
            config: Config::default(),
            log: Arc::new(MemoryLog::default()),
        }
    }

    /// Gives this run a name among all sagas, in the place of a random one: 1 to 128 letters, digits, `.`, `_`, `~` and
    /// `-`. Two runs of one name are one to the servers.
    pub fn gid(mut self, gid: impl Into<String>) -> Self {
        self.gid = Some(gid.into());
        self
    }

    /// How it goes back.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where it is written down.
    pub fn log(mut self, log: Arc<dyn SagaLog>) -> Self {
        self.log = log;
        self
    }

    /// Runs `body`, which takes the steps, and takes them back if it fails or panics, or a step is in doubt.
    ///
    /// From the first poll on the saga is a task of its own: dropping this future stops nothing, neither the way forward
    /// nor the way back. The calls of the body inherit the deadline of the call being served; the compensations do not.
    ///
    /// It takes a tokio runtime with its timer, and lives as long as that: where the runtime may end in between, a
    /// [`FileLog`](log::FileLog) remembers.
    ///
    /// # Errors
    /// If it did not go well, with the original status and what became of each step. Nothing was called where there is no
    /// runtime (FAILED_PRECONDITION), where the name or the settings make no sense (INVALID_ARGUMENT) and where the log
    /// cannot be written (INTERNAL).
    pub async fn run<T, B, F>(self, body: B) -> Result<T, Aborted>
    where
        T: Send + 'static,
        B: FnOnce(Steps) -> F + Send + 'static,
        F: Future<Output = Result<T, Status>> + Send + 'static,
    {
        let (name, gid) = (self.name.clone(), self.gid.clone());
        let prepared = self.prepare();
        let driven = prepared.map(|(runtime, rollback)| {
            let (context, gid) = (Context::current(), rollback.gid.to_string());
            let task = runtime.spawn(context::detach(drive(rollback, context, body)));
            (task, gid)
        });
        match driven {
            Ok((task, gid)) => task
                .await
                .unwrap_or_else(|error| Err(failed(name, gid, lost(error)))),
            Err(status) => Err(failed(name, gid.unwrap_or_default(), status)),
        }
    }

    /// Holds that it can run at all.
    fn prepare(self) -> Result<(Handle, Rollback), Status> {
        let runtime = Handle::try_current().map_err(|_| {
            Status::failed_precondition("a saga is a task: it takes a tokio runtime to run in")
        })?;
        let gid = match self.gid {
            Some(gid) => gid.parse()?,
            None => Gid::unique(),
        };
        let sense = self.config.validate();
        sense.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let rollback = Rollback {
            gid,
            name: self.name,
            config: self.config,
            log: self.log,
        };
        Ok((runtime, rollback))
    }
}

/// One saga from its first record to its last.
async fn drive<T, B, F>(rollback: Rollback, context: Context, body: B) -> Result<T, Aborted>
where
    T: Send + 'static,
    B: FnOnce(Steps) -> F + Send + 'static,
    F: Future<Output = Result<T, Status>> + Send + 'static,
{
    let log = Arc::clone(&rollback.log);
    let run = Arc::new(Run::new(rollback.gid.clone(), rollback.config, log));
    let begun = Event::Begun {
        name: rollback.name.clone(),
        on_ambiguous: rollback.config.on_ambiguous,
    };
    if let Err(error) = run.note(begun).await {
        let status = run.unwritten(&error);
        let log = Some(Box::new(error));
        return Err(Aborted {
            log,
            ..failed(rollback.name, rollback.gid.to_string(), status)
        });
    }
    let steps = Steps::new(Arc::clone(&run));
    // A task of its own, so that a body that panics is one that failed.
    let body = tokio::spawn(context.scope(async move { body(steps).await }));
    let answer = body.await.unwrap_or_else(|error| Err(lost(error)));
    let status = match (run.close(), answer) {
        (Some(doubt), _) => doubt,
        (None, Err(status)) => status,
        (None, Ok(value)) => match run.note(Event::Committed).await {
            Ok(()) => return Ok(value),
            // What is not known to have gone well would be taken back after a crash, so it is taken back now.
            Err(error) => run.unwritten(&error),
        },
    };
    let Settled { steps, log } = rollback.run(run.open()).await;
    let aborted = Aborted {
        compensations: steps,
        log: log.map(Box::new),
        ..failed(rollback.name, rollback.gid.to_string(), status)
    };
    // Whoever waits is told, but perhaps nobody does.
    tracing::warn!("{aborted}");
    Err(aborted)
}

fn failed(name: String, gid: String, status: Status) -> Aborted {
    Aborted {
        gid,
        name,
        status: Box::new(status),
        compensations: Vec::new(),
        log: None,
    }
}

/// What a body, or a saga, that was not run to its end is answered with.
fn lost(error: JoinError) -> Status {
    match error.is_panic() {
        true => Status::internal("the saga panicked"),
        false => Status::cancelled("the runtime of the saga was shut down"),
    }
}

impl std::fmt::Debug for Saga {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Saga")
            .field("name", &self.name)
            .field("gid", &self.gid)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
