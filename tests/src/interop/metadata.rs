//! Metadata that the server sends back, before the messages and after them.

use couplet::{
    Request, Streaming,
    metadata::{BinaryMetadataValue, MetadataMap},
};

use super::{
    Client, Outcome,
    case::{expect, zeros},
    proto::{SimpleRequest, StreamingOutputCallRequest},
    streams::{expect_size, parameters},
};

pub(super) const INITIAL: &str = "x-grpc-test-echo-initial";
pub(super) const TRAILING: &str = "x-grpc-test-echo-trailing-bin";

const TEXT: &str = "test_initial_metadata_value";
const BYTES: &[u8] = &[0xab; 3];

/// One entry comes back first and one, in bytes, last: of a single message and of a stream.
pub(super) async fn custom(client: &Client) -> Outcome {
    let request = SimpleRequest {
        response_size: 1,
        payload: Some(zeros(1)),
        ..SimpleRequest::default()
    };
    let answer = client.test.unary_call(marked(request)).await?;
    expect_initial(answer.metadata())?;
    expect_trailing(answer.metadata())?;

    let request = StreamingOutputCallRequest {
        response_parameters: vec![parameters(1)],
        payload: Some(zeros(1)),
        ..StreamingOutputCallRequest::default()
    };
    let answers = client
        .test
        .full_duplex_call(marked(Streaming::iter([request])))
        .await?;
    expect_initial(answers.metadata())?;
    let mut answers = answers.into_inner();
    expect_size(&mut answers, 1).await?;
    expect_trailing(&answers.trailers().await?)
}

fn marked<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert(INITIAL, TEXT.parse().expect("printable ASCII"));
    metadata.insert_bin(TRAILING, BinaryMetadataValue::from_bytes(BYTES));
    request
}

fn expect_initial(metadata: &MetadataMap) -> Outcome {
    let came = metadata.get(INITIAL).and_then(|value| value.to_str().ok());
    expect("the initial metadata", came, Some(TEXT))
}

fn expect_trailing(metadata: &MetadataMap) -> Outcome {
    let came = metadata
        .get_bin(TRAILING)
        .and_then(|value| value.to_bytes().ok());
    expect("the trailing metadata", came.as_deref(), Some(BYTES))
}
