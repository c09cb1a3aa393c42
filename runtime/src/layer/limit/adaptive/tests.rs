//! What a server in trouble says to whom, and what its limit learns from.

use std::future::pending;

use tonic_types::StatusExt;
use tower_layer::Layer;

use super::{
    super::{Side, Table},
    *,
};
use crate::{
    call::{Deadline, Limit},
    fixture::{ECHO, Handler, echo, say},
    policy::limit::adaptive::{Algorithm, Config},
};

const MILLI: Duration = Duration::from_millis(1);

fn shedding(change: impl FnOnce(&mut Config)) -> Shedding {
    let mut config = Config::default();
    change(&mut config);
    Shedding::new(Arc::new(Limiter::new(config, clock::now()).unwrap()))
}

fn layer(shedding: Shedding, side: Side) -> AdaptiveLayer {
    let shedding = Arc::new(shedding);
    let table = Table::new(&ECHO, |_| Some(Arc::clone(&shedding)));
    AdaptiveLayer::new(Arc::new(table), side)
}

/// A call with so much time left, whose priority is said so.
fn call(left: Duration, priority: &'static str) -> Call {
    let mut call = say(&ECHO, "hi");
    call.deadline = Deadline::after(clock::now(), left, Limit::Call);
    let value = HeaderValue::from_static(priority);
    headers::insert(&mut call.metadata, headers::PRIORITY, value);
    call
}

/// Begins a call that never ends, and ends it when it is dropped.
async fn begun(stack: &impl Invoke, priority: &'static str) -> Result<(), Status> {
    let answer = tokio::time::timeout(MILLI, stack.invoke(call(60_000 * MILLI, priority))).await;
    answer.map_or(Ok(()), |answered| answered.map(drop))
}

#[tokio::test(start_paused = true)]
async fn who_is_shed_is_told_so_and_batch_work_is_first() {
    for (side, code) in [
        (Side::Server, Code::Unavailable),
        (Side::Client, Code::ResourceExhausted),
    ] {
        let shedding = shedding(|config| {
            config.algorithm = Algorithm::Fixed;
            (config.initial_limit, config.min_limit) = (2, 1);
        });
        let layer = layer(shedding, side);
        let stack = layer.layer(Handler(|_| pending()));
        let first = begun(&stack, "batch");
        let second = async {
            let refused = begun(&stack, "batch").await.unwrap_err();
            assert_eq!(refused.code(), code);
            assert_eq!(Mark::of(&refused), Some(Mark::Refused));
            let info = refused.get_details_error_info().unwrap();
            assert_eq!(
                (info.reason.as_str(), info.domain.as_str()),
                ("OVERLOADED", "couplet")
            );
            assert!(refused.metadata().get(headers::PUSHBACK.as_str()).is_none());
            begun(&stack, "critical").await.unwrap();
        };
        let (first, ()) = tokio::join!(first, second);
        first.unwrap();
        assert_eq!(layer.counts().refused.sum(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_refused_before_anything_of_its_body_is_read() {
    struct Unread;
    impl crate::call::Source for Unread {
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<crate::call::Frame, Status>>> {
            panic!("somebody read the body")
        }
    }
    let mut shedding = shedding(|_| {});
    shedding.budget = Budget::AtLeast(20 * MILLI);
    let stack = layer(shedding, Side::Server).layer(Handler(|call: Call| async move {
        call.body.one().await.map(|_| unreachable!())
    }));
    let mut late = call(10 * MILLI, "critical");
    late.body = crate::call::Body::Many(crate::call::Frames::new(Unread));
    let refused = stack.invoke(late).await.unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_would_be_late_anyhow_is_refused_first() {
    let mut shedding = shedding(|_| {});
    shedding.budget = Budget::Typical;
    let limiter = Arc::clone(&shedding.limiter);
    let stack = layer(shedding, Side::Server).layer(Handler(|call| async {
        tokio::time::sleep(30 * MILLI).await;
        echo(call).await
    }));
    // Nobody knows yet how long calls take, and so none is doomed.
    for _ in 0..60 {
        stack.invoke(call(50 * MILLI, "default")).await.unwrap();
    }
    assert!(limiter.typical_latency().unwrap() >= 28 * MILLI);
    let refused = stack
        .invoke(call(20 * MILLI, "critical"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded);
    assert_eq!(Mark::of(&refused), Some(Mark::Refused));
    stack.invoke(say(&ECHO, "no deadline")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn pushback_says_when_to_try_again_or_never() {
    let told = async |pushback| {
        let mut shedding = shedding(|config| {
            config.algorithm = Algorithm::Fixed;
            (config.initial_limit, config.min_limit) = (1, 1);
        });
        shedding.pushback = pushback;
        let stack = layer(shedding, Side::Server).layer(Handler(|_| pending()));
        let (_, refused) = tokio::join!(begun(&stack, "default"), begun(&stack, "default"));
        let status = refused.unwrap_err();
        let value = status.metadata().get(headers::PUSHBACK.as_str());
        value.map(|value| value.to_str().unwrap().parse::<i64>().unwrap())
    };
    assert_eq!(told(Pushback::Off).await, None);
    assert_eq!(told(Pushback::Never).await, Some(-1));
    for _ in 0..20 {
        let millis = told(Pushback::Jittered(100 * MILLI, 200 * MILLI)).await;
        assert!((100..=200).contains(&millis.unwrap()));
    }
    let backwards = told(Pushback::Jittered(9 * MILLI, MILLI)).await;
    assert_eq!(backwards, Some(9));
}

/// Seen in Envoy #38338.
#[test]
fn what_is_no_latency_of_this_server_is_none() {
    let answer = |code| Err(Status::new(code, ""));
    let said = |code| outcome(&answer(code));
    assert_eq!(said(Code::Unavailable), Outcome::Dropped);
    assert_eq!(said(Code::ResourceExhausted), Outcome::Dropped);
    assert_eq!(said(Code::DeadlineExceeded), Outcome::Abandoned);
    assert_eq!(said(Code::InvalidArgument), Outcome::Ignored);
    for mark in [Mark::Injected, Mark::Refused, Mark::Incompatible] {
        let marked = Err(mark.on(Status::unavailable("")));
        assert_eq!(outcome(&marked), Outcome::Ignored, "{mark:?}");
    }
}

/// Seen in concurrency-limits (deadlines of callers punish the limit).
#[tokio::test(start_paused = true)]
async fn callers_with_little_time_do_not_shrink_the_limit_for_all() {
    let shedding = shedding(|_| {});
    let limiter = Arc::clone(&shedding.limiter);
    let stack = layer(shedding, Side::Server).layer(Handler(|call| async {
        tokio::time::sleep(100 * MILLI).await;
        echo(call).await
    }));
    let calls = |timeout: Duration| {
        let stack = &stack;
        async move {
            let calls =
                (0..10).map(|_| tokio::time::timeout(timeout, stack.invoke(say(&ECHO, ""))));
            futures_util::future::join_all(calls).await
        }
    };
    for _ in 0..20 {
        calls(1000 * MILLI).await;
    }
    let before = limiter.limit();
    for _ in 0..500 {
        assert!(calls(5 * MILLI).await.iter().all(Result::is_err));
    }
    assert_eq!((limiter.limit(), limiter.in_flight()), (before, 0));
}
