//! Two ends of one call at the same moment: it has exactly one of them.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tonic::metadata::MetadataMap;

use super::*;
use crate::call::{End, Message};

const SECOND: Duration = Duration::from_secs(1);

/// A stream whose items come at their times, and nothing after the last.
struct Scripted {
    items: VecDeque<(Duration, Result<Frame, Status>)>,
    started: std::time::Instant,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Source for Scripted {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let this = &mut *self;
        let Some((at, _)) = this.items.front() else {
            return Poll::Pending;
        };
        let at = this.started + *at;
        let timer = this.timer.get_or_insert_with(|| {
            let timer = tokio::time::sleep_until(at.into());
            Box::pin(timer)
        });
        if timer.as_mut().poll(waker).is_pending() {
            return Poll::Pending;
        }
        this.timer = None;
        Poll::Ready(this.items.pop_front().map(|(_, item)| item))
    }
}

type Items = Vec<(Duration, Result<Frame, Status>)>;

fn hello() -> Result<Frame, Status> {
    Message::encode(&"hello".to_owned()).map(Frame::Message)
}

fn over() -> Result<Frame, Status> {
    Ok(Frame::Trailers(MetadataMap::new()))
}

/// A stream with a second to live, and what is told of its end.
async fn streaming(items: Items) -> (Frames, Arc<Mutex<Vec<String>>>) {
    let items = Mutex::new(Some(items));
    let stack = calling(Handler(move |_| {
        let scripted = Scripted {
            items: items.lock().unwrap().take().unwrap().into(),
            started: clock::now(),
            timer: None,
        };
        async { Ok(Reply::new(Body::Many(Frames::new(scripted)))) }
    }));
    let mut call = say(&ECHO, "");
    call.timeout = Some(SECOND);
    let mut frames = stack.invoke(call).await.unwrap().body.into_frames();
    let ends = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&ends);
    frames.on_end(move |end| {
        told.lock().unwrap().push(match end {
            End::Complete => "complete".to_owned(),
            End::Failed(status) => format!("{:?}", status.code()),
            End::Abandoned => "abandoned".to_owned(),
        });
    });
    (frames, ends)
}

/// Reads a stream to its end, and what is told of it.
async fn read(items: Items) -> (usize, Vec<String>) {
    let (mut frames, ends) = streaming(items).await;
    let mut messages = 0;
    while let Some(Ok(Frame::Message(_))) = frames.frame().await {
        messages += 1;
    }
    // The end is the end: there is nothing after it, and dropping what is left tells no other.
    assert!(frames.frame().await.is_none());
    drop(frames);
    let ends = ends.lock().unwrap().clone();
    (messages, ends)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_when_time_is_up_counts() {
    let stack = calling(Handler(|call| async {
        tokio::time::sleep(SECOND).await;
        echo(call).await
    }));
    let mut call = say(&ECHO, "");
    call.timeout = Some(SECOND);
    assert!(stack.invoke(call).await.is_ok());
    assert_eq!(stack.counts.expired.sum(), 0);
}

#[tokio::test(start_paused = true)]
async fn trailers_that_are_there_when_time_is_up_count() {
    let read_all = read(vec![(SECOND / 2, hello()), (SECOND, over())]).await;
    assert_eq!(read_all, (1, vec!["complete".to_owned()]));
    let late = SECOND + Duration::from_millis(1);
    let cut = read(vec![(SECOND / 2, hello()), (late, over())]).await;
    assert_eq!(cut, (1, vec!["DeadlineExceeded".to_owned()]));
}

/// grpc-dotnet `Unary_DeadlineInBetweenReadAsyncCalls_DeadlineExceededStatus`.
#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_back_after_the_deadline_reads_that_it_has_passed() {
    let (mut frames, ends) = streaming(vec![(SECOND / 2, hello())]).await;
    assert!(frames.frame().await.unwrap().is_ok());
    tokio::time::sleep(SECOND * 5).await;
    let status = frames.frame().await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(*ends.lock().unwrap(), ["DeadlineExceeded"]);
}

/// grpc-java `serverCancelledAndClientDeadlineExceeded`.
/// grpc-dotnet `AsyncUnaryCall_Http2ServerResetsCancelCodeAfterDeadline_DeadlineStatus`, `AsyncServerStreamingCall_DeadlineDuringWrite_ResponseThrowsDeadlineExceededStatus`.
#[tokio::test(start_paused = true)]
async fn a_stream_that_the_peer_cuts_at_the_deadline_was_not_cancelled_by_it() {
    let cut = || Err(Status::cancelled("reset by the peer"));
    for (at, end) in [
        (SECOND - Duration::from_millis(1), "Cancelled"),
        (SECOND, "DeadlineExceeded"),
    ] {
        let (_, ends) = read(vec![(SECOND / 2, hello()), (at, cut())]).await;
        assert_eq!(ends, [end], "cut after {at:?}");
    }
    // The reader was elsewhere, and never waited for anything.
    let (mut frames, ends) = streaming(vec![(SECOND, cut())]).await;
    tokio::time::sleep(SECOND * 5).await;
    frames.frame().await.unwrap().unwrap_err();
    assert_eq!(*ends.lock().unwrap(), ["DeadlineExceeded"]);
    // What the peer said of the call itself stays what it is.
    let lost = Err(Status::data_loss("disk on fire"));
    assert_eq!(read(vec![(SECOND, lost)]).await.1, ["DataLoss"]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_at_the_deadline_ends_the_call_once() {
    // It leaves before it heard of the deadline ...
    let (frames, ends) = streaming(vec![]).await;
    tokio::time::advance(SECOND).await;
    drop(frames);
    assert_eq!(*ends.lock().unwrap(), ["abandoned"]);
    // ... or after.
    let (mut frames, ends) = streaming(vec![]).await;
    tokio::time::advance(SECOND).await;
    frames.frame().await.unwrap().unwrap_err();
    drop(frames);
    assert_eq!(*ends.lock().unwrap(), ["DeadlineExceeded"]);
}

/// grpc-java `streamCancelAbortsDeadlineTimer`.
#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_takes_the_timer_along() {
    let under_way = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&under_way);
    let stack = calling(Handler(move |_| {
        let one = Arc::clone(&count);
        async move {
            one.fetch_add(1, Relaxed);
            let _gone = Leaving(one);
            pending().await
        }
    }));
    let mut call = say(&ECHO, "");
    call.timeout = Some(SECOND);
    let left = tokio::time::timeout(SECOND / 2, stack.invoke(call)).await;
    assert!(left.is_err());
    assert_eq!(under_way.load(Relaxed), 0);
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(stack.counts.expired.sum(), 0);
}

struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
