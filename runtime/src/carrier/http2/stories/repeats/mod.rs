//! Attempts as a server sees them: what is sent again, what it says of itself, and what ends it.

mod endings;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use h2::Reason;
use http::{HeaderMap, Response};
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::peer::{Asked, SERVICE, channel, framed, serve, serve_with, texts, trailers};
use crate::{
    Streaming,
    call::{
        Body, Call, CodeSet, Frames, HedgingPolicy, Idempotency, Invoke, Kind, Limit, Message,
        Method, Policies, RetryPolicy, Service, headers,
    },
    carrier::Link,
    clock,
    stack::{Client, ClientSettings},
};

type Stack = Client<Arc<Link>>;

const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: Some(4),
    initial_backoff: Some(Duration::from_millis(1)),
    ..RetryPolicy::UNSET
};
const RETRIED: Policies = Policies {
    retry: Some(RETRY),
    ..Policies::UNSET
};

/// The peers' service with policies, and the layers of a client to it.
fn client(target: &str, policies: Policies) -> (Stack, &'static Service) {
    let methods = SERVICE.methods.iter().map(|method| Method {
        idempotency: Idempotency::Idempotent,
        policies,
        ..*method
    });
    let service: &'static Service = Box::leak(Box::new(Service {
        methods: Box::leak(methods.collect()),
        cache: crate::call::Cache::new(),
        ..SERVICE
    }));
    let link = Arc::clone(channel(target).link());
    (
        Client::new(link, service, &ClientSettings::default()),
        service,
    )
}

fn method(service: &'static Service, kind: Kind) -> &'static Method {
    let mut methods = service.methods.iter();
    methods.find(|method| method.kind == kind).unwrap()
}

fn one(service: &'static Service, kind: Kind) -> Call {
    let message = Message::encode(&"hi".to_owned()).unwrap();
    Call::new(method(service, kind), Body::One(message, None))
}

fn upload(service: &'static Service, frames: Frames) -> Call {
    Call::new(method(service, Kind::ClientStreaming), Body::Many(frames))
}

/// What becomes of a unary call under the policies of [`RETRIED`], or of others.
async fn unary(target: &str, policies: Policies) -> (Result<String, Status>, Stack) {
    let (stack, service) = client(target, policies);
    let answer = stack.invoke(one(service, Kind::Unary)).await;
    let text = match answer {
        Ok(reply) => reply.body.one().await.unwrap().0.decode(),
        Err(status) => Err(status),
    };
    (text, stack)
}

/// What an attempt says of those before it.
fn previous(asked: &Asked) -> Option<String> {
    let value = asked.request.headers().get(headers::PREVIOUS_ATTEMPTS);
    value.map(|value| value.to_str().unwrap().to_owned())
}

/// An answer that is nothing but a status.
fn only_trailers(asked: &mut Asked, code: &str, pushback: &[&str]) {
    let mut head = Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", code);
    for value in pushback {
        head = head.header(headers::PUSHBACK, *value);
    }
    asked
        .respond
        .send_response(head.body(()).unwrap(), true)
        .unwrap();
}

/// A server whose attempts are handled by number, and what they said of those before them.
async fn numbered(
    handle: impl Fn(u32, &mut Asked) + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<Option<String>>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let (log, handle) = (Arc::clone(&said), Arc::new(handle));
    let target = serve(move |mut asked| {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(previous(&asked));
            u32::try_from(log.len() - 1).unwrap()
        };
        let handle = Arc::clone(&handle);
        async move { handle(number, &mut asked) }
    })
    .await;
    (target, said)
}

fn said(log: &Arc<Mutex<Vec<Option<String>>>>) -> Vec<String> {
    let log = log.lock().unwrap();
    log.iter()
        .map(|said| said.clone().unwrap_or_else(|| "-".to_owned()))
        .collect()
}

