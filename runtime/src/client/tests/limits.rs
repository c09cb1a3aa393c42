//! Limits that a client keeps to for itself.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::FutureExt;
use http::HeaderValue;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    Channel,
    call::{Call, Invoke, Policies, Reply, RetryPolicy, headers},
    carrier::local::Local,
    client::Stack,
    config::ServiceConfig,
    fixture::{ECHO, Handler, echo, say},
    layer::deadline::Serving,
    stack::ClientPlace,
};

fn said(policy: &str) -> ServiceConfig {
    let text = format!(r#"{{"methodConfig": [{{"name": [{{}}], {policy}}}]}}"#);
    ServiceConfig::from_json(&text).unwrap()
}

fn config(limit: &str) -> ServiceConfig {
    said(&format!(r#""adaptiveLimit": {limit}"#))
}

/// A channel to a peer that never answers, and how often that was called.
fn hanging(limit: &str) -> (Channel, Arc<AtomicU32>) {
    let called = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&called);
    let peer = Handler(move |_| {
        count.fetch_add(1, Relaxed);
        pending()
    });
    let channel = Channel::local_builder(Local::new().with(peer)).service_config(config(limit));
    (channel.lazy().unwrap(), called)
}

/// How a call ends that is made while another one is under way.
async fn second(stack: &Stack) -> Status {
    let mut first = std::pin::pin!(stack.invoke(say(&ECHO, "1")));
    assert!(first.as_mut().now_or_never().is_none());
    stack.invoke(say(&ECHO, "2")).await.unwrap_err()
}

/// It was read, shown as effective, and did nothing.
#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_holds_on_a_client_and_sends_nothing_beyond_it() {
    let (channel, called) = hanging(r#"{"algorithm": "fixed", "initialLimit": 1, "minLimit": 1}"#);
    let stack = channel.stack(&ECHO);
    let refused = second(&stack).await;
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "OVERLOADED");
    assert_eq!(called.load(Relaxed), 1);
    assert_eq!(stack.counts().limits.adaptive.refused.sum(), 1);

    let wider = config(r#"{"algorithm": "fixed", "initialLimit": 2, "minLimit": 2}"#);
    channel.push_service_config(wider).unwrap();
    let late = second(&stack).await;
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late}");
}

/// What is served for a batch job gives way first, here as on the server.
#[tokio::test(start_paused = true)]
async fn a_clients_limit_knows_how_much_the_call_matters_that_is_being_served() {
    for (priority, code) in [
        ("batch", Code::ResourceExhausted),
        ("critical", Code::DeadlineExceeded),
    ] {
        let (channel, _) = hanging(r#"{"algorithm": "fixed", "initialLimit": 2, "minLimit": 1}"#);
        let stack = channel.stack(&ECHO);
        let handler = Handler(move |call: Call| {
            let stack = stack.clone();
            async move {
                assert_eq!(second(&stack).await.code(), code, "{priority}");
                echo(call).await
            }
        });
        let mut served = say(&ECHO, "hi");
        let value = HeaderValue::from_static(priority);
        headers::insert(&mut served.metadata, headers::PRIORITY, value);
        let serving = Serving::new(handler, Arc::default());
        let answered = tokio::time::timeout(Duration::from_secs(60), serving.invoke(served));
        answered.await.unwrap().unwrap();
    }
}

/// They were read and shown, and held for other clients alone.
#[tokio::test]
async fn the_message_limits_of_a_service_config_hold_method_by_method() {
    let sizes = said(r#""maxRequestMessageBytes": 8, "maxResponseMessageBytes": 8"#);
    let channel = Channel::local_builder(Local::new().with(Handler(echo))).service_config(sizes);
    let channel = channel.lazy().unwrap();
    let stack = channel.stack(&ECHO);
    stack.invoke(say(&ECHO, "small")).await.unwrap();
    let refused = stack.invoke(say(&ECHO, "large enough")).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(refused.message().contains("maxRequestMessageBytes"));
    assert_eq!(stack.counts().limits.size.refused.sum(), 1);

    channel
        .push_service_config(said(r#""maxRequestMessageBytes": 100"#))
        .unwrap();
    let refused = stack.invoke(say(&ECHO, "large enough")).await.unwrap_err();
    assert!(
        refused.message().contains("maxResponseMessageBytes"),
        "{refused}"
    );
    let breaker = stack.breakers().of(&ECHO.methods[0]);
    let window = breaker.counts(crate::clock::now()).window;
    assert_eq!(window.failed, 0, "the peer did its work");
}

/// A limit could wait in code alone, and a channel's could not be reached.
#[tokio::test(start_paused = true)]
async fn a_clients_rate_limit_lets_calls_wait_for_their_turn_where_it_is_said() {
    let rate = |wait: &str| {
        let text = format!(r#""rateLimit": {{"limitForPeriod": 10, "burst": 1{wait}}}"#);
        said(&text)
    };
    let channel = Channel::local_builder(Local::new().with(Handler(echo)));
    let channel = channel.service_config(rate(r#", "maxWaitDuration": "1s""#));
    let channel = channel.lazy().unwrap();
    let (stack, started) = (channel.stack(&ECHO), crate::clock::now());
    for _ in 0..3 {
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
    }
    assert_eq!(crate::clock::now() - started, Duration::from_millis(200));

    channel
        .push_service_config(rate(r#", "maxWaitDuration": "0s""#))
        .unwrap();
    stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
}

/// What the carrier is told, by the service config or by the call, in every attempt.
#[tokio::test(start_paused = true)]
async fn whether_a_call_waits_for_a_connection_is_said_by_its_method_or_by_itself() {
    for (config, own, expected) in [
        (r#""waitForReady": true"#, None, Some(true)),
        (r#""waitForReady": false"#, None, Some(false)),
        (r#""waitForReady": true"#, Some(false), Some(false)),
        (r#""timeout": "9s""#, Some(true), Some(true)),
        (r#""timeout": "9s""#, None, None),
    ] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let layer = Noting(Arc::clone(&told));
        let retried = ServiceConfig::new().all(Policies::UNSET.retry(RetryPolicy::UNSET));
        let sick = Handler(|_| async { Err(Status::unavailable("sick")) });
        let channel = Channel::local_builder(Local::new().with(sick))
            .layer(ClientPlace::Carrier, layer)
            .service_config(said(config))
            .policies(retried);
        let stack = channel.lazy().unwrap().stack(&ECHO);
        let mut call = say(&ECHO, "hi");
        call.wait_for_ready = own;
        stack.invoke(call).await.unwrap_err();
        assert_eq!(*told.lock().unwrap(), [expected; 3], "{config} {own:?}");
    }
}

/// Notes what comes to the carrier.
#[derive(Clone)]
struct Noting(Arc<Mutex<Vec<Option<bool>>>>);

struct Noted<I>(I, Noting);

impl<I> tower_layer::Layer<I> for Noting {
    type Service = Noted<I>;

    fn layer(&self, inner: I) -> Noted<I> {
        Noted(inner, self.clone())
    }
}

impl<I: Invoke> Invoke for Noted<I> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        self.1.0.lock().unwrap().push(call.wait_for_ready);
        self.0.invoke(call).await
    }
}
