//! Gives up an attempt whose answer does not begin in time, so that there is time for another one.
//!
//! Stands inside the breaker, to which a peer that does not answer is a failure. How long an attempt may wait is said by
//! whoever sends it ([`Attempt::timeout`](crate::call::Attempt)); once the head of the answer came, it has all the time
//! that its call has.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tonic::Status;

use crate::call::{Call, Invoke, Mark, Phase, Reply};

/// Gives up attempts that are not answered in time.
#[derive(Debug)]
pub struct Attempt<I> {
    inner: I,
}

/// Puts an [`Attempt`] around what it is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct AttemptLayer;

pin_project! {
    /// An attempt under way. Written by hand, so that one without a limit carries no room for a timer about.
    struct Waiting<F> {
        #[pin]
        future: F,
        timeout: Option<Duration>,
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<I> tower_layer::Layer<I> for AttemptLayer {
    type Service = Attempt<I>;

    fn layer(&self, inner: I) -> Attempt<I> {
        Attempt::new(inner)
    }
}

// === Attempt ===

impl<I> Attempt<I> {
    /// Gives up the attempts of `inner` that are not answered in time.
    pub fn new(inner: I) -> Self {
        Self { inner }
    }
}

impl<I: Invoke> Invoke for Attempt<I> {
    #[inline(always)]
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        Waiting {
            timeout: call.attempt.timeout,
            timer: None,
            future: self.inner.invoke(call),
        }
    }
}

// === Waiting ===

impl<F: Future<Output = Result<Reply, Status>>> Future for Waiting<F> {
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Phase::Queue.note();
        if let answer @ Poll::Ready(_) = this.future.poll(context) {
            return answer;
        }
        let Some(timeout) = *this.timeout else {
            return Poll::Pending;
        };
        // The note of the poll just made: whoever waits for the rest of an answer has its head.
        if Phase::last() == Phase::Body {
            (*this.timeout, *this.timer) = (None, None);
            return Poll::Pending;
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(timeout)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(unanswered(timeout))),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn unanswered(timeout: Duration) -> Status {
    let text = format!("no answer began within {timeout:.1?}, the time of one attempt");
    Mark::Unanswered.on(Status::deadline_exceeded(text))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;
    use tonic::Code;

    use super::*;
    use crate::{
        call::during,
        clock,
        fixture::{ECHO, Handler, echo, say},
    };

    fn impatient() -> Call {
        let mut call = say(&ECHO, "hi");
        call.attempt.timeout = Some(Duration::from_millis(400));
        call
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_begin_is_given_up_and_marked_as_such() {
        let stack = Attempt::new(Handler(|_| during(Phase::Headers, pending())));
        let started = clock::now();
        let status = stack.invoke(impatient()).await.unwrap_err();
        assert_eq!(clock::now() - started, Duration::from_millis(400));
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(Mark::of(&status), Some(Mark::Unanswered));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_has_begun_may_take_its_time() {
        let stack = Attempt::new(Handler(|call| async {
            during(Phase::Headers, sleep(Duration::from_millis(300))).await;
            during(Phase::Body, sleep(Duration::from_secs(9))).await;
            echo(call).await
        }));
        stack.invoke(impatient()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_without_a_limit_waits() {
        let stack = Attempt::new(Handler(|call| async {
            during(Phase::Headers, sleep(Duration::from_secs(9))).await;
            echo(call).await
        }));
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
    }
}
