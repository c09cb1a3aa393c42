//! Stories of a server over real sockets: hostile clients speak frames, foreign ones are tonic's.

mod admin;
mod ages;
mod deadlines;
mod drain;
#[cfg(any(feature = "health", feature = "reflection"))]
mod extras;
mod hostile;
mod limits;
mod mounts;
mod peers;
#[cfg(feature = "tls")]
mod renewal;
#[cfg(feature = "tls")]
mod tls;
mod versioned;

use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use h2::{RecvStream, client::SendRequest};
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Semaphore, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tonic::{Code, Status, metadata::MetadataMap};

use super::{Builder, Drained, Server};
use crate::{
    Streaming,
    call::{Body, Call, Invoke, Message, Reply, Service, status},
    clock,
    codegen::Contract,
    context::Context,
    fixture::ECHO,
};

const SAY: &str = "/test.Echo/Say";
const REPEAT: &str = "/test.Echo/Repeat";

// === The server ===

/// A service that does what the text of a call says, and tells what happened to its calls.
#[derive(Clone)]
struct Actor(Arc<Probe>);

struct Probe {
    /// A permit for each call that a handler has begun.
    begun: Semaphore,
    /// A permit for each call that may end.
    leave: Semaphore,
    /// A permit for each handler that was dropped before its end.
    dropped: Semaphore,
    /// Whom the last call came from.
    peer: std::sync::Mutex<Option<Arc<crate::call::Peer>>>,
    served: AtomicUsize,
}

struct Unfinished(Arc<Probe>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.dropped.add_permits(1);
    }
}

impl Actor {
    fn new() -> Self {
        Self(Arc::new(Probe {
            begun: Semaphore::new(0),
            leave: Semaphore::new(0),
            dropped: Semaphore::new(0),
            peer: std::sync::Mutex::default(),
            served: AtomicUsize::new(0),
        }))
    }
}

impl Probe {
    async fn begun(&self, calls: u32) {
        take(&self.begun, calls).await;
    }

    async fn dropped(&self, calls: u32) {
        take(&self.dropped, calls).await;
    }
}

/// Takes permits, which come soon if they come.
async fn take(from: &Semaphore, permits: u32) {
    let taken = timeout(Duration::from_secs(90), from.acquire_many(permits));
    taken.await.expect("it never happened").unwrap().forget();
}

impl Invoke for Actor {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let probe = &self.0;
        probe.peer.lock().unwrap().clone_from(&call.peer);
        let text: String = call.body.one().await?.0.decode()?;
        let unfinished = Unfinished(Arc::clone(probe));
        probe.begun.add_permits(1);
        match text.as_str() {
            "hang" => pending().await,
            "panic" => panic!("as asked"),
            "wait" => probe.leave.acquire().await.unwrap().forget(),
            "forever" => {
                let first = stream::iter([Ok(text)]).chain(stream::pending());
                let frames = Streaming::new(first.inspect(move |_| _ = &unfinished)).into_frames();
                return Ok(Reply::new(Body::Many(frames)));
            }
            "flood" => {
                let always = stream::repeat_with(move || Ok("x".repeat(1 << 10)));
                let always = always.inspect(move |_| _ = &unfinished);
                return Ok(Reply::new(Body::Many(Streaming::new(always).into_frames())));
            }
            "left" => {
                std::mem::forget(unfinished);
                return Ok(Reply::new(Body::One(Message::encode(&left())?, None)));
            }
            _ => {}
        }
        std::mem::forget(unfinished);
        probe.served.fetch_add(1, Ordering::Relaxed);
        Ok(Reply::new(Body::One(Message::encode(&text)?, None)))
    }
}

/// The milliseconds that are left to the call being served.
fn left() -> String {
    let left = Context::current().deadline.remaining(clock::now());
    left.map_or_else(|| "never".to_owned(), |left| left.as_millis().to_string())
}

impl Contract for Actor {
    const SERVICE: &'static Service = &ECHO;
}

/// A server that runs.
struct Running {
    address: SocketAddr,
    probe: Arc<Probe>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
}

impl Running {
    async fn start(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let actor = Actor::new();
        let builder = Server::builder().add(actor.clone());
        let server = configure(builder).bind("127.0.0.1:0").await.unwrap();
        Self::of(server, actor)
    }

    fn of(server: Server, actor: Actor) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self {
            // Streams of connections have none.
            address: server
                .local_addr()
                .unwrap_or_else(|| ([127, 0, 0, 1], 0).into()),
            probe: actor.0,
            stop,
            ended: tokio::spawn(server.run_until(async { stopped.await.unwrap() })),
        }
    }

    async fn client(&self) -> Client {
        Client::over(self.socket().await).await
    }

    async fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).await.unwrap();
        // A paused clock runs ahead while a small write waits for an acknowledgement.
        socket.set_nodelay(true).unwrap();
        socket
    }
}

// === The client ===

/// A client that can say anything.
#[derive(Clone)]
struct Client(SendRequest<Bytes>);

impl Client {
    async fn over(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (client, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        Self(client.ready().await.unwrap())
    }

    async fn say(&self, text: &str) -> Result<String, Status> {
        self.call(SAY, &[], text).await
    }

    async fn call(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        text: &str,
    ) -> Result<String, Status> {
        let body = [framed(text)];
        let answer = self.try_send(request(path, headers), &body).await;
        read(answer.map_err(gone)?).await
    }

    /// Sends a request with a whole body and returns the head of its answer.
    async fn send(&self, request: Request<()>, body: &[Bytes]) -> Response<RecvStream> {
        self.try_send(request, body).await.unwrap()
    }

    async fn try_send(
        &self,
        request: Request<()>,
        body: &[Bytes],
    ) -> Result<Response<RecvStream>, h2::Error> {
        let (response, mut send) = self.0.clone().send_request(request, false)?;
        for data in body {
            send.send_data(data.clone(), false).unwrap();
        }
        // A server may have answered, and be done with the stream, before it has read all.
        let _ = send.send_data(Bytes::new(), true);
        response.await
    }
}

fn gone(error: h2::Error) -> Status {
    Status::unavailable(error.to_string())
}

fn request(path: &str, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = Request::post(format!("http://test{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn framed(text: &str) -> Bytes {
    let message = Message::encode(&text.to_owned()).unwrap();
    message.framed().clone()
}

/// Reads an answer with at most one message.
async fn read(response: Response<RecvStream>) -> Result<String, Status> {
    assert_eq!(response.status(), StatusCode::OK);
    let (head, mut body) = response.into_parts();
    if let Some(outcome) = outcome(head.headers) {
        outcome?;
    }
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.map_err(gone)?;
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    let trailers = body.trailers().await;
    let trailers = trailers.map_err(gone)?;
    outcome(trailers.expect("trailers")).expect("a grpc-status")?;
    Message::from_framed(bytes.into()).decode()
}

fn outcome(headers: HeaderMap) -> Option<Result<MetadataMap, Status>> {
    status::read(headers)
}

fn code(answer: Result<String, Status>) -> Code {
    answer.expect_err("an error").code()
}
