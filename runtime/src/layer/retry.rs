//! Sends a call once more that no application saw: gRFC A6's transparent retry.
//!
//! Stands inside the deadline, which bounds both attempts, and outside the breaker, which sees each of them. A call that
//! never left this program is sent again by the carrier itself, which still holds it; what comes here was sent, and the
//! peer said that it did not look at it.

use std::sync::Arc;

use tonic::Status;

use crate::{
    call::{Call, Invoke, Mark, Reply},
    policy::counter::Counter,
};

/// What the retries of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that were sent once more because no application had seen them.
    pub transparent: Counter,
}

/// Sends a call once more that no application saw.
#[derive(Debug)]
pub struct Retry<I> {
    inner: I,
    counts: Arc<Counts>,
}

/// Repeats the unseen calls of what it is given, as a client does. Whatever one layer is put around counts together.
#[derive(Debug, Clone, Default)]
pub struct RetryLayer {
    counts: Arc<Counts>,
}

impl<I> tower_layer::Layer<I> for RetryLayer {
    type Service = Retry<I>;

    fn layer(&self, inner: I) -> Retry<I> {
        Retry::new(inner, Arc::clone(&self.counts))
    }
}

impl<I> Retry<I> {
    /// Repeats the unseen calls of `inner`.
    pub fn new(inner: I, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }
}

impl<I: Invoke> Invoke for Retry<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        // One place where attempts are awaited keeps the future, which is moved about, small.
        let mut spare = call.spare();
        loop {
            let answer = self.inner.invoke(call).await;
            match (answer, spare.take()) {
                (Err(status), Some(unseen)) if Mark::of(&status) == Some(Mark::Unprocessed) => {
                    self.counts.transparent.add();
                    call = unseen.into();
                }
                (answer, _) => return answer,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;
    use crate::fixture::{ECHO, Handler, echo, say};

    /// Fails its first calls in the given way, then answers.
    fn failing(times: u32, status: impl Fn() -> Status + Send + Sync) -> impl Invoke {
        let seen = AtomicU32::new(0);
        Handler(move |call| {
            let refused = (seen.fetch_add(1, Relaxed) < times).then(&status);
            async move {
                match refused {
                    Some(status) => Err(status),
                    None => echo(call).await,
                }
            }
        })
    }

    fn unseen() -> Status {
        Mark::Unprocessed.on(Status::unavailable("refused stream"))
    }

    /// grpc-java `transparentRetry_onlyOnceOnRefused`.
    #[tokio::test]
    async fn what_no_application_saw_is_sent_once_more_and_only_once() {
        let stack = Retry::new(failing(1, unseen), Arc::default());
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
        assert_eq!(stack.counts.transparent.sum(), 1);
        let stack = Retry::new(failing(2, unseen), Arc::default());
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    }

    #[tokio::test]
    async fn what_may_have_run_is_never_repeated() {
        let stack = Retry::new(failing(1, || Status::unavailable("reset")), Arc::default());
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
        assert_eq!(stack.counts.transparent.sum(), 0);
    }
}
