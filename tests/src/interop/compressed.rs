//! Messages that one end compresses and the other can tell.

use couplet::{Code, Compressed, Streaming, call::Encoding};

use super::{
    Client, Outcome,
    case::{expect, expect_code, zeros},
    proto::{
        BoolValue, ResponseParameters, SimpleRequest, StreamingInputCallRequest,
        StreamingOutputCallRequest,
    },
    streams::{expect_size, parameters},
    unary::{RESPONSE, large_request, size},
};

/// Requests of which the server says whether they came as announced.
pub(super) async fn client_unary(client: &Client) -> Outcome {
    let expecting = |compressed| SimpleRequest {
        expect_compressed: Some(wish(compressed)),
        ..large_request()
    };
    // The probe lies. A server that believes it does not look.
    expect_code(
        client.test.unary_call(expecting(true)).await,
        Code::InvalidArgument,
    )?;

    let call = client
        .test
        .unary_call(expecting(true))
        .send_compressed(Encoding::Gzip);
    expect_large(call.await?.into_inner().payload.as_ref())?;
    let call = client.test.unary_call(expecting(false));
    expect_large(call.await?.into_inner().payload.as_ref())
}

/// Responses that come compressed where that was asked for, and only there.
pub(super) async fn server_unary(client: &Client) -> Outcome {
    for compressed in [true, false] {
        let request = SimpleRequest {
            response_compressed: Some(wish(compressed)),
            ..large_request()
        };
        let answer = client.test.unary_call(request).await?;
        let came = answer.extensions().get() == Some(&Compressed(true));
        expect("whether it came compressed", came, compressed)?;
        expect_large(answer.into_inner().payload.as_ref())?;
    }
    Ok(())
}

/// A stream of one compressed and one plain request.
pub(super) async fn client_streaming(client: &Client) -> Outcome {
    let request = |size, compressed| StreamingInputCallRequest {
        payload: Some(zeros(size)),
        expect_compressed: Some(wish(compressed)),
        ..StreamingInputCallRequest::default()
    };
    // The probe lies. A server that believes it does not look.
    let probe = Streaming::iter([request(27_182, true)]);
    expect_code(
        client.test.streaming_input_call(probe).await,
        Code::InvalidArgument,
    )?;

    let requests =
        Streaming::iter([request(27_182, true), request(45_904, false)]).compress_when(|request| {
            request
                .expect_compressed
                .as_ref()
                .is_some_and(|wish| wish.value)
        });
    let call = client
        .test
        .streaming_input_call(requests)
        .send_compressed(Encoding::Gzip);
    expect(
        "the total size",
        call.await?.into_inner().aggregated_payload_size,
        73_086,
    )
}

/// A stream of one compressed and one plain response.
pub(super) async fn server_streaming(client: &Client) -> Outcome {
    let wanted = [(31_415, true), (92_653, false)];
    let request = StreamingOutputCallRequest {
        response_parameters: wanted
            .map(|(size, compressed)| ResponseParameters {
                compressed: Some(wish(compressed)),
                ..parameters(size)
            })
            .into(),
        ..StreamingOutputCallRequest::default()
    };
    let mut answers = client
        .test
        .streaming_output_call(request)
        .await?
        .into_inner();
    for (size, compressed) in wanted {
        expect_size(&mut answers, size).await?;
        expect(
            "whether it came compressed",
            answers.came_compressed(),
            compressed,
        )?;
    }
    Ok(())
}

fn wish(value: bool) -> BoolValue {
    BoolValue {
        value,
        ..BoolValue::default()
    }
}

fn expect_large(payload: Option<&super::proto::Payload>) -> Outcome {
    expect("the size of the payload", size(payload), RESPONSE)
}
