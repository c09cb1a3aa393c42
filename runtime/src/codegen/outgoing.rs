//! A call that is being put together: awaited as it is, or narrowed first.

use std::{
    fmt,
    future::{Future, IntoFuture},
    num::NonZeroU64,
    str::FromStr,
    time::Duration,
};

use http::HeaderValue;
use tonic::{
    IntoRequest, Request, Status,
    metadata::{Ascii, MetadataKey, MetadataValue},
};

use crate::{
    call::{Body, Call, Encoding, Method, headers, timeout},
    policy::limit::priority::Priority,
};

/// A call that has not been sent. Nothing happens until it is awaited; dropping the future cancels the call.
#[must_use = "a call does nothing until it is awaited"]
pub struct Outgoing<Q, S> {
    pub(super) prepared: Prepared<Q>,
    pub(super) start: S,
}

/// What a call is made from.
#[derive(Debug)]
pub struct Prepared<Q> {
    pub(super) request: Request<Q>,
    timeout: Option<Duration>,
    encoding: Option<Encoding>,
    wait_for_ready: Option<bool>,
    key: Option<NonZeroU64>,
    refused: Option<Status>,
}

/// What sends a prepared call: a closure that returns a future.
pub trait Start<Q> {
    /// What comes back.
    type Output;
    /// The call under way.
    type Future: Future<Output = Self::Output> + Send;

    /// Sends it.
    fn start(self, prepared: Prepared<Q>) -> Self::Future;
}

// === Outgoing ===

impl<Q, S> Outgoing<Q, S> {
    /// A call of `request` that `start` sends.
    pub fn new(request: impl IntoRequest<Q>, start: S) -> Self
    where
        S: Start<Q>,
    {
        let prepared = Prepared {
            request: request.into_request(),
            timeout: None,
            encoding: None,
            wait_for_ready: None,
            key: None,
            refused: None,
        };
        Self { prepared, start }
    }

    /// Gives the whole call at most `timeout`, from its start to its trailers. It only ever shortens what the method and
    /// the call being served allow.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.prepared.timeout = Some(timeout);
        self
    }

    /// Whether this call waits for a connection while there is none, or ends as UNAVAILABLE, whatever a service config says
    /// of its method.
    pub fn wait_for_ready(mut self, wait: bool) -> Self {
        self.prepared.wait_for_ready = Some(wait);
        self
    }

    /// Says how much this call matters, in place of what is inherited from the call being served: where there is no room
    /// for all, the least important gives way first.
    pub fn priority(mut self, priority: Priority) -> Self {
        let value = HeaderValue::from_static(priority.name());
        let metadata = self.prepared.request.metadata_mut();
        headers::insert(metadata, headers::PRIORITY, value);
        self
    }

    /// Sends an entry of metadata. A name or value that HTTP cannot carry makes the call fail with INVALID_ARGUMENT.
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        match (
            MetadataKey::<Ascii>::from_str(name),
            MetadataValue::<Ascii>::from_str(value),
        ) {
            (Ok(name), Ok(value)) => {
                self.prepared.request.metadata_mut().append(name, value);
            }
            _ => {
                let text = format!("`{name}: {value:?}` cannot be sent as metadata");
                self.prepared
                    .refused
                    .get_or_insert_with(|| Status::invalid_argument(text));
            }
        }
        self
    }

    /// Sends the messages of this call compressed.
    pub fn send_compressed(mut self, encoding: Encoding) -> Self {
        self.prepared.encoding = Some(encoding);
        self
    }
}

impl<Q, S: Start<Q>> IntoFuture for Outgoing<Q, S> {
    type Output = S::Output;
    type IntoFuture = S::Future;

    fn into_future(self) -> S::Future {
        self.start.start(self.prepared)
    }
}

impl<Q, S> fmt::Debug for Outgoing<Q, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("metadata", self.prepared.request.metadata())
            .field("timeout", &self.prepared.timeout)
            .finish_non_exhaustive()
    }
}

// === Start ===

impl<Q, M, F> Start<Q> for M
where
    M: FnOnce(Prepared<Q>) -> F,
    F: Future + Send,
{
    type Output = F::Output;
    type Future = F;

    fn start(self, prepared: Prepared<Q>) -> F {
        self(prepared)
    }
}

// === Prepared ===

impl<Q> Prepared<Q> {
    /// Sends the call where others with the same key go, if endpoints are chosen by that.
    #[must_use]
    pub fn keyed(mut self, key: impl FnOnce(&Q) -> Option<NonZeroU64>) -> Self {
        self.key = key(self.request.get_ref());
        self
    }

    /// The call of `method` whose body `encode` makes of the message.
    pub(super) fn into_call(
        self,
        method: &'static Method,
        encode: impl FnOnce(Q) -> Result<Body, Status>,
    ) -> Result<Call, Status> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let (metadata, extensions, message) = self.request.into_parts();
        let mut call = Call::new(method, encode(message)?);
        call.timeout = self.timeout;
        call.encoding = self.encoding;
        call.key = self.key;
        call.wait_for_ready = self.wait_for_ready;
        if !metadata.is_empty() {
            // tonic's `Request::set_timeout` says it in the metadata.
            if let Some(asked) = metadata.as_ref().get(headers::TIMEOUT) {
                let asked = timeout::decode(asked)
                    .map_err(|error| Status::invalid_argument(error.to_string()))?;
                call.timeout = Some(call.timeout.map_or(asked, |own| own.min(asked)));
            }
            call.metadata = metadata.into();
        }
        call.extensions = extensions;
        Ok(call)
    }
}

impl<Q> From<Request<Q>> for Prepared<Q> {
    fn from(request: Request<Q>) -> Self {
        Self {
            request,
            timeout: None,
            encoding: None,
            wait_for_ready: None,
            key: None,
            refused: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ECHO, say};

    #[tokio::test]
    async fn what_is_said_of_one_call_is_in_it_and_the_last_word_counts() {
        let made = |prepared: Prepared<()>| async {
            prepared.into_call(&ECHO.methods[0], |()| Ok(say(&ECHO, "hi").body))
        };
        let call = Outgoing::new(Request::new(()), made);
        let call = call.priority(Priority::Batch).priority(Priority::Critical);
        let call = call.wait_for_ready(false).wait_for_ready(true);
        let call = call.await.unwrap();
        assert_eq!(Priority::of(&call.metadata), Priority::Critical);
        assert_eq!(call.wait_for_ready, Some(true));

        let plain = Outgoing::new(Request::new(()), made).await.unwrap();
        assert!(plain.metadata.is_empty());
        assert_eq!(plain.wait_for_ready, None);
    }
}
