//! A compensation in its two forms: as it is stored, and as it is called.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use tonic::Status;

use super::SagaId;
use crate::call::{Body, Call, Fell, Invoke, Message, Method, Shared};

/// A compensation as it is written down: which method is called, and with what. A closure could not be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The path of the method, such as `/orders.v1.Orders/CancelOrder`.
    pub path: String,
    /// The encoded request.
    pub request: Bytes,
}

/// A compensation that can be called.
#[derive(Clone)]
pub(crate) struct Compensation {
    /// What takes the call there.
    pub(crate) stack: Shared,
    /// What is called.
    pub(crate) method: &'static Method,
    /// With what.
    pub(crate) message: Message,
}

// === Undo ===

impl Undo {
    /// The request, framed as messages are.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if it has more bytes than four bytes can count.
    pub(crate) fn message(&self) -> Result<Message, Status> {
        let length = u32::try_from(self.request.len())
            .map_err(|_| Status::resource_exhausted("a compensation of more than 4 GiB"))?;
        let mut framed = BytesMut::with_capacity(Message::PREFIX + self.request.len());
        framed.put_u8(0);
        framed.put_u32(length);
        framed.extend_from_slice(&self.request);
        Ok(Message::from_framed(framed.freeze()))
    }
}

// === Compensation ===

impl Compensation {
    /// It, to be stored.
    pub(crate) fn undo(&self) -> Undo {
        Undo {
            path: self.method.path.to_owned(),
            request: self.message.payload(),
        }
    }

    /// Calls it once, as what `id` says, for at most `limit`.
    pub(crate) async fn call(&self, id: &SagaId, limit: std::time::Duration) -> Result<(), Status> {
        let mut call = Call::new(self.method, Body::One(self.message.clone(), None));
        id.write(&mut call.metadata);
        call.timeout = Some(limit);
        let answer = async {
            let reply = self.stack.invoke(call).await?;
            Fell::check(&reply.extensions)?;
            reply.body.one().await
        };
        // Whatever stack it is: not every one has a layer that keeps to the call's own time.
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(Status::deadline_exceeded(format!(
                "the compensation took longer than {limit:?} of this try"
            ))),
        }
    }
}

impl fmt::Debug for Compensation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.method.path)
    }
}
