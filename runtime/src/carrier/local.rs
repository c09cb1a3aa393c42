//! Carries calls to services of the same process: no socket, no bytes on a wire, the same stacks on both ends.

use std::{collections::HashMap, sync::Arc};

use tonic::Status;

use crate::{
    call::{Call, Deadline, Erased, Invoke, Limit, Method, Reply, Shared, share},
    codegen::Contract,
    stack,
};

/// Services of this process, reached by their clients as if they were elsewhere.
///
/// Versions are checked, deadlines hold, panics are caught. A handler runs in the task of its caller, and is dropped with
/// the call.
#[derive(Clone, Default)]
pub struct Local {
    methods: Arc<HashMap<&'static str, (&'static Method, Shared)>>,
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
        let shared = share(stack::server(contract, &stack::ServerCounts::default()));
        let methods = Arc::make_mut(&mut self.methods);
        for method in C::SERVICE.methods {
            methods.insert(method.path, (method, Arc::clone(&shared)));
        }
        self
    }
}

impl Invoke for Local {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let path = call.method.path;
        let Some((method, service)) = self.methods.get(path) else {
            return Err(Status::unimplemented(format!("no service here has {path}")));
        };
        call.method = method;
        // What the caller chose from reaches the other end as one remaining time.
        if let Some(at) = call.deadline.instant() {
            call.deadline = Deadline::at(at, Limit::Call);
        }
        call.timeout = None;
        call.started = None;
        call.extensions.clear();
        match Erased::answer(&**service, call).await {
            Ok(reply) => Ok(reply),
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
