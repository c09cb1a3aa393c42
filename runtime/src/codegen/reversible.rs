//! A call whose contract says what takes it back: awaited like any other, or made a step of a saga.

use std::{fmt, marker::PhantomData};

use prost::Message as Protobuf;
use tonic::{Response, Status};

use super::{Outgoing, Prepared, Start};
use crate::{
    call::{Invoke, Message, Method, share},
    saga::{Compensation, Step},
};

/// What sends a call, and what takes it back: a call of `compensation`, whose request is a `C`.
pub struct Reversible<'a, S, I, C> {
    start: S,
    stack: &'a I,
    action: &'static Method,
    compensation: &'static Method,
    request: PhantomData<fn(C)>,
}

impl<'a, S, I, C> Reversible<'a, S, I, C> {
    /// The call of `action` that `start` sends, taken back by one of `compensation` through `stack`.
    pub fn new(
        start: S,
        stack: &'a I,
        action: &'static Method,
        compensation: &'static Method,
    ) -> Self {
        Self {
            start,
            stack,
            action,
            compensation,
            request: PhantomData,
        }
    }
}

impl<Q, S: Start<Q>, I, C> Start<Q> for Reversible<'_, S, I, C> {
    type Output = S::Output;
    type Future = S::Future;

    fn start(self, prepared: Prepared<Q>) -> S::Future {
        self.start.start(prepared)
    }
}

impl<'a, Q, A, S, I, C> Outgoing<Q, Reversible<'a, S, I, C>>
where
    Q: Clone + Send + 'a,
    A: 'a,
    S: Start<Q, Output = Result<Response<A>, Status>> + Send + 'a,
    I: Invoke + Clone + 'static,
    C: Protobuf,
{
    /// Makes this call a step of a saga, taken back by the method that the contract names in `compensated_by`, with the
    /// request that `undo` makes.
    ///
    /// It is made twice: before the call is sent, of the request alone, for nobody knows whether an answer will come; and
    /// of both once there is one. A request that names what it makes can be taken back either way:
    ///
    /// ```text
    /// saga.step(orders.create_order(order).compensated_by(|order, _| CancelOrderRequest::default().with_id(&order.id)))
    /// ```
    pub fn compensated_by<U>(self, undo: U) -> Step<'a, A>
    where
        U: Fn(&Q, Option<&A>) -> C + Send + 'a,
    {
        let (mut prepared, reversible) = (self.prepared, self.start);
        let request = prepared.request.get_ref().clone();
        let message = Message::encode(&undo(&request, None));
        let compensation = message.map(|message| Compensation {
            stack: share(reversible.stack.clone()),
            method: reversible.compensation,
            message,
        });
        let start = reversible.start;
        Step {
            compensation,
            send: Box::new(move |id| {
                id.write(prepared.request.metadata_mut());
                Box::pin(start.start(prepared))
            }),
            answered: Box::new(move |answer| Message::encode(&undo(&request, Some(answer)))),
        }
    }
}

impl<S, I, C> fmt::Debug for Reversible<'_, S, I, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (action, compensation) = (self.action.path, self.compensation.path);
        write!(formatter, "{action}, taken back by {compensation}")
    }
}
