//! The sources of a channel or a server, and the stacks that follow them while calls are under way.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::runtime::Handle;

use super::{
    Effective, FileError, Origin, ServiceConfig, ServiceConfigErrors, file::File, sources::Sources,
    target::FollowTarget,
};
use crate::{
    call::{BreakerScope, Method, Policies, Service},
    policy::{counter::Counter, retry::ThrottleConfig},
};

/// The stack of a service, which does as it is told.
pub(crate) trait Follow: Send + Sync {
    /// Whose methods its calls are of.
    fn service(&self) -> &'static Service;

    /// What shares the breaker of `method`, where that is settled for as long as the stack lives.
    fn scope(&self, method: &Method) -> Option<BreakerScope> {
        let _ = method;
        None
    }

    /// Goes by what holds from now on. Calls that are under way go on with what they have read.
    fn follow(&self, policies: &dyn Fn(&Method) -> Policies, throttling: &ThrottleConfig);
}

/// What became of the service configs that came while a channel or server was up.
#[derive(Debug, Default)]
pub struct ConfigCounts {
    /// Updates that hold.
    pub applied: Counter,
    /// Updates that were refused, with a warning that says why.
    pub refused: Counter,
}

/// Sources, and who follows them.
#[derive(Default)]
pub(crate) struct Live {
    state: Mutex<State>,
    /// A file that is not looked at yet, for want of a runtime.
    file: Mutex<Option<File>>,
    counts: Arc<ConfigCounts>,
}

#[derive(Default)]
struct State {
    sources: Sources,
    followers: Vec<Arc<dyn Follow>>,
    target: Option<Arc<dyn FollowTarget>>,
}

impl Live {
    /// Starts with `sources`, with what is `said` beside them, and with what a file says.
    ///
    /// # Errors
    /// If any of it makes no sense, or the file cannot be read.
    pub(crate) fn starting<E: From<ServiceConfigErrors> + From<FileError>>(
        mut sources: Sources,
        said: Vec<(Origin, ServiceConfig)>,
        file: Option<PathBuf>,
    ) -> Result<Self, E> {
        for (origin, config) in said {
            config.check()?;
            sources.put(origin, config);
        }
        let file = file.map(File::read).transpose()?;
        let file = file.map(|(file, config)| {
            sources.put(file.origin(), config);
            file
        });
        Ok(Self::new(sources, file))
    }

    /// Starts with `sources`, one of which may be what `file` said.
    pub(super) fn new(sources: Sources, file: Option<File>) -> Self {
        let state = State {
            sources,
            followers: Vec::new(),
            target: None,
        };
        Self {
            state: Mutex::new(state),
            file: Mutex::new(file),
            counts: Arc::default(),
        }
    }

    /// Begins to look at the file, if there is one, as soon as there is a runtime to do it on.
    pub(crate) fn watch(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.take() {
            runtime.spawn(file.follow(Arc::downgrade(self)));
        }
    }

    /// Lets a stack follow.
    pub(crate) fn join(&self, follower: Arc<dyn Follow>) {
        let mut state = self.lock();
        if let Err(errors) = state.sources.check(follower.service().methods) {
            tracing::warn!(%errors, "what a service config says makes no sense here; the contract holds");
        }
        state.tell(&*follower);
        state.followers.push(follower);
    }

    /// Lets what balances over the target follow.
    pub(crate) fn join_target(&self, follower: Arc<dyn FollowTarget>) {
        let mut state = self.lock();
        follower.follow(&state.sources.target());
        state.target = Some(follower);
    }

    /// Puts what a source says in the place of what it said before.
    ///
    /// # Errors
    /// If it makes no sense, alone or together with the contracts of the services that are in use. Then nothing changes.
    pub(crate) fn update(
        &self,
        origin: Origin,
        config: ServiceConfig,
    ) -> Result<(), ServiceConfigErrors> {
        config.check()?;
        self.lock().update(origin, config)
    }

    /// What holds for `method`.
    pub(crate) fn policies(&self, method: &Method) -> Policies {
        self.lock().sources.policies(method)
    }

    /// What holds for the methods of `service`, where no call is sent more often than `cap` says.
    pub(crate) fn effective(&self, service: &'static Service, cap: u32) -> Effective {
        self.lock().sources.effective(service.methods, cap)
    }

    /// Counts what became of an update.
    pub(crate) fn count<T, E>(&self, update: &Result<T, E>) {
        match update {
            Ok(_) => self.counts.applied.add(),
            Err(_) => self.counts.refused.add(),
        }
    }

    /// What became of updates.
    pub(crate) fn counts(&self) -> &Arc<ConfigCounts> {
        &self.counts
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is under this lock is changed as a whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Live")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl State {
    fn update(&mut self, origin: Origin, config: ServiceConfig) -> Result<(), ServiceConfigErrors> {
        let mut sources = self.sources.clone();
        sources.put(origin, config);
        for follower in &self.followers {
            sources.check(follower.service().methods)?;
            sources.check_scopes(&**follower)?;
        }
        self.sources = sources;
        for follower in &self.followers {
            self.tell(&**follower);
        }
        if let Some(target) = &self.target {
            target.follow(&self.sources.target());
        }
        Ok(())
    }

    fn tell(&self, follower: &dyn Follow) {
        let policies = |method: &Method| self.sources.policies(method);
        follower.follow(&policies, &self.sources.throttling());
    }
}