/// grpc-go `TestRetryUnary`.
/// C-core `retry`.
#[tokio::test]
async fn every_attempt_says_how_many_there_were_before() {
    let (target, log) = numbered(|number, asked| match number {
        0 | 1 => only_trailers(asked, "14", &[]),
        _ => asked.answer("ok"),
    })
    .await;
    let (answer, _) = unary(&target, RETRIED).await;
    assert_eq!(answer.unwrap(), "ok");
    assert_eq!(said(&log), ["-", "1", "2"]);
}

/// C-core `retry_server_pushback_delay`, `retry_server_pushback_disabled`.
#[tokio::test]
async fn what_a_server_says_in_its_trailers_about_the_next_attempt_is_done() {
    let (target, log) = numbered(|number, asked| match number {
        0 => only_trailers(asked, "14", &["60"]),
        _ => asked.answer("ok"),
    })
    .await;
    let began = clock::now();
    unary(&target, RETRIED).await.0.unwrap();
    assert!(clock::now() - began >= Duration::from_millis(60));
    assert_eq!(said(&log), ["-", "1"]);
    for no in [&["-1"][..], &["soon"], &["1", "1"]] {
        let (target, log) = numbered(|_, asked| only_trailers(asked, "14", no)).await;
        let (answer, _) = unary(&target, RETRIED).await;
        assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
        assert_eq!(said(&log).len(), 1, "{no:?}");
    }
}

/// grpc-java `headersRead_closed`, `retry_headersRead_closed`.
/// grpc-go `TestRetryTransparentWhenCommitted`.
/// C-core `retry_non_retriable_status_before_trailers`.
/// grpc-dotnet `AsyncUnaryCall_NoMessagesSuccess_Failure`.
#[tokio::test]
async fn after_the_head_of_an_answer_nothing_is_sent_again_not_even_what_was_refused() {
    let failures: [fn(&mut Asked); 3] = [
        |asked| asked.head().send_trailers(trailers("14")).unwrap(),
        |asked| {
            let mut stream = asked.head();
            // Sent at once, the reset would overtake the head.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                stream.send_reset(Reason::REFUSED_STREAM);
            });
        },
        |asked| asked.head().send_trailers(trailers("0")).unwrap(),
    ];
    for fail in failures {
        let (target, log) = numbered(move |number, asked| match number {
            0 => only_trailers(asked, "14", &[]),
            _ => fail(asked),
        })
        .await;
        let (answer, stack) = unary(&target, RETRIED).await;
        answer.unwrap_err();
        assert_eq!(said(&log), ["-", "1"]);
        assert_eq!(stack.counts().retry.transparent.sum(), 0);
    }
}

/// grpc-go `TestTransparentRetry`.
/// grpc-java `transparentRetryStatsRecorded`, `transparentRetry_onlyOnceOnRefused`.
#[tokio::test]
async fn a_refused_stream_is_sent_again_at_once_and_then_only_as_the_policy_says() {
    let (target, log) = numbered(|number, asked| match number {
        0 | 1 => asked.respond.send_reset(Reason::REFUSED_STREAM),
        _ => asked.answer("ok"),
    })
    .await;
    let (answer, stack) = unary(&target, RETRIED).await;
    assert_eq!(answer.unwrap(), "ok");
    assert_eq!(said(&log), ["-", "-", "1"]);
    let counts = &stack.counts().retry;
    assert_eq!((counts.transparent.sum(), counts.retries.sum()), (1, 1));
}

/// C-core `retry_transparent_max_concurrent_streams`.
#[tokio::test]
async fn calls_beyond_what_a_server_takes_at_once_wait_and_are_no_attempts() {
    let mut settings = h2::server::Builder::new();
    settings.max_concurrent_streams(1);
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let target = serve_with(settings, move |mut asked| {
        seen.lock().unwrap().push(previous(&asked));
        async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            asked.answer("ok");
        }
    })
    .await;
    let (stack, service) = client(&target, RETRIED);
    let calls = (0..20).map(|_| stack.invoke(one(service, Kind::Unary)));
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert!(
        said(&log).iter().all(|said| said == "-"),
        "{:?}",
        said(&log)
    );
}

