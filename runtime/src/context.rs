//! What a handler is serving, known to everything it awaits: the deadline that the calls it makes inherit.
//!
//! It follows the task, not the thread. [`tokio::spawn`] starts a new task without it; [`spawn`] takes it along, and
//! [`detach`] leaves it behind on purpose, for work that may outlive the call.

use std::{future::Future, sync::Arc};

use tokio::task::JoinHandle;

use crate::{
    call::{Deadline, Method, Peer, Trace},
    policy::limit::priority::Priority,
};

/// The call that is being served.
#[derive(Debug, Clone)]
pub struct Context {
    /// When it must be over.
    pub deadline: Deadline,
    /// What was called; `None` in detached work.
    pub method: Option<&'static Method>,
    /// Who calls; `None` in the same process and in detached work.
    pub peer: Option<Arc<Peer>>,
    /// How many attempts of it there were before, as its caller says (gRFC A6).
    pub previous_attempts: u32,
    /// How much it matters, as its caller says.
    pub priority: Priority,
    /// The trace that it belongs to, and the span in it that the calls are made in that it makes.
    pub trace: Option<Arc<Trace>>,
}

tokio::task_local! {
    static SERVING: Context;
}

impl Context {
    const NONE: Self = Self {
        deadline: Deadline::NEVER,
        method: None,
        peer: None,
        previous_attempts: 0,
        priority: Priority::Default,
        trace: None,
    };

    /// The call that this task serves, or one without deadline, method and peer.
    ///
    /// ```
    /// let peer = couplet::context::Context::current().peer;
    /// let address = peer.and_then(|peer| peer.address);
    /// # assert_eq!(address, None);
    /// ```
    pub fn current() -> Self {
        SERVING.try_with(Self::clone).unwrap_or(Self::NONE)
    }

    /// The deadline of the call that this task serves; never, if it serves none.
    #[inline]
    pub(crate) fn current_deadline() -> Deadline {
        let deadline = SERVING.try_with(|context| context.deadline);
        deadline.unwrap_or(Deadline::NEVER)
    }

    /// How much the call matters that this task serves.
    #[inline]
    pub(crate) fn current_priority() -> Priority {
        let priority = SERVING.try_with(|context| context.priority);
        priority.unwrap_or_default()
    }

    /// The trace of the call that this task serves.
    pub(crate) fn current_trace() -> Option<Arc<Trace>> {
        let trace = SERVING.try_with(|context| context.trace.clone());
        trace.ok().flatten()
    }

    /// Whether the call that this task serves was sent before.
    pub(crate) fn is_repeated() -> bool {
        let previous = SERVING.try_with(|context| context.previous_attempts);
        previous.is_ok_and(|previous| previous > 0)
    }

    /// Whether a call made for this one differs from one that is made for none.
    pub(crate) fn hands_on(&self) -> bool {
        self.deadline.instant().is_some()
            || self.previous_attempts > 0
            || self.priority != Priority::Default
            || self.trace.is_some()
    }

    /// Runs `future` as a part of this call.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        // No async fn, which would keep, and move, the future twice.
        SERVING.scope(self, future)
    }

    /// Runs `poll` as a part of this call.
    pub(crate) fn enter<T>(&self, poll: impl FnOnce() -> T) -> T {
        SERVING.sync_scope(self.clone(), poll)
    }
}

/// Runs `future` without the deadline of the call being served.
///
/// ```
/// # async fn shown(audit: impl std::future::Future<Output = ()> + Send + 'static) {
/// tokio::spawn(couplet::context::detach(audit));
/// # }
/// ```
pub async fn detach<F: Future>(future: F) -> F::Output {
    Context::NONE.scope(future).await
}

/// Spawns `future` on the current runtime as a part of the call being served: the calls it makes inherit the deadline.
///
/// # Panics
/// As [`tokio::spawn`], outside a runtime.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(Context::current().scope(future))
}
