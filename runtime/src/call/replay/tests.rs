//! Attempts that read the messages of one call, one after the other and side by side.

use std::sync::{
    Barrier,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use futures_util::{FutureExt, task::ArcWake, task::waker};
use tokio::sync::mpsc;

use super::*;

/// A caller's stream that is fed as the test goes on.
struct Fed(mpsc::UnboundedReceiver<Result<Message, Status>>);

impl Source for Fed {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        self.0
            .poll_recv(context)
            .map(|item| item.map(|message| message.map(Frame::Message)))
    }
}

struct Caller(mpsc::UnboundedSender<Result<Message, Status>>);

impl Caller {
    fn say(&self, text: &str) {
        self.0.send(Message::encode(&text.to_owned())).unwrap();
    }
}

fn call(room: &Arc<Room>) -> (Caller, Replay) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let replay = Replay::new(Frames::new(Fed(receiver)), room);
    (Caller(sender), replay)
}

/// What an attempt can read now: texts, `.` for the end, `!` for a failure.
fn read(frames: &mut Frames) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        match frames.frame().now_or_never() {
            None => return all,
            Some(Some(Ok(Frame::Message(message)))) => all.push(message.decode().unwrap()),
            Some(Some(Ok(Frame::Trailers(_)))) => unreachable!("a call has none"),
            Some(Some(Err(status))) => {
                all.push(format!("!{}", status.message()));
                return all;
            }
            Some(None) => {
                all.push(".".to_owned());
                return all;
            }
        }
    }
}

/// grpc-java `operationsWhileDraining`, `closedWhileDraining`.
/// C-core `retry_streaming`.
#[test]
fn a_second_attempt_sends_all_that_the_first_one_sent_and_goes_on() {
    let (caller, replay) = call(&Arc::default());
    let (mut first, _) = replay.join().unwrap();
    caller.say("a");
    caller.say("b");
    assert_eq!(read(&mut first), ["a", "b"]);
    let (mut second, _) = replay.restart().unwrap();
    caller.say("c");
    assert_eq!(
        read(&mut first)[0],
        "!the call went on with another attempt"
    );
    assert_eq!(read(&mut second), ["a", "b", "c"]);
    drop(caller);
    assert_eq!(read(&mut second), ["."]);
    let (mut third, _) = replay.restart().unwrap();
    assert_eq!(
        read(&mut third),
        ["a", "b", "c", "."],
        "the end is kept too"
    );
}

/// C-core `retry_streaming_after_commit`, `retry_streaming_succeeds_before_replay_finished`.
/// grpc-java `operationsAfterImmediateCommit`.
#[test]
fn a_committed_call_keeps_nothing_but_what_its_attempt_has_not_sent_yet() {
    let room = Arc::default();
    let (caller, replay) = call(&room);
    let (mut first, _) = replay.join().unwrap();
    caller.say("a");
    caller.say("b");
    read(&mut first);
    let (mut second, id) = replay.restart().unwrap();
    assert!(matches!(second.frame().now_or_never(), Some(Some(Ok(_)))));
    assert_eq!(room.held(), 2 * 8);
    replay.commit(id);
    assert_eq!(room.held(), 8, "b is still to be sent");
    assert!(!replay.is_whole());
    assert_eq!(read(&mut second), ["b"]);
    caller.say("c");
    assert_eq!(read(&mut second), ["c"]);
    assert_eq!(room.held(), 0);
}

/// grpc-java `perRpcBufferLimitExceeded`, `channelBufferLimitExceeded`.
/// C-core `retry_exceeds_buffer_size_in_subsequent_batch`.
#[test]
fn what_does_not_fit_commits_the_call_to_the_attempt_that_sends_it() {
    for room in [Room::new(16, 1_000), Room::new(1_000, 16)] {
        let room = Arc::new(room);
        let (caller, replay) = call(&room);
        let (mut first, _) = replay.join().unwrap();
        caller.say("a");
        caller.say("b");
        assert_eq!(read(&mut first), ["a", "b"]);
        assert!(replay.is_whole());
        caller.say("c");
        caller.say("d");
        assert_eq!(read(&mut first), ["c", "d"]);
        assert!(!replay.is_whole());
        assert_eq!(room.held(), 0);
    }
}

#[test]
fn a_failure_of_the_caller_is_told_to_every_attempt_and_is_no_reason_for_another() {
    let (caller, replay) = call(&Arc::default());
    let ((mut first, _), (mut second, _)) = (replay.join().unwrap(), replay.join().unwrap());
    caller.say("a");
    caller
        .0
        .send(Err(Status::data_loss("disk on fire")))
        .unwrap();
    assert_eq!(read(&mut first), ["a", "!disk on fire"]);
    assert_eq!(read(&mut second), ["a", "!disk on fire"]);
    assert!(!replay.is_whole() && replay.join().is_none());
}

