//! Foreign clients, other places to listen at, and what a server knows of who calls.

use http::uri::PathAndQuery;
use tokio::net::UnixStream;
use tonic::{client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use super::*;

pub(super) async fn channel(server: &Running) -> Channel {
    let target = format!("http://{}", server.address);
    Channel::from_shared(target)
        .unwrap()
        .connect()
        .await
        .unwrap()
}

async fn said(client: &mut Grpc<Channel>, text: &str) -> Result<String, Status> {
    client.ready().await.unwrap();
    let request = tonic::Request::new(text.to_owned());
    let codec = ProstCodec::<String, String>::default();
    let answer = client.unary(request, PathAndQuery::from_static(SAY), codec);
    Ok(answer.await?.into_inner())
}

#[tokio::test]
async fn a_tonic_client_is_served_unary_and_streams() {
    let server = Running::start(|builder| builder).await;
    let mut client = Grpc::new(channel(&server).await);
    assert_eq!(said(&mut client, "hi").await.unwrap(), "hi");
    let refused = said(&mut client, "panic").await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal);

    client.ready().await.unwrap();
    let request = tonic::Request::new("forever".to_owned());
    let codec = ProstCodec::<String, String>::default();
    let path = PathAndQuery::from_static(REPEAT);
    let answer = client.server_streaming(request, path, codec).await;
    let mut stream = answer.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap(), "forever");
    drop(stream);
    server.probe.dropped(2).await;
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn answers_are_compressed_for_those_who_can_read_it() {
    let gzip = crate::call::Encoding::Gzip;
    let server = Running::start(|builder| builder.send_compressed(gzip)).await;
    let long = "long ".repeat(100);
    let client = server.client().await;
    let plain = client.send(request(SAY, &[]), &[framed(&long)]).await;
    assert!(!plain.headers().contains_key("grpc-encoding"));
    let willing = [("grpc-accept-encoding", "identity,gzip")];
    let answer = client.send(request(SAY, &willing), &[framed(&long)]).await;
    assert_eq!(answer.headers()["grpc-encoding"], "gzip");

    let mut tonic = Grpc::new(channel(&server).await)
        .send_compressed(tonic::codec::CompressionEncoding::Gzip)
        .accept_compressed(tonic::codec::CompressionEncoding::Gzip);
    assert_eq!(said(&mut tonic, &long).await.unwrap(), long);
}

#[tokio::test]
async fn a_handler_knows_who_calls() {
    let server = Running::start(|builder| builder).await;
    let socket = server.socket().await;
    let address = socket.local_addr().unwrap();
    Client::over(socket).await.say("hi").await.unwrap();
    let peer = server.probe.peer.lock().unwrap().clone().unwrap();
    assert_eq!(peer.address, Some(address));
}

#[tokio::test]
async fn a_unix_socket_is_served_taken_over_when_stale_and_taken_away_at_the_end() {
    let path = std::env::temp_dir().join(format!("couplet-{}.socket", std::process::id()));
    // Somebody died here and left the file.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());

    let address = format!("unix:{}", path.display());
    let builder = || Server::builder().add(Actor::new());
    let server = builder().bind(address.as_str()).await.unwrap();
    let taken = builder().bind(address.as_str()).await.unwrap_err();
    let expected = format!("cannot listen at {address}: Address already in use");
    assert!(taken.to_string().starts_with(&expected), "{taken}");

    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(server.run_until(async { stopped.await.unwrap() }));
    let client = Client::over(UnixStream::connect(&path).await.unwrap()).await;
    assert_eq!(client.say("hi").await.unwrap(), "hi");
    stop.send(()).unwrap();
    assert_eq!(ended.await.unwrap(), Drained::default());
    assert!(!path.exists());
}

#[tokio::test]
async fn connections_may_come_from_anywhere_and_the_server_ends_with_them() {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let server = Server::builder().add(Actor::new());
    let server = server.incoming(stream::iter([Ok(theirs)])).unwrap();
    let (client, connection) = h2::client::handshake(ours).await.unwrap();
    let ended = tokio::spawn(server.run());
    drop((client, connection));
    assert_eq!(ended.await.unwrap(), Drained::default());
}
