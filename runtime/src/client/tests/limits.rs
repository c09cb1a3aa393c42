//! Limits that a client keeps to for itself.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::FutureExt;
use http::HeaderValue;
use tonic::Code;
use tonic_types::StatusExt;

use crate::{
    Channel,
    call::{Call, Invoke, headers},
    carrier::local::Local,
    client::Stack,
    config::ServiceConfig,
    fixture::{ECHO, Handler, echo, say},
    layer::deadline::Serving,
};

fn config(limit: &str) -> ServiceConfig {
    let text = format!(r#"{{"methodConfig": [{{"name": [{{}}], "adaptiveLimit": {limit}}}]}}"#);
    ServiceConfig::from_json(&text).unwrap()
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
async fn second(stack: &Stack) -> tonic::Status {
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
