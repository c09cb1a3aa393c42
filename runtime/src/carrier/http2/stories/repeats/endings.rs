//! What ends an attempt, or all of them: another one, its own time, the caller, the deadline.

use super::*;

/// A server that lets its first stream hang, answers the others, and tells how the first one was reset.
async fn hanging_first() -> (String, mpsc::UnboundedReceiver<Reason>) {
    let (told, resets) = mpsc::unbounded_channel();
    let number = AtomicU32::new(0);
    let target = serve(move |mut asked| {
        let (number, told) = (number.fetch_add(1, Relaxed), told.clone());
        async move {
            if number > 0 {
                return asked.answer("ok");
            }
            let reset = std::future::poll_fn(|context| asked.respond.poll_reset(context)).await;
            told.send(reset.unwrap()).unwrap();
        }
    })
    .await;
    (target, resets)
}

/// C-core `retry_per_attempt_recv_timeout`.
#[tokio::test]
async fn an_attempt_that_is_not_answered_in_time_is_reset_and_another_one_is_sent() {
    let (target, mut resets) = hanging_first().await;
    let retry = RetryPolicy {
        per_attempt_recv_timeout: Some(Duration::from_millis(40)),
        ..RETRY
    };
    let policies = Policies {
        retry: Some(retry),
        ..RETRIED
    };
    let (answer, _) = unary(&target, policies).await;
    assert_eq!(answer.unwrap(), "ok");
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
}

/// grpc-java `hedging_receiveHeaders`.
/// grpc-node `Should succeed with few required attempts`.
#[tokio::test]
async fn the_slower_copy_is_reset() {
    let (target, mut resets) = hanging_first().await;
    let hedging = HedgingPolicy {
        hedging_delay: Some(Duration::from_millis(20)),
        ..HedgingPolicy::UNSET
    };
    let policies = Policies {
        hedging: Some(hedging),
        ..Policies::UNSET
    };
    let (answer, stack) = unary(&target, policies).await;
    assert_eq!(answer.unwrap(), "ok");
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
    assert_eq!(stack.counts().retry.hedges.sum(), 1);
}

/// grpc-java `headersRead_cancel`, `retry_headersRead_cancel`, `inboundMessagesClosedOnCancel`.
/// C-core `retry_cancellation`.
#[tokio::test]
async fn a_caller_that_leaves_an_answer_resets_its_stream_and_no_other_attempt_is_made() {
    let (told, mut resets) = mpsc::unbounded_channel();
    let number = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&number);
    let target = serve(move |mut asked| {
        let (number, told) = (count.fetch_add(1, Relaxed), told.clone());
        async move {
            if number == 0 {
                return only_trailers(&mut asked, "14", &[]);
            }
            let mut stream = asked.head();
            stream.send_data(framed("a"), false).unwrap();
            let reset = std::future::poll_fn(|context| stream.poll_reset(context)).await;
            told.send(reset.unwrap()).unwrap();
        }
    })
    .await;
    let (stack, service) = client(&target, RETRIED);
    let call = one(service, Kind::ServerStreaming);
    let mut answer = texts(stack.invoke(call).await.unwrap());
    assert_eq!(answer.message().await.unwrap().unwrap(), "a");
    drop(answer);
    assert_eq!(resets.recv().await.unwrap(), Reason::CANCEL);
    assert_eq!(number.load(Relaxed), 2);
}

/// grpc-java `serverCancelledAndClientDeadlineExceeded`.
/// grpc-dotnet `Unary_DeadlineExceedAfterServerCall_Failure`, `AsyncUnaryCall_ExceedDeadlineWithActiveCalls_Failure`, `Unary_DeadlineExceedDuringDelay_Failure`, `Duplex_DeadlineExceedDuringDelay_Failure`.
#[tokio::test]
async fn one_deadline_ends_all_attempts_of_a_call_as_deadline_exceeded() {
    let hang = || {
        serve(async |asked: Asked| {
            let _asked = asked;
            std::future::pending().await
        })
    };
    let hedging = HedgingPolicy {
        hedging_delay: Some(Duration::from_millis(20)),
        non_fatal_status_codes: Some(CodeSet::of(&[Code::Unavailable])),
        ..HedgingPolicy::UNSET
    };
    let hedged = Policies {
        hedging: Some(hedging),
        ..Policies::UNSET
    };
    for policies in [RETRIED, hedged] {
        let timeout = Some(Duration::from_millis(100));
        let (answer, _) = unary(
            &hang().await,
            Policies {
                timeout,
                ..policies
            },
        )
        .await;
        assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    }
}

/// grpc-dotnet `Unary_DeadlineExceedBeforeServerCall_Failure`.
#[tokio::test]
async fn a_call_whose_deadline_has_passed_is_not_sent_even_once() {
    let (target, log) = numbered(|_, asked| asked.answer("ok")).await;
    let (stack, service) = client(&target, RETRIED);
    let mut call = one(service, Kind::Unary);
    let past: Instant = clock::now();
    call.deadline = crate::call::Deadline::at(past, Limit::Call);
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(said(&log).is_empty());
}
