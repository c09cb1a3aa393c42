//! Connections: when they are opened, shared, left and replaced.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use tokio::{
    sync::{Barrier, Notify},
    time::timeout,
};
use tonic::Code;

use super::peer::{
    Asked, SERVICE, answer_raw, channel, listen, serve, serve_with, speak, streaming, text, unary,
};
use crate::{
    Streaming,
    call::{Invoke, Kind, Mark},
    client::{Channel, ConnectError},
    layer::retry::Retry,
    policy::{backoff::Backoff, plan::Plans},
};

/// Where nobody listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_refused_connection_is_unavailable_and_says_why() {
    let target = nowhere().await;
    let status = text(&channel(&target), unary("hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(Mark::of(&status), Some(Mark::Unprocessed));
    for word in [&target[..], "refused"] {
        assert!(status.message().contains(word), "{status}");
    }
    let Err(ConnectError::Unreachable(same)) = Channel::connect(target).await else {
        panic!("there is nobody");
    };
    assert_eq!(same.code(), Code::Unavailable);
}

#[tokio::test]
async fn calls_fail_at_once_while_a_failure_is_waited_out_and_connect_after_it() {
    let dials = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&dials);
    let target = listen(move |stream| {
        *counted.lock().unwrap() += 1;
        async move { drop(stream) }
    })
    .await;
    let patient = Channel::builder(&target).lazy().unwrap();
    for _ in 0..5 {
        text(&patient, unary("hi")).await.unwrap_err();
    }
    assert_eq!(*dials.lock().unwrap(), 1);

    let hasty = Backoff {
        initial: Duration::ZERO,
        ..Backoff::default()
    };
    let hasty = Channel::builder(&target).backoff(hasty).lazy().unwrap();
    for _ in 0..5 {
        text(&hasty, unary("hi")).await.unwrap_err();
    }
    assert!(*dials.lock().unwrap() >= 6);
}

