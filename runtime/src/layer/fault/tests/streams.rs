//! Streams: cut, read slowly, and how long they count as under way.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use super::*;
use crate::call::{Frame, Source};

/// Messages that are there at once.
struct Messages(VecDeque<Frame>);

impl Source for Messages {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

fn many(messages: usize) -> Body {
    let message = |_| Frame::Message(Message::encode(&"hi".to_owned()).unwrap());
    let messages = (0..messages).map(message).collect();
    Body::Many(Frames::new(Messages(messages)))
}

async fn five(_: Call) -> Result<Reply, Status> {
    Ok(Reply::new(many(5)))
}

/// Reads all of a stream: when each message came, in seconds, and how it ended.
async fn read(body: Body) -> (Vec<u64>, Result<(), Status>) {
    let started = clock::now();
    let (mut came, mut frames) = (Vec::new(), body.into_frames());
    while let Some(frame) = frames.frame().await {
        match frame {
            Ok(_) => came.push((clock::now() - started).as_secs()),
            Err(status) => return (came, Err(status)),
        }
    }
    (came, Ok(()))
}

fn cut_after(messages: u32) -> impl FnOnce(&mut Config) {
    move |config| {
        (config.truncate_after, config.truncate_fraction) = (Some(messages), MILLION);
    }
}

fn read_slowly(config: &mut Config) {
    (config.slow_read, config.slow_read_fraction) = (Some(SECOND), MILLION);
}

#[tokio::test(start_paused = true)]
async fn a_stream_breaks_off_after_so_many_messages_as_if_the_connection_were_lost() {
    for (after, came) in [(0, 0), (3, 3), (5, 5)] {
        let stack = calling(Handler(five), cut_after(after));
        let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
        assert_eq!(
            stack.table.faults().active(),
            1,
            "for as long as the stream lives"
        );
        let (messages, end) = read(reply.body).await;
        assert_eq!(messages.len(), came);
        let status = end.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(Mark::of(&status), Some(Mark::Injected));
        assert_eq!(stack.table.faults().active(), 0);
    }
    // A stream that ends before is whole.
    let stack = calling(Handler(five), cut_after(6));
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    assert_eq!(read(reply.body).await.0.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_single_message_is_cut_off_only_before_it_came() {
    let status = calling(Handler(echo), cut_after(0))
        .invoke(say(&ECHO, "hi"))
        .await;
    assert_eq!(status.unwrap_err().code(), Code::Unavailable);
    let reply = calling(Handler(echo), cut_after(1))
        .invoke(say(&ECHO, "hi"))
        .await;
    reply.unwrap().body.one().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_pauses_between_the_messages_of_the_answer() {
    let stack = calling(Handler(five), read_slowly);
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let (came, end) = read(reply.body).await;
    assert_eq!(came, [0, 1, 2, 3, 4]);
    end.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_pauses_between_the_messages_of_the_call() {
    let handler = Handler(|call: Call| async {
        let (came, end) = read(call.body).await;
        assert_eq!(came, [0, 1, 2]);
        end?;
        five(say(&ECHO, "hi")).await
    });
    let (plans, rules) = faulty(read_slowly);
    let stack = Serving::new(handler, plans, &rules);
    let faults = stack.table.faults();
    let mut call = say(&ECHO, "hi");
    call.body = many(3);
    let reply = stack.invoke(call).await.unwrap();
    // Its answer is as fast as ever.
    assert_eq!(read(reply.body).await.0, [0; 5]);
    assert_eq!(faults.active(), 0);
}

/// grpc-go `TestFaultInjection_MaxActiveFaults`.
#[tokio::test(start_paused = true)]
async fn of_three_streams_two_are_held_up_and_count_only_until_they_begin() {
    let stack = calling(Handler(five), |config| {
        always_delay(config);
        config.max_active_faults = 2;
    });
    let begin = || async {
        let started = clock::now();
        let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
        ((clock::now() - started).as_secs(), reply)
    };
    let (first, second, third) = tokio::join!(begin(), begin(), begin());
    assert_eq!([first.0, second.0, third.0], [1, 1, 0]);
    // The streams live, and their delays are over: the next one is held up again.
    assert_eq!(stack.table.faults().active(), 0);
    assert_eq!(begin().await.0, 1);
    assert_eq!(stack.table.faults().counts().at_limit.sum(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_given_up_is_no_longer_under_way() {
    let stack = calling(Handler(five), cut_after(3));
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    drop(reply);
    assert_eq!(stack.table.faults().active(), 0);
}
