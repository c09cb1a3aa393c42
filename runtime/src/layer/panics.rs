//! Turns a panic in a handler into INTERNAL for that call; nothing else suffers.
//!
//! Stands on the server around the handler and inside everything that counts calls, so that a permit is given back and a
//! sample recorded.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use tonic::Status;

use crate::call::{Call, Invoke, Reply};

/// Catches the panics of a handler.
#[derive(Debug)]
pub struct Catch<I> {
    inner: I,
}

impl<I> Catch<I> {
    /// Catches the panics of `inner`.
    pub fn new(inner: I) -> Self {
        Self { inner }
    }
}

impl<I: Invoke> Invoke for Catch<I> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let path = call.method.path;
        let mut handler = pin!(self.inner.invoke(call));
        poll_fn(|context| {
            // A future that panicked is never polled again, so nobody sees what it left half done.
            let poll = AssertUnwindSafe(|| handler.as_mut().poll(context));
            catch_unwind(poll).unwrap_or_else(|panic| {
                tracing::error!(path, panic = text(&*panic), "a handler panicked");
                Poll::Ready(Err(Status::internal("the handler panicked")))
            })
        })
        .await
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("not a text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ECHO, Handler, echo, say};

    #[tokio::test]
    async fn a_panic_is_internal_and_the_next_call_is_served() {
        let stack = Catch::new(Handler(|call: Call| async move {
            let text = format!("{:?}", call.body);
            assert!(!text.contains("boom"), "asked to");
            echo(call).await
        }));
        let status = stack.invoke(say(&ECHO, "boom")).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert!(
            !status.message().contains("asked"),
            "a peer does not see what broke"
        );
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
    }
}
