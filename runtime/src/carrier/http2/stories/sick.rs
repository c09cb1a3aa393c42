//! One well endpoint among sick ones: calls go to it, and it is said what is wrong with the others.

use std::{sync::Arc, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Notify, time::timeout};
use tonic::Code;

use super::peer::{Asked, listen, serve, text, unary};
use crate::{
    client::{Channel, Keepalive},
    policy::connectivity::State,
};

/// What a sick endpoint does with a connection, and what is said of it.
#[derive(Debug, Clone, Copy)]
enum Sickness {
    NeverAnswers,
    Resets,
    HalfCloses,
    SpeaksAnother,
}

const ALL: [(Sickness, &str); 4] = [
    (Sickness::NeverAnswers, "no connection came up within"),
    (Sickness::Resets, "no HTTP/2 with the server"),
    (Sickness::HalfCloses, "closed the connection"),
    (Sickness::SpeaksAnother, "no HTTP/2 with the server"),
];

async fn sick(sickness: Sickness) -> String {
    listen(move |mut stream: TcpStream| async move {
        match sickness {
            Sickness::NeverAnswers => {}
            Sickness::Resets => return stream.set_zero_linger().unwrap(),
            Sickness::HalfCloses => stream.shutdown().await.unwrap(),
            Sickness::SpeaksAnother => {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        }
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await
}

#[tokio::test]
async fn what_is_wrong_with_an_endpoint_is_said_with_its_address() {
    for (sickness, told) in ALL {
        let target = sick(sickness).await;
        let channel = Channel::builder(&target).connect_timeout(Duration::from_millis(300));
        let status = text(&channel.lazy().unwrap(), unary("hi"))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        for word in [told, &target] {
            assert!(status.message().contains(word), "{sickness:?}: {status}");
        }
    }
}

#[tokio::test]
async fn the_others_serve_while_some_are_sick() {
    let mut addresses = vec![serve(async |mut asked| asked.answer("ok")).await];
    for (sickness, _) in ALL {
        addresses.push(sick(sickness).await);
    }
    let target = format!("static:///{}", addresses.join(","));
    let channel = Channel::builder(target).connect_timeout(Duration::from_millis(300));
    let channel = channel.connect().await.unwrap();
    for _ in 0..100 {
        assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
        assert_eq!(channel.endpoints().of(State::Ready), 1);
    }
}

/// Half open on real sockets: a proxy that stops forwarding in both directions, and closes nothing.
#[tokio::test]
async fn a_call_ends_when_its_way_is_cut_and_the_next_one_takes_another() {
    let far = serve_first_never().await;
    let cut = Arc::new(Notify::new());
    let stop = Arc::clone(&cut);
    let target = listen(move |mut near| {
        let (far, cut) = (far.clone(), Arc::clone(&stop));
        async move {
            let mut far = TcpStream::connect(far).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
                () = cut.notified() => {}
            }
            std::future::pending::<()>().await;
        }
    })
    .await;
    let keepalive = Keepalive {
        interval: Duration::from_millis(50),
        timeout: Duration::from_millis(200),
        while_idle: false,
    };
    let channel = Channel::builder(target).keepalive(keepalive).connect();
    let channel = channel.await.unwrap();
    let cutting = async { cut.notify_one() };
    let call = timeout(Duration::from_secs(20), text(&channel, unary("hi")));
    let (told, ()) = tokio::join!(call, cutting);
    let status = told.expect("long before TCP would notice").unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
}

/// Where a server listens that never answers on its first connection.
async fn serve_first_never() -> String {
    let target = serve(async |mut asked: Asked| match asked.connection {
        0 => std::future::pending().await,
        _ => asked.answer("ok"),
    });
    target.await.trim_start_matches("http://").to_owned()
}