#[tokio::test]
async fn a_peer_that_speaks_garbage_never_counts_as_connected() {
    let target = listen(async |mut stream| {
        use tokio::io::AsyncWriteExt;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.shutdown().await;
    })
    .await;
    let status = text(&channel(&target), unary("hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(Mark::of(&status), Some(Mark::Unprocessed));
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up_in_time() {
    let target = listen(async |stream| {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let hasty = Channel::builder(target).connect_timeout(Duration::from_millis(20));
    let error = hasty.connect().await.unwrap_err();
    assert!(error.to_string().contains("within 20ms"), "{error}");
}

#[tokio::test]
async fn calls_share_a_connection_and_a_full_one_makes_another() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let (log, together) = (Arc::clone(&seen), Arc::new(Barrier::new(2)));
    let mut one_at_a_time = h2::server::Builder::new();
    one_at_a_time.max_concurrent_streams(1);
    let target = serve_with(one_at_a_time, move |mut asked| {
        log.lock().unwrap().insert(asked.connection);
        let together = Arc::clone(&together);
        async move {
            // Neither is answered before both are here.
            together.wait().await;
            asked.answer("both");
        }
    })
    .await;
    let channel = channel(&target);
    let calls = [0, 1].map(|_| text(&channel, unary("hi")));
    for answer in join_all(calls).await {
        assert_eq!(answer.unwrap(), "both");
    }
    assert_eq!(*seen.lock().unwrap(), BTreeSet::from([0, 1]));
}

#[tokio::test]
async fn calls_queue_when_no_more_connections_are_allowed() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let log = Arc::clone(&seen);
    let mut one_at_a_time = h2::server::Builder::new();
    one_at_a_time.max_concurrent_streams(1);
    let target = serve_with(one_at_a_time, move |mut asked| {
        log.lock().unwrap().insert(asked.connection);
        async move { asked.answer("ok") }
    })
    .await;
    let one = Channel::builder(target).max_connections(1).lazy().unwrap();
    let calls = [(); 20].map(|()| text(&one, unary("hi")));
    for answer in join_all(calls).await {
        assert_eq!(answer.unwrap(), "ok");
    }
    assert_eq!(*seen.lock().unwrap(), BTreeSet::from([0]));
}

#[tokio::test]
async fn a_dead_connection_is_replaced() {
    let target = serve(async |mut asked| {
        asked.answer(&asked.connection.to_string());
    });
    // The first connection ends after its first answer.
    let proxied = target.await;
    let address = proxied.trim_start_matches("http://").to_owned();
    let (kill, mut killed) = tokio::sync::mpsc::unbounded_channel::<tokio::task::AbortHandle>();
    let target = listen(move |mut near| {
        let (address, kill) = (address.clone(), kill.clone());
        async move {
            let mut far = tokio::net::TcpStream::connect(address).await.unwrap();
            let pipe = tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
            kill.send(pipe.abort_handle()).unwrap();
        }
    })
    .await;
    let channel = channel(&target);
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "0");
    killed.recv().await.unwrap().abort();
    // The first call may be lost before the end of the connection is noticed; it is never UNKNOWN.
    let answer = match text(&channel, unary("hi")).await {
        Err(status) => {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            text(&channel, unary("hi")).await
        }
        answer => answer,
    };
    assert_eq!(answer.unwrap(), "1");
}

#[tokio::test]
async fn a_connection_that_breaks_under_a_call_is_unavailable_and_not_repeated() {
    let target = listen(async |stream| {
        let mut frames = h2::server::handshake(stream).await.unwrap();
        let _asked = frames.accept().await;
        // The connection is dropped with the call on it.
    })
    .await;
    let status = text(&channel(&target), unary("hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(Mark::of(&status), None);
}

/// A GOAWAY after which no stream above `last` is looked at.
fn goaway(last: u8) -> Vec<u8> {
    vec![0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0]
}

/// Answers its first call with `bytes`, and serves on the next connection.
async fn going_away(bytes: Vec<u8>) -> String {
    let first = Mutex::new(Some(bytes));
    listen(move |stream| {
        let bytes = first.lock().unwrap().take();
        async move {
            if let Some(bytes) = bytes {
                let _stream = answer_raw(stream, &bytes).await;
                std::future::pending().await
            } else {
                let answer = Arc::new(async |mut asked: Asked| asked.answer("ok"));
                speak(stream, h2::server::Builder::new(), 1, answer).await;
            }
        }
    })
    .await
}

/// C-core `retry_transparent_goaway`.
#[tokio::test]
async fn a_call_that_the_peer_did_not_look_at_is_sent_again_by_the_layer_above() {
    let channel = channel(&going_away(goaway(0)).await);
    let plans = Arc::new(Plans::of_contract(&SERVICE));
    let retry = Retry::new(Arc::clone(channel.link()), plans, Arc::default());
    let reply = retry.invoke(unary("hi")).await.unwrap();
    let (message, _) = reply.body.one().await.unwrap();
    assert_eq!(message.decode::<String>().unwrap(), "ok");
}

#[tokio::test]
async fn no_call_goes_to_a_connection_that_is_going_away() {
    // The head of an answer on the second stream, which is all of it: status 200, failed precondition.
    let mut bytes = b"\0\0\0\x01\x05\0\0\0\x03\x88".to_vec();
    for (name, value) in [("content-type", "application/grpc"), ("grpc-status", "9")] {
        bytes.push(0);
        for text in [name, value] {
            bytes.push(text.len().try_into().unwrap());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    bytes[2] = (bytes.len() - 9).try_into().unwrap();
    bytes.extend(goaway(3));
    let channel = Channel::connect(going_away(bytes).await).await.unwrap();
    let mut lasting = pin!(text(&channel, unary("no answer")));
    assert!(lasting.as_mut().now_or_never().is_none());
    let status = text(&channel, unary("hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    // The connection stays up for the lasting call. Even a stream, which cannot be sent twice, is safe.
    let upload = streaming(Kind::ClientStreaming, Streaming::iter(["hi".to_owned()]));
    assert_eq!(text(&channel, upload).await.unwrap(), "ok");
}

#[tokio::test]
async fn a_call_takes_a_place_that_comes_free_before_another_connection_is_up() {
    let (first, release) = (Mutex::new(true), Arc::new(Notify::new()));
    let target = listen(move |stream| {
        let (serves, release) = (std::mem::take(&mut *first.lock().unwrap()), release.clone());
        async move {
            if !serves {
                // Never comes up, and lets the call on the other connection go on.
                release.notify_one();
                std::future::pending::<()>().await;
            }
            let mut one_at_a_time = h2::server::Builder::new();
            one_at_a_time.max_concurrent_streams(1);
            let answer = Arc::new(move |mut asked: Asked| {
                let release = Arc::clone(&release);
                async move {
                    release.notified().await;
                    release.notify_one();
                    asked.answer("ok");
                }
            });
            speak(stream, one_at_a_time, 0, answer).await;
        }
    })
    .await;
    let channel = channel(&target);
    let calls = [0, 1].map(|_| text(&channel, unary("hi")));
    let answers = timeout(Duration::from_secs(9), join_all(calls)).await;
    for answer in answers.expect("long before the attempt to connect is given up") {
        assert_eq!(answer.unwrap(), "ok");
    }
}

#[tokio::test]
async fn a_dropped_channel_closes_its_connection_after_the_last_call() {
    let (seen, mut told) = tokio::sync::mpsc::unbounded_channel();
    let target = listen(move |stream| {
        let seen = seen.clone();
        async move {
            let answer = Arc::new(async |mut asked: Asked| asked.answer("ok"));
            speak(stream, h2::server::Builder::new(), 0, answer).await;
            seen.send(()).unwrap();
        }
    })
    .await;
    let channel = channel(&target);
    text(&channel, unary("hi")).await.unwrap();
    assert!(told.try_recv().is_err(), "an idle connection is kept");
    drop(channel);
    told.recv().await.unwrap();
}
