//! Takes up what nobody works on any more: sagas of a process that was killed, and compensations that were given up.

use std::{collections::HashMap, sync::Arc};

use tokio::{runtime::Handle, sync::Semaphore, task::JoinSet};
use tonic::Status;

use super::{
    Compensated, Config, Gid, OnAmbiguous,
    log::{LogError, OpenStep, SagaLog, Unfinished},
    rollback::{Open, Rollback, Settled, Way},
    undo::Compensation,
};
use crate::{
    call::{Invoke, Method, Service, Shared, share},
    context,
};

/// Sagas that go back at a time: many may wait for one server that just came back.
const AT_ONCE: usize = 16;

/// Takes back the sagas that a log has and that nobody works on, through the services that it is given.
#[must_use = "a recovery does nothing until it is run"]
pub struct Recovery {
    log: Arc<dyn SagaLog>,
    config: Config,
    /// By the path of the method.
    ways: HashMap<&'static str, (Shared, &'static Method)>,
}

/// A saga that was taken up.
#[derive(Debug)]
pub struct Recovered {
    /// Its name among all sagas.
    pub gid: Gid,
    /// What it is called.
    pub name: String,
    /// What was done, the last step first. A step that was taken back earlier is not here.
    pub compensations: Vec<Compensated>,
    /// What could not be written down: the next recovery may do some of it again.
    pub log: Option<LogError>,
}

/// A client whose contract names compensations: what they are called through. Generated.
pub trait Compensates {
    /// What takes a call there.
    type Stack: Invoke + 'static;
    /// The contract.
    const SERVICE: &'static Service;

    /// The client's own.
    fn stack(&self) -> Self::Stack;
}

/// Why nothing was taken up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// There is nothing to run it in.
    #[error("a recovery is a task: it takes a tokio runtime to run in")]
    NoRuntime,
    /// The runtime was shut down meanwhile, or the log of somebody else's panicked.
    #[error("the recovery was stopped; what it has not done is still in the log")]
    Stopped,
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] super::ConfigError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Recovery {
    /// Takes up what is in `log`.
    pub fn new(log: Arc<dyn SagaLog>) -> Self {
        Self {
            log,
            config: Config::default(),
            ways: HashMap::new(),
        }
    }

    /// How it goes back. What becomes of steps in doubt is not asked here: each saga said that when it began.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Calls the compensations of the service of `client` through that.
    pub fn client<C: Compensates>(self, client: &C) -> Self {
        self.service(C::SERVICE, client.stack())
    }

    /// Calls the compensations of `service` through `stack`.
    pub fn service(mut self, service: &'static Service, stack: impl Invoke + 'static) -> Self {
        let stack = share(stack);
        let ways = service.methods.iter();
        self.ways
            .extend(ways.map(|method| (method.path, (stack.clone(), method))));
        self
    }

    /// Takes back every saga that nobody works on, 16 at a time. Like a saga it is a task of its own from the first
    /// poll on, and inherits no deadline. A step whose method is of no service that was given stays in the log.
    ///
    /// # Errors
    /// If there is no runtime, the settings make no sense, or the log does not say what it holds.
    pub async fn run(self) -> Result<Vec<Recovered>, RecoverError> {
        let runtime = Handle::try_current().map_err(|_| RecoverError::NoRuntime)?;
        self.config.validate()?;
        let task = runtime.spawn(context::detach(self.take_up()));
        task.await.map_err(|_| RecoverError::Stopped)?
    }

    async fn take_up(self) -> Result<Vec<Recovered>, RecoverError> {
        let (this, room) = (Arc::new(self), Arc::new(Semaphore::new(AT_ONCE)));
        let mut tasks = JoinSet::new();
        for saga in this.log.claim().await? {
            let (this, room) = (Arc::clone(&this), Arc::clone(&room));
            tasks.spawn(async move {
                // Nobody closes it, so there is always room in the end.
                let _place = room.acquire().await;
                this.take_back(saga).await
            });
        }
        let mut recovered = Vec::new();
        while let Some(saga) = tasks.join_next().await {
            recovered.push(saga.map_err(|_| RecoverError::Stopped)?);
        }
        Ok(recovered)
    }

    async fn take_back(&self, saga: Unfinished) -> Recovered {
        let leave = saga.on_ambiguous == OnAmbiguous::Leave;
        let open = saga.steps.into_iter().map(|open| {
            let path = open.undo.path.clone();
            let step = open.step;
            let way = match leave && !open.done {
                true => Way::Leave,
                false => self.way(&open).map_or_else(Way::Unreachable, Way::Call),
            };
            Open { step, path, way }
        });
        let rollback = Rollback {
            gid: saga.gid.clone(),
            name: saga.name.clone(),
            config: self.config,
            log: Arc::clone(&self.log),
        };
        let Settled { steps, log } = rollback.run(open.collect()).await;
        Recovered {
            gid: saga.gid,
            name: saga.name,
            compensations: steps,
            log,
        }
    }

    fn way(&self, open: &OpenStep) -> Result<Compensation, Status> {
        let Some((stack, method)) = self.ways.get(open.undo.path.as_str()) else {
            let text = format!("the recovery was given no service with {}", open.undo.path);
            return Err(Status::failed_precondition(text));
        };
        Ok(Compensation {
            stack: stack.clone(),
            method,
            message: open.undo.message()?,
        })
    }
}

impl Recovered {
    /// Whether it is over: every step was taken back, or left in doubt as the saga wanted it.
    pub fn is_over(&self) -> bool {
        let gave_up = |step: &Compensated| matches!(step.outcome, super::Outcome::GaveUp { .. });
        !self.compensations.iter().any(gave_up)
    }
}

impl std::fmt::Debug for Recovery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Recovery")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
