//! One deadline over all layers of a client: waits, attempts, copies, and the calls that a call causes.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tonic::{Code, Status};

use crate::{
    Channel,
    call::{Call, Invoke, Phase, Reply, during},
    carrier::local::Local,
    clock,
    config::ServiceConfig,
    fixture::{ECHO, Handler, say},
};

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A channel to a handler of the contract's calls, with a service config for all methods.
fn channel<H, F>(handler: H, policies: &str) -> Channel
where
    H: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Status>> + Send + 'static,
{
    let text = format!(r#"{{"methodConfig": [{{"name": [{{}}], {policies}}}]}}"#);
    let builder = Channel::local_builder(Local::new().with(Handler(handler)));
    builder
        .service_config(ServiceConfig::from_json(&text).unwrap())
        .lazy()
        .unwrap()
}

/// What a call comes to, and after which time.
async fn run(channel: &Channel, timeout: Option<Duration>) -> (Result<Reply, Status>, Duration) {
    let (stack, started) = (channel.stack(&ECHO), clock::now());
    let mut call = say(&ECHO, "hi");
    call.timeout = timeout;
    (stack.invoke(call).await, clock::now() - started)
}

async fn never(_: Call) -> Result<Reply, Status> {
    during(Phase::Handler, pending()).await
}

/// grpc-go `TestServiceConfigTimeout`.
/// grpc-java `methodInfoDeadlinePropagatedToStream`.
#[tokio::test(start_paused = true)]
async fn the_shorter_holds_of_what_the_service_config_and_the_call_say() {
    let hour = Duration::from_secs(3_600);
    for (configured, asked, limit, expected) in [
        ("3600s", Some(millis(1)), "call", millis(1)),
        ("0.001s", Some(hour), "method", millis(1)),
        ("0.001s", None, "method", millis(1)),
        ("3600s", None, "method", hour),
    ] {
        let channel = channel(never, &format!(r#""timeout": "{configured}""#));
        let (answer, took) = run(&channel, asked).await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert!(status.message().ends_with(limit), "{status}");
        assert_eq!(took, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_place_waits_no_longer_than_its_deadline() {
    let one = r#""bulkhead": {"maxConcurrentCalls": 1, "maxQueued": 5, "maxWaitDuration": "1s"}"#;
    let channel = channel(never, one);
    let before = run(&channel, None);
    let waiting = run(&channel, Some(millis(300)));
    tokio::select! {
        biased;
        _ = before => panic!("it has two seconds"),
        (answer, took) = waiting => {
            let status = answer.unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
            assert!(status.message().contains("phase queue"), "{status}");
            assert_eq!(took, millis(300));
        }
    }
}

const RETRIED: &str = r#""retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "0.05s",
    "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}"#;

/// A handler that fails after 40 ms, and keeps when it was called and by when it had to be over.
fn failing(log: &Arc<Mutex<Vec<(Instant, Instant)>>>) -> impl Fn(Call) -> Failing + use<> {
    let log = Arc::clone(log);
    move |call| {
        let deadline = call.deadline.instant().expect("a deadline");
        log.lock().unwrap().push((clock::now(), deadline));
        Box::pin(async {
            tokio::time::sleep(millis(40)).await;
            Err(Status::unavailable("sick"))
        })
    }
}

type Failing = std::pin::Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

#[tokio::test(start_paused = true)]
async fn attempts_and_the_waits_between_them_share_one_deadline() {
    let log = Arc::default();
    let channel = channel(failing(&log), RETRIED);
    let started = clock::now();
    let (answer, took) = run(&channel, Some(millis(150))).await;
    // The status of the last attempt, if there is no time for another; or that there was no time for that one.
    let code = answer.unwrap_err().code();
    assert!(matches!(code, Code::Unavailable | Code::DeadlineExceeded));
    assert!(took <= millis(150), "{took:?}");
    let log = log.lock().unwrap();
    assert!((2..=3).contains(&log.len()), "{} attempts", log.len());
    for (begun, deadline) in log.iter() {
        assert!(*begun < started + millis(150));
        assert_eq!(*deadline, started + millis(150));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_outlast_the_deadline_is_not_begun() {
    let log = Arc::default();
    let slow = RETRIED.replace("0.05s", "20s");
    let channel = channel(failing(&log), &slow);
    let (answer, took) = run(&channel, Some(millis(500))).await;
    assert_eq!(answer.unwrap_err().message(), "sick");
    assert_eq!(took, millis(40));
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_to_send_a_copy_ends_at_its_deadline_and_sends_none() {
    let log = Arc::new(Mutex::new(0));
    let count = Arc::clone(&log);
    let hanging = move |call| {
        *count.lock().unwrap() += 1;
        never(call)
    };
    let hedged = r#""hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "0.9s"}"#;
    let channel = channel(hanging, hedged);
    let (answer, took) = run(&channel, Some(millis(500))).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(took, millis(500));
    assert_eq!(*log.lock().unwrap(), 1);
    // With time for one copy, both end with the call.
    let (answer, took) = run(&channel, Some(millis(1_000))).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(took, millis(1_000));
    assert_eq!(*log.lock().unwrap(), 3);
}

/// grpc-java `testDeadlinePropagation`.
#[tokio::test(start_paused = true)]
async fn the_calls_that_a_call_causes_have_together_no_more_time_than_it_has() {
    let log = Arc::default();
    let leaves = channel(failing(&log), RETRIED);
    // Asks three at once, and then three more.
    let middle = channel(
        move |_| {
            let leaves = leaves.clone();
            async move {
                for _ in 0..2 {
                    let three = (0..3).map(|_| run(&leaves, None));
                    join_all(three).await;
                }
                pending().await
            }
        },
        RETRIED,
    );
    let started = clock::now();
    let (answer, took) = run(&middle, Some(millis(400))).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(took, millis(400));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let log = log.lock().unwrap();
    assert!(log.len() >= 6, "{} attempts", log.len());
    for (begun, deadline) in log.iter() {
        assert!(*begun < started + millis(400), "nothing begins afterwards");
        assert_eq!(*deadline, started + millis(400));
    }
}
