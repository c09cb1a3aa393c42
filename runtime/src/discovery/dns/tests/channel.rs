//! Channels to names, end to end.

use std::net::SocketAddr;

use tokio::task::JoinSet;

use super::server::Server as Dns;
use crate::{
    Channel, Server,
    call::Invoke,
    fixture::{ECHO, Handler, echo, say},
};

/// Servers that end with the test.
#[derive(Default)]
struct Servers(JoinSet<()>);

impl Servers {
    async fn start(&mut self) -> SocketAddr {
        self.serve(Server::builder()).await
    }

    async fn serve(&mut self, builder: crate::server::Builder) -> SocketAddr {
        let server = builder
            .add(Handler(echo))
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        let address = server.local_addr().unwrap().to_string().parse().unwrap();
        self.0.spawn(async {
            let _ = server.run().await;
        });
        address
    }
}

#[tokio::test]
async fn a_channel_to_a_name_calls_what_is_there() {
    let (dns, mut servers) = (Dns::start().await, Servers::default());
    let port = servers.start().await.port();
    dns.addresses("movies.test", 60, &["127.0.0.1"]);
    let target = format!("dns://{}/movies.test:{port}", dns.address);
    let channel = Channel::connect(target).await.unwrap();
    channel.stack(&ECHO).invoke(say(&ECHO, "hi")).await.unwrap();
}

#[tokio::test]
async fn a_channel_to_services_goes_where_they_moved() {
    let (dns, mut servers, mut moved) =
        (Dns::start().await, Servers::default(), Servers::default());
    let (before, after) = (servers.start().await.port(), moved.start().await.port());
    dns.addresses("a.test", 60, &["127.0.0.1"]);
    dns.services("_grpc._tcp.movies.test", &[(1, 1, before, "a.test")]);
    let target = format!("dns+srv://{}/_grpc._tcp.movies.test", dns.address);
    let channel = Channel::connect(target).await.unwrap();
    let stack = channel.stack(&ECHO);
    stack.invoke(say(&ECHO, "hi")).await.unwrap();

    dns.services("_grpc._tcp.movies.test", &[(1, 1, after, "a.test")]);
    drop(servers);
    // Refused for about a second, until the answer has run out.
    while stack.invoke(say(&ECHO, "hi")).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_channel_to_a_name_that_is_not_there_says_who_said_so() {
    let dns = Dns::start().await;
    let target = format!("dns://{}/nobody.test:1", dns.address);
    let error = Channel::connect(&*target).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{target}: there is no such name (NXDOMAIN)")),
        "{error}"
    );
}

/// The server shows a certificate for a name, and it is the name that was asked for, not the address that was found.
#[cfg(feature = "tls")]
#[tokio::test]
async fn certificates_are_for_the_name() {
    use crate::{client::ClientTls, server::ServerTls};

    let made = rcgen::generate_simple_self_signed(["movies.test".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let (dns, mut servers) = (Dns::start().await, Servers::default());
    let tls = ServerTls::new(&certificate, key).unwrap();
    let port = servers.serve(Server::builder().tls(tls)).await.port();
    for name in ["movies.test", "other.test"] {
        dns.addresses(name, 60, &["127.0.0.1"]);
    }
    let connect = |name| {
        let target = format!("dns://{}/{name}:{port}", dns.address);
        let tls = ClientTls::new().roots(certificate.clone());
        Channel::builder(target).tls(tls).connect()
    };
    let channel = connect("movies.test").await.unwrap();
    channel.stack(&ECHO).invoke(say(&ECHO, "hi")).await.unwrap();
    let error = connect("other.test").await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}
