//! One message each way.

use super::{
    Client, Outcome,
    case::{expect, zeros},
    proto::{Empty, SimpleRequest},
};

pub(super) const REQUEST: usize = 271_828;
pub(super) const RESPONSE: i32 = 314_159;

/// An empty message there and back.
pub(super) async fn empty(client: &Client) -> Outcome {
    client.test.empty_call(Empty::default()).await?;
    Ok(())
}

/// Large messages, which cross several frames.
pub(super) async fn large(client: &Client) -> Outcome {
    let answer = client.test.unary_call(large_request()).await?.into_inner();
    expect(
        "the size of the payload",
        size(answer.payload.as_ref()),
        RESPONSE,
    )
}

/// What the large cases send.
pub(super) fn large_request() -> SimpleRequest {
    SimpleRequest {
        response_size: RESPONSE,
        payload: Some(zeros(REQUEST)),
        ..SimpleRequest::default()
    }
}

/// The size of a payload as the messages count it, zero where there is none.
pub(super) fn size(payload: Option<&super::proto::Payload>) -> i32 {
    payload.map_or(0, |payload| {
        i32::try_from(payload.body.len()).unwrap_or(i32::MAX)
    })
}