/// C-core `retry_lb_fail`.
#[tokio::test]
async fn a_server_that_cannot_be_reached_is_tried_as_the_policy_says() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (answer, stack) = unary(&target, RETRIED).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    assert_eq!(stack.counts().retry.retries.sum(), 3);
}

/// grpc-node `Should not retry on custom error code`.
#[tokio::test]
async fn a_code_that_grpc_does_not_know_is_not_retried() {
    let (target, log) = numbered(|_, asked| only_trailers(asked, "300", &[])).await;
    let (answer, _) = unary(&target, RETRIED).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unknown);
    assert_eq!(said(&log).len(), 1);
}

/// grpc-dotnet `AsyncServerStreamingCall_NoMessagesSuccess_SuccussCommitLogged`.
/// grpc-java `messageAvailable`.
#[tokio::test]
async fn a_streamed_answer_is_read_from_the_attempt_that_was_answered() {
    for texts_sent in [0, 2] {
        let (target, log) = numbered(move |number, asked| match (number, texts_sent) {
            (0, _) => only_trailers(asked, "14", &[]),
            (_, 0) => only_trailers(asked, "0", &[]),
            _ => {
                let mut stream = asked.head();
                for text in ["a", "b"] {
                    stream.send_data(framed(text), false).unwrap();
                }
                stream.send_trailers(trailers("0")).unwrap();
            }
        })
        .await;
        let (stack, service) = client(&target, RETRIED);
        let call = one(service, Kind::ServerStreaming);
        let mut answer = texts(stack.invoke(call).await.unwrap());
        let mut count = 0;
        while answer.message().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, said(&log).len()), (texts_sent, 2));
    }
}

/// grpc-go `TestRetryStreaming`.
/// C-core `retry_send_op_fails`.
#[tokio::test]
async fn an_upload_that_was_cut_short_arrives_whole_with_the_next_attempt() {
    let number = AtomicU32::new(0);
    let target = serve(move |mut asked| {
        let number = number.fetch_add(1, Relaxed);
        async move {
            if number < 2 {
                let _ = asked.data().await;
                let mut asked = asked;
                only_trailers(&mut asked, "14", &[]);
                return;
            }
            let mut all = Vec::new();
            while let Some(data) = asked.data().await {
                all.extend_from_slice(&data.unwrap());
            }
            asked.answer(&all.len().to_string());
        }
    })
    .await;
    let messages: Vec<String> = (0..300).map(|size| "x".repeat(size)).collect();
    let sent: usize = messages.iter().map(|text| framed(text).len()).sum();
    let (stack, service) = client(&target, RETRIED);
    let call = upload(service, Streaming::iter(messages).into_frames());
    let reply = stack.invoke(call).await.unwrap();
    let text: String = reply.body.one().await.unwrap().0.decode().unwrap();
    assert_eq!(text, sent.to_string());
}

#[tokio::test]
async fn metadata_of_the_caller_goes_with_every_attempt() {
    let seen = Arc::new(Mutex::new(Vec::<HeaderMap>::new()));
    let log = Arc::clone(&seen);
    let target = serve(move |mut asked| {
        let count = {
            let mut log = log.lock().unwrap();
            log.push(asked.request.headers().clone());
            log.len()
        };
        async move {
            match count {
                1 => only_trailers(&mut asked, "14", &[]),
                _ => asked.answer("ok"),
            }
        }
    })
    .await;
    let (stack, service) = client(&target, RETRIED);
    let mut call = one(service, Kind::Unary);
    call.metadata.insert("x-trace", "abc".parse().unwrap());
    // A caller cannot say which attempt it is.
    let forged = headers::PREVIOUS_ATTEMPTS;
    headers::insert(&mut call.metadata, forged, "7".parse().unwrap());
    stack.invoke(call).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|map| map["x-trace"] == "abc"));
    assert_eq!(seen[0].get(headers::PREVIOUS_ATTEMPTS), None);
    assert_eq!(seen[1][headers::PREVIOUS_ATTEMPTS], "1");
}
