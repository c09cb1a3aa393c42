//! The outcomes that a server reports: its own, and those of what it does not have.

use couplet::{Code, Status, Streaming};

use super::{
    Client, Failure, Outcome,
    case::{expect, expect_code, zeros},
    proto::{EchoStatus, Empty, SimpleRequest, StreamingOutputCallRequest},
};

const PLAIN: &str = "test status message";
const SPECIAL: &str = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

/// A code and a message, of a single message and of a stream.
pub(super) async fn code_and_message(client: &Client) -> Outcome {
    expect_echo(client.test.unary_call(asking_for(PLAIN)).await, PLAIN)?;

    let request = StreamingOutputCallRequest {
        payload: Some(zeros(1)),
        response_status: Some(echo(PLAIN)),
        ..StreamingOutputCallRequest::default()
    };
    let ended = match client
        .test
        .full_duplex_call(Streaming::iter([request]))
        .await
    {
        Ok(answers) => answers.into_inner().message().await,
        Err(status) => Err(status),
    };
    expect_echo(ended, PLAIN)
}

/// A message that HTTP cannot carry as it is.
pub(super) async fn special_message(client: &Client) -> Outcome {
    expect_echo(client.test.unary_call(asking_for(SPECIAL)).await, SPECIAL)
}

/// A method that the server does not have.
pub(super) async fn unimplemented_method(client: &Client) -> Outcome {
    expect_unimplemented(client.test.unimplemented_call(Empty::default()).await)
}

/// A service that the server does not have.
pub(super) async fn unimplemented_service(client: &Client) -> Outcome {
    expect_unimplemented(
        client
            .unimplemented
            .unimplemented_call(Empty::default())
            .await,
    )
}

fn asking_for(message: &str) -> SimpleRequest {
    SimpleRequest {
        response_size: 1,
        payload: Some(zeros(1)),
        response_status: Some(echo(message)),
        ..SimpleRequest::default()
    }
}

fn echo(message: &str) -> EchoStatus {
    EchoStatus {
        code: Code::Unknown as i32,
        message: message.to_owned(),
        ..EchoStatus::default()
    }
}

fn expect_echo<T>(came: Result<T, Status>, message: &str) -> Outcome {
    let status = expect_code(came, Code::Unknown)?;
    expect("the message", status.message(), message)
}

fn expect_unimplemented<T>(came: Result<T, Status>) -> Result<(), Failure> {
    expect_code(came, Code::Unimplemented).map(drop)
}
