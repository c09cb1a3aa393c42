//! What a caller gets where the peer did not answer.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use tonic::{Request, Response};

use super::*;
use crate::{
    call::Body,
    fixture::{ECHO, Handler, echo, say},
};

const SAY: &str = "test.Echo/Say";

fn over<I>(inner: I, fallback: Fallback) -> Falling<I> {
    Falling::new(
        inner,
        &ECHO,
        &[Arc::new(fallback)],
        Arc::default(),
        Arc::default(),
    )
}

fn failing(status: impl Fn() -> Status + Send + Sync) -> impl Invoke {
    Handler(move |_| {
        let status = status();
        async move { Err(status) }
    })
}

fn shouting() -> Fallback {
    Fallback::closure(SAY, |request: Request<String>, failed| async move {
        let answer = format!("{} after {}", request.into_inner(), failed.message());
        Ok(Response::new(answer))
    })
}

async fn text(answer: Result<Reply, Status>) -> Result<String, Status> {
    answer?.body.one().await?.0.decode()
}

#[tokio::test]
async fn the_caller_gets_the_fallbacks_answer_which_says_what_it_stands_in_for() {
    let stack = over(failing(|| Status::unavailable("sick")), shouting());
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    assert_eq!(reply.metadata.get("x-fallback").unwrap(), "14");
    let Fell(original) = reply.extensions.get().unwrap();
    assert_eq!(original.message(), "sick");
    assert_eq!(text(Ok(reply)).await.unwrap(), "hi after sick");
    assert_eq!(stack.counts.answered.sum(), 1);
}

#[tokio::test]
async fn what_was_refused_on_this_side_has_a_fallback_whatever_its_code() {
    let refused = || Mark::Refused.on(Status::aborted("here"));
    let stack = over(failing(refused), shouting());
    let answer = text(stack.invoke(say(&ECHO, "hi")).await).await;
    assert_eq!(answer.unwrap(), "hi after here");
}

#[tokio::test]
async fn an_answer_that_is_no_failure_stays_as_it_is() {
    let stack = over(failing(|| Status::not_found("no such")), shouting());
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn a_fallback_that_fails_leaves_the_first_failure_and_says_its_own() {
    let broken = Fallback::closure(SAY, |_: Request<String>, _| async {
        Err::<Response<String>, _>(Status::data_loss("cold cache"))
    });
    let sick = || Mark::Refused.on(Status::unavailable("sick"));
    let stack = over(failing(sick), broken);
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(
        status.message(),
        "sick; its fallback failed too: cold cache"
    );
    assert_eq!(Mark::of(&status), Some(Mark::Refused));
    assert_eq!(stack.counts.failed.sum(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_has_its_own_time_and_so_many_places() {
    let endless = Fallback::closure(SAY, |_: Request<String>, _| {
        pending::<Result<Response<String>, Status>>()
    });
    let stack = over(
        failing(|| Status::unavailable("sick")),
        endless.max_concurrent(1).within(Duration::from_millis(5)),
    );
    let (first, second) =
        tokio::join!(stack.invoke(say(&ECHO, "1")), stack.invoke(say(&ECHO, "2")));
    assert!(first.unwrap_err().message().contains("took too long"));
    assert_eq!(second.unwrap_err().message(), "sick");
    assert_eq!(stack.counts.refused.sum(), 1);
    // Both places are free again.
    let third = stack.invoke(say(&ECHO, "3")).await;
    assert!(third.unwrap_err().message().contains("took too long"));
}

#[tokio::test(start_paused = true)]
async fn the_last_good_answer_stands_in_for_the_same_request_while_it_is_fresh() {
    let sick = Arc::new(AtomicBool::new(false));
    let peer = Arc::clone(&sick);
    let stack = over(
        Handler(move |call: Call| {
            let sick = peer.load(Relaxed);
            async move {
                match sick {
                    true => Err(Status::unavailable("sick")),
                    false => echo(call).await,
                }
            }
        }),
        Fallback::last_good(SAY, Duration::from_secs(60)),
    );
    stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let mut own = say(&ECHO, "mine");
    own.metadata.insert("authorization", "me".parse().unwrap());
    stack.invoke(own).await.unwrap();

    sick.store(true, Relaxed);
    let again = stack.invoke(say(&ECHO, "hi")).await;
    assert_eq!(text(again).await.unwrap(), "hi");
    // Another message, and the same one of somebody else, were never answered.
    stack.invoke(say(&ECHO, "ho")).await.unwrap_err();
    let mut theirs = say(&ECHO, "mine");
    theirs
        .metadata
        .insert("authorization", "you".parse().unwrap());
    stack.invoke(theirs).await.unwrap_err();
    // A trace makes it no other request.
    let mut traced = say(&ECHO, "hi");
    traced
        .metadata
        .insert("traceparent", "00-1".parse().unwrap());
    stack.invoke(traced).await.unwrap();

    tokio::time::advance(Duration::from_secs(61)).await;
    let late = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(late.message(), "sick");
}

#[tokio::test]
async fn another_implementation_of_the_contract_answers_for_the_methods_it_has() {
    let implementation = Handler(|call: Call| async move {
        match call.method.name {
            "Say" => echo(call).await,
            _ => Err(Status::unimplemented("not here")),
        }
    });
    let stack = over(
        failing(|| Status::unavailable("sick")),
        Fallback::service(&ECHO, implementation),
    );
    stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let mut other = say(&ECHO, "hi");
    other.method = &ECHO.methods[1];
    let status = stack.invoke(other).await.unwrap_err();
    assert_eq!(status.message(), "sick");
}

#[tokio::test]
async fn the_last_good_answer_of_a_stream_is_none() {
    let stack = over(
        Handler(echo),
        Fallback::last_good("test.Echo/Repeat", Duration::MAX),
    );
    assert!(stack.rows.iter().all(Option::is_none));
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    assert!(matches!(reply.body, Body::One(..)));
}
