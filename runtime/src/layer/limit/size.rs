//! Bounds how large the messages of a method's calls may be: what is too large is not sent, or not handed on.
//!
//! Stands first of the limits, as it takes nothing. A message is as large as it is before it is compressed.

use std::sync::Arc;

use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::{
    refuse,
    shell::{Bounded, BoundedLayer, Bounds},
};
use crate::call::{Body, Call, Invoke, Reply};

/// The largest messages of a method's calls, in bytes; none where any may be sent that the carrier takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Of each message of the request.
    pub request: Option<u32>,
    /// Of each message of the answer.
    pub response: Option<u32>,
}

/// Looks at the size of every message.
pub type Measuring<I> = Bounded<Sizes, I>;

/// Puts a [`Measuring`] around what it is given.
pub type SizeLayer = BoundedLayer<Sizes>;

const REQUEST: &str = "maxRequestMessageBytes";
const RESPONSE: &str = "maxResponseMessageBytes";

impl Bounds for Sizes {
    async fn pass<I: Invoke>(
        self: Arc<Self>,
        at: &Measuring<I>,
        mut call: Call,
    ) -> Result<Reply, Status> {
        let method = call.method;
        if let Err(larger) = bound(&mut call.body, self.request, REQUEST) {
            at.counts.refused.add();
            // It is known before anything is sent.
            let (code, details) = (Code::ResourceExhausted, ErrorDetails::new());
            return Err(refuse(method, code, "MESSAGE_TOO_LARGE", larger, details));
        }
        let mut reply = at.inner.invoke(call).await?;
        bound(&mut reply.body, self.response, RESPONSE).map_err(|larger| {
            at.counts.refused.add();
            Status::resource_exhausted(format!("{}: {larger}", method.path))
        })?;
        Ok(reply)
    }
}

/// Holds one message against `most`, or each of a stream as it comes.
fn bound(body: &mut Body, most: Option<u32>, named: &'static str) -> Result<(), String> {
    let Some(most) = most else {
        return Ok(());
    };
    match body {
        Body::One(message, _) => message.at_most(most, named),
        Body::Many(frames) => {
            frames.at_most(most, named);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tonic_types::StatusExt;
    use tower_layer::Layer;

    use super::{
        super::{Side, Table},
        *,
    };
    use crate::{
        call::{Mark, Streaming},
        fixture::{ECHO, Handler, echo, say},
    };

    fn echoing(request: Option<u32>, response: Option<u32>) -> Measuring<impl Invoke> {
        let sizes = Arc::new(Sizes { request, response });
        let table = Table::new(&ECHO, |_| Some(Arc::clone(&sizes)));
        SizeLayer::new(Arc::new(table), Side::Client).layer(Handler(echo))
    }

    fn bytes(call: &Call) -> u32 {
        match &call.body {
            Body::One(message, _) => message.bytes().len() as u32,
            Body::Many(_) => panic!("it is one message"),
        }
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_not_sent_and_an_answer_over_it_not_handed_on() {
        let call = || say(&ECHO, "hello");
        let exact = bytes(&call());
        echoing(Some(exact), Some(exact))
            .invoke(call())
            .await
            .unwrap();

        let refused = echoing(Some(exact - 1), None)
            .invoke(call())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains(REQUEST), "{refused}");
        assert_eq!(Mark::of(&refused), Some(Mark::Refused), "nothing was sent");
        let info = refused.get_details_error_info().unwrap();
        assert_eq!(info.reason, "MESSAGE_TOO_LARGE");

        let refused = echoing(None, Some(exact - 1))
            .invoke(call())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains(RESPONSE), "{refused}");
        assert_eq!(Mark::of(&refused), None, "it ran");
    }

    #[tokio::test]
    async fn zero_lets_only_what_is_empty_pass() {
        echoing(Some(0), Some(0))
            .invoke(say(&ECHO, ""))
            .await
            .unwrap();
        echoing(Some(0), None)
            .invoke(say(&ECHO, "x"))
            .await
            .unwrap_err();
    }

    #[tokio::test]
    async fn a_stream_ends_at_the_first_message_that_is_too_large() {
        for (request, response) in [(Some(9), None), (None, Some(9))] {
            let messages = ["one", "two", "far too large", "four"].map(str::to_owned);
            let streamed = Streaming::new(stream::iter(messages.map(Ok)));
            let mut call = say(&ECHO, "");
            call.body = Body::Many(streamed.into_frames());
            let reply = echoing(request, response).invoke(call).await.unwrap();
            let mut answers = Streaming::<String>::from_frames(reply.body.into_frames());
            assert_eq!(answers.message().await.unwrap().unwrap(), "one");
            assert_eq!(answers.message().await.unwrap().unwrap(), "two");
            let ended = answers.message().await.unwrap_err();
            assert_eq!(ended.code(), Code::ResourceExhausted);
            assert!(answers.message().await.unwrap().is_none(), "it is over");
        }
    }
}
