//! Peers that go silent and peers that break the protocol.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use h2::Reason;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{sync::mpsc, time::timeout};
use tonic::Code;

use super::peer::{Asked, answer_raw, channel, framed, listen, speak, text, unary};
use crate::{
    call::Mark,
    carrier::http2::{decode::Incoming, encode::Outgoing, fault::Side},
    client::{Channel, Keepalive},
};

/// A server that is up and answers a call with `bytes`.
async fn answering(bytes: &'static [u8]) -> String {
    listen(move |stream| async move {
        let _stream = answer_raw(stream, bytes).await;
        std::future::pending::<()>().await;
    })
    .await
}

#[tokio::test]
async fn frames_that_break_http2_never_end_in_unknown() {
    for bytes in [
        // DATA before HEADERS.
        &[0, 0, 1, 0, 0, 0, 0, 0, 1, 7][..],
        // A stream that was never opened.
        &[0, 0, 1, 0, 0, 0, 0, 0, 9, 7],
        // An even stream.
        &[0, 0, 1, 1, 4, 0, 0, 0, 2, 0x88],
        // A header block that is no HPACK.
        &[0, 0, 1, 1, 4, 0, 0, 0, 1, 0xff],
        // A window that overflows.
        &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff],
        // A PING of the wrong length.
        &[0, 0, 1, 6, 0, 0, 0, 0, 0, 7],
        // No frame at all.
        b"HTTP/1.1 200 OK\r\n\r\n",
    ] {
        let target = answering(bytes).await;
        let status = text(&channel(&target), unary("hi")).await.unwrap_err();
        let expected = [Code::Unavailable, Code::Internal];
        assert!(expected.contains(&status.code()), "{bytes:?}: {status}");
        assert_eq!(Mark::of(&status), None, "{bytes:?}: {status}");
    }
}

#[tokio::test]
async fn a_peer_that_went_silent_is_noticed_by_its_missing_pong() {
    let target = answering(&[]).await;
    let watched = Channel::builder(target).keepalive(Keepalive {
        interval: Duration::from_millis(10),
        timeout: Duration::from_millis(10),
        while_idle: false,
    });
    let status = text(&watched.lazy().unwrap(), unary("hi"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_lets_calls_run_out_is_doubted_and_left() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let target = listen(move |stream| {
        let first = count.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if first {
                let _stream = answer_raw(stream, &[]).await;
                std::future::pending().await
            } else {
                let answer = Arc::new(async |mut asked: Asked| asked.answer("ok"));
                speak(stream, h2::server::Builder::new(), 1, answer).await;
            }
        }
    })
    .await;
    let channel = channel(&target);
    // Time is paused: it goes on whenever nothing else does.
    let late = timeout(Duration::from_secs(1), text(&channel, unary("hi"))).await;
    assert!(late.is_err(), "nobody answers");
    let left = timeout(Duration::from_secs(15), text(&channel, unary("hi"))).await;
    let status = left.expect("the ping is not answered").unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
}

#[tokio::test]
async fn an_upload_that_is_reset_without_an_error_is_no_clean_end() {
    let (seen, mut told) = mpsc::unbounded_channel();
    let (near, far) = tokio::io::duplex(4096);
    tokio::spawn(async move {
        let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let frames = Incoming::new(request.into_body(), Side::Serving, None, 99);
            let seen = seen.clone();
            async move {
                seen.send(frames.one().await).unwrap();
                Ok::<_, Infallible>(http::Response::new(Outgoing::empty()))
            }
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(far), service).await;
    });
    let (mut sender, frames) = h2::client::handshake(near).await.unwrap();
    tokio::spawn(frames);
    for (reason, outcome) in [(None, Code::Ok), (Some(Reason::NO_ERROR), Code::Cancelled)] {
        let request = http::Request::post("http://localhost/").body(());
        let (answer, mut stream) = sender.send_request(request.unwrap(), false).unwrap();
        stream.send_data(framed("hi"), reason.is_none()).unwrap();
        if let Some(reason) = reason {
            stream.send_reset(reason);
        }
        let read = told.recv().await.unwrap();
        assert_eq!(read.err().map_or(Code::Ok, |status| status.code()), outcome);
        drop(answer);
    }
}