struct Count(AtomicUsize);

impl ArcWake for Count {
    fn wake_by_ref(this: &Arc<Self>) {
        this.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn attempts_side_by_side_wake_each_other_and_the_one_that_stays_reads_on() {
    let (caller, replay) = call(&Arc::default());
    let ((mut first, _), (mut second, _)) = (replay.join().unwrap(), replay.join().unwrap());
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    let waker = waker(Arc::clone(&woken));
    assert!(
        first
            .poll_frame(&mut Context::from_waker(&waker))
            .is_pending()
    );
    assert_eq!(
        read(&mut second),
        [""; 0],
        "and now the stream wakes only this one"
    );
    caller.say("a");
    assert_eq!(read(&mut second), ["a"]);
    assert_eq!(woken.0.load(Relaxed), 1, "there is something to read");
    assert_eq!(read(&mut first), ["a"]);
    assert!(
        first
            .poll_frame(&mut Context::from_waker(&waker))
            .is_pending()
    );
    assert_eq!(read(&mut second), [""; 0]);
    drop(second);
    assert_eq!(woken.0.load(Relaxed), 2, "there is nobody else to read");
}

/// grpc-java `hedging_perRpcBufferLimitExceeded`, `hedging_channelBufferLimitExceeded`.
#[test]
fn the_attempt_that_is_ahead_gets_the_call_when_there_is_no_more_room() {
    let room = Arc::new(Room::new(20, 1_000));
    let (caller, replay) = call(&room);
    let ((mut first, _), (mut second, ahead)) = (replay.join().unwrap(), replay.join().unwrap());
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    assert_eq!(replay.committed(&waker(Arc::clone(&woken))), None);
    caller.say("a");
    caller.say("b");
    caller.say("c");
    assert_eq!(read(&mut second), ["a", "b", "c"]);
    assert_eq!(woken.0.load(Relaxed), 1);
    assert_eq!(replay.committed(Waker::noop()), Some(ahead));
    assert!(read(&mut first)[0].starts_with('!'));
    caller.say("d");
    assert_eq!(read(&mut second), ["d"]);
}

#[test]
fn the_callers_stream_is_dropped_with_the_last_attempt_and_the_replay() {
    let (caller, replay) = call(&Arc::default());
    let (first, _) = replay.join().unwrap();
    drop(replay);
    assert!(!caller.0.is_closed());
    drop(first);
    assert!(caller.0.is_closed());
}

/// A newcomer would read what comes next from the caller's stream and take it from the attempt that has the call.
#[test]
fn nobody_comes_in_once_an_attempt_has_the_call() {
    let (caller, replay) = call(&Arc::new(Room::new(8, 1_000)));
    let (mut first, _) = replay.join().unwrap();
    caller.say("a");
    caller.say("b");
    assert_eq!(read(&mut first), ["a", "b"]);
    assert!(replay.join().is_none());
    assert!(replay.restart().is_none());
    caller.say("c");
    assert_eq!(read(&mut first), ["c"], "and it is left alone");
}

#[test]
fn whoever_comes_in_while_an_upload_overflows_reads_it_from_its_first_message_or_not_at_all() {
    for round in 0..2_000 {
        let (caller, replay) = call(&Arc::new(Room::new(8, 1_000)));
        let (mut first, _) = replay.join().unwrap();
        caller.say("a");
        caller.say("b");
        drop(caller);
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                read(&mut first)
            });
            start.wait();
            let second = match round % 2 {
                0 => replay.join(),
                _ => replay.restart(),
            };
            if let Some((mut second, _)) = second {
                let all = read(&mut second);
                assert!(all[0] == "a" || all[0].starts_with('!'), "{all:?}");
            }
        });
    }
}

/// A waker may poll at once, or drop what it wakes: with the lock held that would be the end of the call.
#[test]
fn whoever_is_woken_may_ask_at_once() {
    struct Asking(Replay, AtomicUsize);
    impl ArcWake for Asking {
        fn wake_by_ref(this: &Arc<Self>) {
            this.0.is_whole();
            this.1.fetch_add(1, Relaxed);
        }
    }
    let (caller, replay) = call(&Arc::default());
    let (mut waiting, _) = replay.join().unwrap();
    let (mut ahead, number) = replay.join().unwrap();
    let asking = Arc::new(Asking(replay.clone(), AtomicUsize::new(0)));
    let waker = waker(Arc::clone(&asking));
    let mut context = Context::from_waker(&waker);
    assert!(waiting.poll_frame(&mut context).is_pending());
    caller.say("a");
    asking.1.store(0, Relaxed);
    assert_eq!(read(&mut ahead), ["a"]);
    assert_eq!(asking.1.load(Relaxed), 1, "for the message");

    assert_eq!(replay.committed(&waker), None);
    replay.commit(number);
    assert_eq!(asking.1.load(Relaxed), 2, "and for the commit");
}
