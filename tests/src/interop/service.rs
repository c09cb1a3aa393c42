//! The interop service: it sends back what it is told to send back. Metadata is `echo`'s part.

use std::{collections::VecDeque, time::Duration};

use couplet::{Code, Compressed, Request, Response, Status, Streaming};
use futures_util::stream;

use super::{
    case::zeros,
    proto::{
        BoolValue, EchoStatus, Empty, ResponseParameters, SimpleRequest, SimpleResponse,
        StreamingInputCallRequest, StreamingInputCallResponse, StreamingOutputCallRequest,
        StreamingOutputCallResponse, TestService,
    },
    unary::size,
};

/// The service. What it does not implement, the contract's default bodies answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interop;

impl TestService for Interop {
    async fn empty_call(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        drop(request);
        Ok(Response::new(Empty::default()))
    }

    async fn unary_call(
        &self,
        request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        let compressed = request.extensions().get() == Some(&Compressed(true));
        let request = request.into_inner();
        check_compression(request.expect_compressed.as_ref(), compressed)?;
        check_status(request.response_status.as_ref())?;
        let answer = SimpleResponse {
            payload: Some(zeros(bytes(request.response_size)?)),
            ..SimpleResponse::default()
        };
        let mut response = Response::new(answer);
        let wish = request.response_compressed.is_some_and(|wish| wish.value);
        response.extensions_mut().insert(Compressed(wish));
        Ok(response)
    }

    async fn cacheable_unary_call(
        &self,
        request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        self.unary_call(request).await
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<Response<Streaming<StreamingOutputCallResponse>>, Status> {
        let request = request.into_inner();
        check_status(request.response_status.as_ref())?;
        let wishes: Vec<bool> = request
            .response_parameters
            .iter()
            .map(wants_compression)
            .collect();
        let mut wishes = wishes.into_iter();
        let answers = Answers {
            wanted: request.response_parameters.into(),
            requests: None,
        };
        let answers = answers
            .stream()
            .compress_when(move |_| wishes.next().unwrap_or_default());
        Ok(Response::new(answers))
    }

    async fn streaming_input_call(
        &self,
        request: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let mut requests = request.into_inner();
        let mut total = 0_i32;
        while let Some(request) = requests.message().await? {
            check_compression(
                request.expect_compressed.as_ref(),
                requests.came_compressed(),
            )?;
            total = total.saturating_add(size(request.payload.as_ref()));
        }
        let answer = StreamingInputCallResponse {
            aggregated_payload_size: total,
            ..StreamingInputCallResponse::default()
        };
        Ok(Response::new(answer))
    }

    async fn full_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Streaming<StreamingOutputCallResponse>>, Status> {
        let answers = Answers {
            wanted: VecDeque::new(),
            requests: Some(request.into_inner()),
        };
        Ok(Response::new(answers.stream()))
    }

    async fn half_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Streaming<StreamingOutputCallResponse>>, Status> {
        let mut requests = request.into_inner();
        let mut wanted = VecDeque::new();
        while let Some(request) = requests.message().await? {
            wanted.extend(request.response_parameters);
        }
        Ok(Response::new(
            Answers {
                wanted,
                requests: None,
            }
            .stream(),
        ))
    }
}

// === Answers ===

/// The responses that are still to be sent, and the requests that ask for more.
struct Answers {
    wanted: VecDeque<ResponseParameters>,
    requests: Option<Streaming<StreamingOutputCallRequest>>,
}

impl Answers {
    fn stream(self) -> Streaming<StreamingOutputCallResponse> {
        Streaming::new(stream::try_unfold(self, |mut answers| async {
            let answer = answers.next().await?;
            Ok(answer.map(|answer| (answer, answers)))
        }))
    }

    async fn next(&mut self) -> Result<Option<StreamingOutputCallResponse>, Status> {
        loop {
            if let Some(wanted) = self.wanted.pop_front() {
                let pause = u64::try_from(wanted.interval_us).unwrap_or_default();
                if pause > 0 {
                    tokio::time::sleep(Duration::from_micros(pause)).await;
                }
                return Ok(Some(StreamingOutputCallResponse {
                    payload: Some(zeros(bytes(wanted.size)?)),
                    ..StreamingOutputCallResponse::default()
                }));
            }
            let Some(requests) = &mut self.requests else {
                return Ok(None);
            };
            let Some(request) = requests.message().await? else {
                return Ok(None);
            };
            check_status(request.response_status.as_ref())?;
            self.wanted.extend(request.response_parameters);
        }
    }
}

// === What a request asks for ===

fn check_status(wanted: Option<&EchoStatus>) -> Result<(), Status> {
    match wanted {
        Some(status) if status.code != 0 => Err(Status::new(
            Code::from_i32(status.code),
            status.message.clone(),
        )),
        _ => Ok(()),
    }
}

fn check_compression(expected: Option<&BoolValue>, came: bool) -> Result<(), Status> {
    match expected {
        Some(expected) if expected.value != came => Err(Status::invalid_argument(format!(
            "the message came {}, and says it would not",
            if came { "compressed" } else { "as it is" }
        ))),
        _ => Ok(()),
    }
}

fn wants_compression(wanted: &ResponseParameters) -> bool {
    wanted.compressed.as_ref().is_some_and(|wish| wish.value)
}

fn bytes(size: i32) -> Result<usize, Status> {
    usize::try_from(size).map_err(|_| {
        Status::invalid_argument(format!("a payload of {size} bytes; expected 0 or more"))
    })
}
