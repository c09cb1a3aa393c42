//! An answer on its way, from the request to the response.
//!
//! Written by hand, because it is moved when the task of a call is made: an async fn would keep the request once for every
//! function that it passes. It does its work where it is polled first, which is in that task and not in the connection's.

use std::{
    convert::Infallible,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use hyper::body::Incoming;
use tonic::Status;

use super::{Answer, Shared, arrived::Pending, calls::cut_after};
use crate::call::{Peer, Reply};

/// The answer to a request.
pub(super) enum Answering {
    /// Nobody has looked at the request yet.
    New(Request<Incoming>, Arc<Shared>, Arc<Peer>),
    /// It is there.
    Ready(Option<Response<Answer>>),
    /// A stack makes it.
    Called(Replying, Option<Pending>),
    /// An HTTP service makes it.
    Passed(Passing),
}

/// A call that a stack answers: the one box of a call.
pub(super) type Replying = Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

/// A request that an HTTP service answers.
pub(super) type Passing = Pin<Box<dyn Future<Output = Response<Answer>> + Send>>;

impl Future for Answering {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if matches!(this, Self::New(..))
            && let Self::New(request, shared, peer) = mem::replace(this, Self::Ready(None))
        {
            *this = shared.dispatch.answer(request, peer);
        }
        let response = match this {
            Self::New(..) => None,
            Self::Ready(response) => response.take(),
            Self::Called(replying, pending) => {
                let outcome = ready!(replying.as_mut().poll(context));
                pending.take().map(|pending| pending.answer(outcome))
            }
            Self::Passed(passing) => Some(ready!(passing.as_mut().poll(context))),
        };
        let response = response.expect("an answer is not polled again once it is there");
        if let Some(at) = response.body().deadline().instant() {
            cut_after(at);
        }
        Poll::Ready(Ok(response))
    }
}
