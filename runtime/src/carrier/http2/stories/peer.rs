//! Servers for the stories, written at the level of streams and of bytes, and the calls that go to them.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use h2::{RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, Request, Response};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tonic::Status;

use crate::{
    Streaming,
    call::{
        Body, Cache, Call, Idempotency, Invoke, Kind, Meeting, Message, Method, Policies, Reply,
        Service,
    },
    client::Channel,
};

pub(super) static SERVICE: Service = Service {
    name: "test.Peer",
    version: "1.0.0",
    accepts: "",
    wire_since: "",
    schema: "",
    meeting: Meeting::DEFAULT,
    ages: None,
    methods: &METHODS,
    descriptor: &[],
    cache: Cache::new(),
};

const fn method(index: usize, path: &'static str, kind: Kind) -> Method {
    Method {
        service: &SERVICE,
        name: "Method",
        since: "",
        path,
        index,
        kind,
        idempotency: Idempotency::Unknown,
        policies: Policies::UNSET,
    }
}

static METHODS: [Method; 4] = [
    method(0, "/test.Peer/Unary", Kind::Unary),
    method(1, "/test.Peer/Server", Kind::ServerStreaming),
    method(2, "/test.Peer/Client", Kind::ClientStreaming),
    method(3, "/test.Peer/Bidi", Kind::BidiStreaming),
];

/// One request as the server sees it.
pub(super) struct Asked {
    /// Which of the connections it came over, by the order in which they came up.
    pub(super) connection: usize,
    pub(super) request: Request<RecvStream>,
    pub(super) respond: SendResponse<Bytes>,
}

impl Asked {
    /// Sends the head of a gRPC answer.
    pub(super) fn head(&mut self) -> SendStream<Bytes> {
        let head = Response::builder().header("content-type", "application/grpc");
        self.respond
            .send_response(head.body(()).unwrap(), false)
            .unwrap()
    }

    /// Answers with one message and OK.
    pub(super) fn answer(&mut self, text: &str) {
        let mut stream = self.head();
        stream.send_data(framed(text), false).unwrap();
        stream.send_trailers(trailers("0")).unwrap();
    }

    /// The next bytes of the request.
    pub(super) async fn data(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let data = self.request.body_mut().data().await;
        if let Some(Ok(data)) = &data {
            let flow = self.request.body_mut().flow_control();
            flow.release_capacity(data.len()).unwrap();
        }
        data
    }
}

pub(super) fn framed(text: &str) -> Bytes {
    Message::encode(&text.to_owned()).unwrap().framed().clone()
}

pub(super) fn trailers(code: &str) -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert("grpc-status", code.parse().unwrap());
    map
}

/// A server whose every request goes to `handler`; where it listens.
pub(super) async fn serve<H, F>(handler: H) -> String
where
    H: Fn(Asked) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    serve_with(h2::server::Builder::new(), handler).await
}

/// The same with settings of its own.
pub(super) async fn serve_with<H, F>(settings: h2::server::Builder, handler: H) -> String
where
    H: Fn(Asked) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (handler, count) = (Arc::new(handler), AtomicUsize::new(0));
    listen(move |stream| {
        let connection = count.fetch_add(1, Ordering::Relaxed);
        speak(stream, settings.clone(), connection, Arc::clone(&handler))
    })
    .await
}

/// Speaks HTTP/2 on one connection until it ends.
pub(super) async fn speak<T, H, F>(
    io: T,
    settings: h2::server::Builder,
    connection: usize,
    handler: Arc<H>,
) where
    T: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Asked) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(mut frames) = settings.handshake(io).await else {
        return;
    };
    while let Some(Ok((request, respond))) = frames.accept().await {
        tokio::spawn(handler(Asked {
            connection,
            request,
            respond,
        }));
    }
}

/// Greets, waits for a call that says `hi`, and answers it with `bytes` whatever they are.
pub(super) async fn answer_raw(mut stream: TcpStream, bytes: &[u8]) -> TcpStream {
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let acknowledged = [0, 0, 0, 4, 1, 0, 0, 0, 0];
    stream.write_all(&settings).await.unwrap();
    stream.write_all(&acknowledged).await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"hi") {
        let count = stream.read_buf(&mut read).await.unwrap();
        assert_ne!(count, 0, "the client went away");
    }
    stream.write_all(bytes).await.unwrap();
    stream
}

/// A server whose every connection goes to `handler`; where it listens.
pub(super) async fn listen<H, F>(handler: H) -> String
where
    H: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handler(stream));
        }
    });
    format!("http://{address}")
}

/// A channel that has not connected yet.
pub(super) fn channel(target: &str) -> Channel {
    Channel::builder(target).lazy().unwrap()
}

/// A unary call.
pub(super) fn unary(text: &str) -> Call {
    let message = Message::encode(&text.to_owned()).unwrap();
    Call::new(&METHODS[0], Body::One(message, None))
}

/// A call of `kind` with a stream of messages.
pub(super) fn streaming(kind: Kind, messages: Streaming<String>) -> Call {
    let method = METHODS.iter().find(|method| method.kind == kind).unwrap();
    Call::new(method, Body::Many(messages.into_frames()))
}

/// The text of a unary answer.
pub(super) async fn text(channel: &Channel, call: Call) -> Result<String, Status> {
    let reply = channel.link().invoke(call).await?;
    reply.body.one().await?.0.decode()
}

/// The texts of a streamed answer.
pub(super) fn texts(reply: Reply) -> Streaming<String> {
    Streaming::from_frames(reply.body.into_frames())
}

/// What a server's answer in `handler` makes of a unary call.
pub(super) async fn told<H, F>(handler: H) -> Status
where
    H: Fn(Asked) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let target = serve(handler).await;
    text(&channel(&target), unary("hi")).await.unwrap_err()
}
