//! Couplet and plain tonic, whose stubs were made of the same contract: each calls the other, and each mounts the other.

use std::time::Duration;

use couplet::{
    Code, Request, Response, Server, Status, Streaming, call::Invoke, carrier::http2::Over,
};
use couplet_tests::interop::{
    Client, Interop, Soak, cases,
    proto::{
        EchoStatus, Empty, Payload, ResponseParameters, SimpleRequest, SimpleResponse,
        StreamingInputCallRequest, StreamingInputCallResponse, StreamingOutputCallRequest,
        StreamingOutputCallResponse, TestService, TestServiceClient, TestServiceServer,
        test_service_client::TestServiceClient as TonicClient,
        test_service_server::{TestService as TonicService, TestServiceServer as TonicServer},
    },
    run,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server as Transport};

/// The service that couplet serves, behind tonic's trait: the messages are the same types.
struct Shim;

#[tonic::async_trait]
impl TonicService for Shim {
    type StreamingOutputCallStream = Streaming<StreamingOutputCallResponse>;
    type FullDuplexCallStream = Streaming<StreamingOutputCallResponse>;
    type HalfDuplexCallStream = Streaming<StreamingOutputCallResponse>;

    async fn empty_call(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        Interop.empty_call(request).await
    }

    async fn unary_call(
        &self,
        request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        Interop.unary_call(request).await
    }

    async fn cacheable_unary_call(
        &self,
        request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        Interop.unary_call(request).await
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<Response<Self::StreamingOutputCallStream>, Status> {
        Interop.streaming_output_call(request).await
    }

    async fn streaming_input_call(
        &self,
        request: Request<tonic::Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        Interop
            .streaming_input_call(request.map(Streaming::new))
            .await
    }

    async fn full_duplex_call(
        &self,
        request: Request<tonic::Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Self::FullDuplexCallStream>, Status> {
        Interop.full_duplex_call(request.map(Streaming::new)).await
    }

    async fn half_duplex_call(
        &self,
        request: Request<tonic::Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Self::HalfDuplexCallStream>, Status> {
        Interop.half_duplex_call(request.map(Streaming::new)).await
    }

    async fn unimplemented_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Err(Status::unimplemented("as the case wants it"))
    }
}

/// tonic's transport with tonic's stubs.
async fn tonic_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let routes = Transport::builder().add_service(TonicServer::new(Shim));
    tokio::spawn(routes.serve_with_incoming(TcpListenerStream::new(listener)));
    target
}

/// tonic's transport with couplet's service mounted in its router.
async fn couplet_in_tonic() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let routes = Transport::builder().add_service(TestServiceServer::new(Interop));
    tokio::spawn(routes.serve_with_incoming(TcpListenerStream::new(listener)));
    target
}

async fn running(server: couplet::server::Builder) -> String {
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", server.local_addr().unwrap());
    tokio::spawn(server.run());
    target
}

async fn tonic_channel(target: String) -> Channel {
    Endpoint::from_shared(target)
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// The cases that need neither compression, which is not turned on here, nor metadata sent back, nor time.
fn plain() -> impl Iterator<Item = &'static str> {
    cases().filter(|case| {
        !case.contains("compressed") && !case.contains("soak") && *case != "custom_metadata"
    })
}

async fn passes_plain_cases(target: String) {
    assert_eq!(plain().count(), 13);
    let client = Client::new(target, None, Soak::default()).unwrap();
    for case in plain() {
        run(case, &client)
            .await
            .unwrap_or_else(|failure| panic!("{case}: {failure}"));
    }
}

#[tokio::test]
async fn couplets_client_calls_tonics_server() {
    passes_plain_cases(tonic_server().await).await;
}

#[tokio::test]
async fn couplets_client_calls_couplets_service_in_tonics_router() {
    passes_plain_cases(couplet_in_tonic().await).await;
}

#[tokio::test]
async fn couplets_client_calls_tonics_service_in_couplets_server() {
    passes_plain_cases(running(Server::builder().add_tonic(TonicServer::new(Shim))).await).await;
}

