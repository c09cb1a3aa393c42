//! Carries calls to services of the same process: no socket, no bytes on a wire, the same stacks on both ends.

use std::{collections::HashMap, sync::Arc};

use tonic::Status;

use crate::{
    call::{Attempt, Call, Deadline, Erased, Invoke, Limit, Refused, Reply, Route, headers, share},
    codegen::Contract,
    stack::{self, Mount, ServerSettings, Versioned, VersionedError},
};

/// Services of this process, reached by their clients as if they were elsewhere.
///
/// Versions are checked, deadlines hold, panics are caught. A handler runs in the task of its caller, and is dropped with
/// the call.
#[derive(Clone, Default)]
pub struct Local {
    methods: Arc<HashMap<&'static str, Route>>,
}

// === Local ===

impl Local {
    /// Carries to no service yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Carries to `contract` too.
    #[must_use]
    pub fn with<C: Contract>(mut self, contract: C) -> Self {
        let counts = contract.counts();
        let invoke = share(stack::server(contract, &ServerSettings::default(), &counts));
        let methods = C::SERVICE.methods.iter();
        self.extend(methods.map(|method| Route::One(method, Arc::clone(&invoke))));
        self
    }

    /// Carries to the releases of a service too, to each the calls of its clients.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn with_versioned<C>(mut self, versioned: Versioned<C>) -> Result<Self, VersionedError> {
        self.extend(versioned.mount(&ServerSettings::default())?.routes);
        Ok(self)
    }

    fn extend(&mut self, routes: impl IntoIterator<Item = Route>) {
        let methods = Arc::make_mut(&mut self.methods);
        let routes = routes.into_iter();
        methods.extend(routes.map(|route| (route.method().path, route)));
    }
}

impl Local {
    /// What is said of a method that is not here, by the release of its service that is.
    #[cold]
    fn unknown(&self, call: &Call) -> Status {
        let (path, name) = (call.method.path, call.method.service.name);
        let status = Status::unimplemented(format!("no service here has {path}"));
        let mut routes = self.methods.values();
        match routes.find(|route| route.method().service.name == name) {
            Some(route) => {
                let service = route.release(&call.announced);
                Refused { service, status }.announced()
            }
            None => status,
        }
    }
}

impl Invoke for Local {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let path = call.method.path;
        let Some(route) = self.methods.get(path) else {
            return Err(self.unknown(&call));
        };
        let chosen = route.choose(&call.announced, call.peer.as_deref());
        let (method, service) = chosen.map_err(|refused| as_received(&refused.announced()))?;
        call.method = method;
        // What the caller chose from reaches the other end as one remaining time.
        if let Some(at) = call.deadline.instant() {
            call.deadline = Deadline::at(at, Limit::Call);
        }
        call.timeout = None;
        call.wait_for_ready = None;
        call.started = None;
        call.extensions.clear();
        call.attempt = Attempt {
            previous: call.attempt.previous,
            ..Attempt::default()
        };
        if call.attempt.previous > 0 {
            let previous = call.attempt.previous.into();
            headers::insert(&mut call.metadata, headers::PREVIOUS_ATTEMPTS, previous);
        }
        match Erased::answer(&**service, call).await {
            Ok(mut reply) => {
                // Nor does what the layers there had to tell each other.
                reply.extensions.clear();
                Ok(reply)
            }
            Err(status) => Err(as_received(&status)),
        }
    }
}

/// A status as a wire would bring it: without what only this process knows.
fn as_received(status: &Status) -> Status {
    Status::with_details_and_metadata(
        status.code(),
        status.message(),
        status.details().to_vec().into(),
        status.metadata().clone(),
    )
}

impl std::fmt::Debug for Local {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Local")
            .field("methods", &self.methods.keys())
            .finish()
    }
}
