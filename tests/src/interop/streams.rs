//! Streams of messages: to the server, from it, both ways, and what ends them early.

use std::time::Duration;

use super::{
    Client, Outcome,
    case::{expect, expect_code, zeros},
    proto::{
        ResponseParameters, StreamingInputCallRequest, StreamingOutputCallRequest,
        StreamingOutputCallResponse,
    },
    unary::size,
};
use couplet::{Code, Status, Streaming, client::stream::channel};

const REQUESTS: [usize; 4] = [27_182, 8, 1_828, 45_904];
const RESPONSES: [i32; 4] = [31_415, 9, 2_653, 58_979];

/// Four messages up, one with their total size down.
pub(super) async fn client_streaming(client: &Client) -> Outcome {
    let requests = REQUESTS.map(|size| StreamingInputCallRequest {
        payload: Some(zeros(size)),
        ..StreamingInputCallRequest::default()
    });
    let answer = client
        .test
        .streaming_input_call(Streaming::iter(requests))
        .await?;
    expect(
        "the total size",
        answer.into_inner().aggregated_payload_size,
        74_922,
    )
}

/// One message up, four of the wanted sizes down.
pub(super) async fn server_streaming(client: &Client) -> Outcome {
    let request = StreamingOutputCallRequest {
        response_parameters: RESPONSES.map(parameters).into(),
        ..StreamingOutputCallRequest::default()
    };
    let mut answers = client
        .test
        .streaming_output_call(request)
        .await?
        .into_inner();
    for size in RESPONSES {
        expect_size(&mut answers, size).await?;
    }
    expect_end(&mut answers).await
}

/// Every message waits for the answer to the one before.
pub(super) async fn ping_pong(client: &Client) -> Outcome {
    let (sender, requests) = channel(1);
    let call = client.test.full_duplex_call(requests);
    sender.send(ping(0)).await?;
    let mut answers = call.await?.into_inner();
    expect_size(&mut answers, RESPONSES[0]).await?;
    for (turn, size) in RESPONSES.into_iter().enumerate().skip(1) {
        sender.send(ping(turn)).await?;
        expect_size(&mut answers, size).await?;
    }
    drop(sender);
    expect_end(&mut answers).await
}

/// A stream that ends before it began.
pub(super) async fn empty(client: &Client) -> Outcome {
    let none: [StreamingOutputCallRequest; 0] = [];
    let mut answers = client
        .test
        .full_duplex_call(Streaming::iter(none))
        .await?
        .into_inner();
    expect_end(&mut answers).await
}

/// A call that its caller gives up before it sent a message.
pub(super) async fn cancel_after_begin(client: &Client) -> Outcome {
    let (sender, requests) = channel::<StreamingInputCallRequest>(1);
    sender.fail(Status::cancelled("given up")).await?;
    expect_code(
        client.test.streaming_input_call(requests).await,
        Code::Cancelled,
    )?;
    Ok(())
}

/// A call that its caller gives up in the middle of both streams.
pub(super) async fn cancel_after_first_response(client: &Client) -> Outcome {
    let (sender, requests) = channel(1);
    sender.send(ping(0)).await?;
    let mut answers = client.test.full_duplex_call(requests).await?.into_inner();
    expect_size(&mut answers, RESPONSES[0]).await?;
    sender.fail(Status::cancelled("given up")).await?;
    expect_code(answers.message().await, Code::Cancelled)?;
    Ok(())
}

/// A deadline that ends while the server waits for more.
pub(super) async fn timeout(client: &Client) -> Outcome {
    let (sender, requests) = channel(1);
    sender
        .send(StreamingOutputCallRequest {
            payload: Some(zeros(REQUESTS[0])),
            ..StreamingOutputCallRequest::default()
        })
        .await?;
    let call = client
        .test
        .full_duplex_call(requests)
        .timeout(Duration::from_millis(1));
    let ended = match call.await {
        Ok(answers) => answers.into_inner().message().await,
        Err(status) => Err(status),
    };
    expect_code(ended, Code::DeadlineExceeded)?;
    Ok(())
}

fn ping(turn: usize) -> StreamingOutputCallRequest {
    StreamingOutputCallRequest {
        response_parameters: vec![parameters(RESPONSES[turn])],
        payload: Some(zeros(REQUESTS[turn])),
        ..StreamingOutputCallRequest::default()
    }
}

pub(super) fn parameters(size: i32) -> ResponseParameters {
    ResponseParameters {
        size,
        ..ResponseParameters::default()
    }
}

pub(super) async fn expect_size(
    answers: &mut Streaming<StreamingOutputCallResponse>,
    expected: i32,
) -> Outcome {
    let answer = answers
        .message()
        .await?
        .ok_or("the stream ended too early")?;
    expect(
        "the size of the payload",
        size(answer.payload.as_ref()),
        expected,
    )
}

async fn expect_end(answers: &mut Streaming<StreamingOutputCallResponse>) -> Outcome {
    match answers.message().await? {
        None => Ok(()),
        Some(_) => Err("the stream holds one message too many".into()),
    }
}