#[tokio::test]
async fn couplets_client_calls_through_tonics_channel() {
    let target = running(Server::builder().add(TestServiceServer::new(Interop))).await;
    let over = Over::new(tonic_channel(target).await);
    talks(TestServiceClient::over(over)).await;
}

/// All four kinds of call, and an error.
async fn talks<I: Invoke + 'static>(client: TestServiceClient<I>) {
    let answer = client.unary_call(sized(9)).await.unwrap();
    assert_eq!(length(answer.get_ref().payload.as_ref()), 9);
    let mut answers = client
        .streaming_output_call(wanting(&[3, 1]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        3
    );
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        1
    );
    assert_eq!(answers.message().await.unwrap(), None);
    let sum = client
        .streaming_input_call(Streaming::iter([chunk(5), chunk(6)]))
        .await
        .unwrap();
    assert_eq!(sum.get_ref().aggregated_payload_size, 11);
    let talk = Streaming::iter([wanting(&[2]), wanting(&[4])]);
    let mut answers = client.full_duplex_call(talk).await.unwrap().into_inner();
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        2
    );
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        4
    );
    let status = client.unary_call(failing()).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Aborted, "as asked ☺")
    );
}

#[tokio::test]
async fn tonics_client_calls_couplets_server() {
    let target = running(Server::builder().add(TestServiceServer::new(Interop))).await;
    let mut client = TonicClient::new(tonic_channel(target).await);
    let answer = client.unary_call(sized(9)).await.unwrap();
    assert_eq!(length(answer.get_ref().payload.as_ref()), 9);
    let mut answers = client
        .streaming_output_call(wanting(&[3, 1]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        3
    );
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        1
    );
    assert_eq!(answers.message().await.unwrap(), None);
    let chunks = tokio_stream::iter([chunk(5), chunk(6)]);
    let sum = client.streaming_input_call(chunks).await.unwrap();
    assert_eq!(sum.get_ref().aggregated_payload_size, 11);
    let talk = tokio_stream::iter([wanting(&[2]), wanting(&[4])]);
    let mut answers = client.full_duplex_call(talk).await.unwrap().into_inner();
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        2
    );
    assert_eq!(
        length(answers.message().await.unwrap().unwrap().payload.as_ref()),
        4
    );
    let status = client.unary_call(failing()).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Aborted, "as asked ☺")
    );
}

/// Seen in tonic (the timer ends with the headers).
#[tokio::test]
async fn tonics_client_is_held_to_its_deadline_by_couplets_server() {
    let target = running(Server::builder().add(TestServiceServer::new(Interop))).await;
    let mut client = TonicClient::new(tonic_channel(target).await);
    let slow = ResponseParameters::default()
        .with_size(1)
        .with_interval_us(60_000_000);
    let slow = StreamingOutputCallRequest::default().with_response_parameters([slow]);
    let mut request = Request::new(slow);
    request.set_timeout(Duration::from_millis(100));
    // tonic's own timer ends at the head of the answer, which comes at once; the stream is the server's to end.
    let mut answers = client
        .streaming_output_call(request)
        .await
        .unwrap()
        .into_inner();
    let status = answers.message().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
}

fn sized(size: i32) -> SimpleRequest {
    SimpleRequest::default().with_response_size(size)
}

fn failing() -> SimpleRequest {
    let status = EchoStatus::default()
        .with_code(Code::Aborted as i32)
        .with_message("as asked ☺");
    SimpleRequest::default().with_response_status(status)
}

fn wanting(sizes: &[i32]) -> StreamingOutputCallRequest {
    let parameters = |size: &i32| ResponseParameters::default().with_size(*size);
    StreamingOutputCallRequest::default().with_response_parameters(sizes.iter().map(parameters))
}

fn chunk(size: usize) -> StreamingInputCallRequest {
    let payload = Payload::default().with_body(vec![0; size]);
    StreamingInputCallRequest::default().with_payload(payload)
}

fn length(payload: Option<&Payload>) -> usize {
    payload.map_or(0, |payload| payload.body.len())
}
