//! The states of a channel: what is told of them, how long calls wait, and when connections are left.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    io::DuplexStream,
    sync::Barrier,
    time::{Instant, sleep},
};
use tonic::Code;

use super::{
    memory::{Seen, answers, pinged},
    peer::{Asked, speak, text, unary},
};
use crate::{
    call::Call,
    client::{Builder, Channel, Keepalive},
    discovery::{Endpoint, Memory, Registration, Registry},
    policy::connectivity::State,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A channel to one address.
fn single(seen: &Seen) -> Builder {
    seen.dial(Channel::builder("http://memory:80"), answers)
}

/// A channel to a name with one endpoint.
async fn named(seen: &Seen) -> (Builder, Registration) {
    let memory = Memory::new();
    let registered = memory.register(Endpoint::new("memory:80")).await.unwrap();
    (seen.dial(Channel::resolving(memory), answers), registered)
}

fn patient() -> Call {
    let mut call = unary("hi");
    call.wait_for_ready = Some(true);
    call
}

#[tokio::test(start_paused = true)]
async fn a_channel_tells_its_states_and_nothing_dead_is_ready() {
    let seen = Seen::default();
    seen.refuse(1);
    let channel = single(&seen).lazy().unwrap();
    let mut states = channel.states();
    assert_eq!(channel.state(), State::Idle);
    text(&channel, unary("hi")).await.unwrap_err();
    assert_eq!(channel.state(), State::TransientFailure);
    sleep(2 * SECOND).await;
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
    assert_eq!(channel.state().name(), "READY");
    assert_eq!(channel.endpoints().of(State::Ready), 1);
    drop(channel);
    let last = states.wait_for(|state| *state == State::Shutdown).await;
    assert!(last.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_ready_outlives_failures_and_another_is_told_of_them() {
    let seen = Seen::default();
    let (balanced, _registered) = named(&seen).await;
    for builder in [single(&seen), balanced] {
        seen.refuse(3);
        let channel = builder.lazy().unwrap();
        let begun = Instant::now();
        let status = text(&channel, unary("hi")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(text(&channel, patient()).await.unwrap(), "ok");
        // The pauses after three failures: 1, 1.6 and 2.56 s, ± 20 %.
        let waited = begun.elapsed().as_secs_f64();
        assert!((4.1..6.2).contains(&waited), "{waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_nobody_calls_is_idle_until_somebody_does() {
    let seen = Seen::default();
    let (balanced, _registered) = named(&seen).await;
    for (turn, builder) in [single(&seen), balanced].into_iter().enumerate() {
        let channel = builder.idle_timeout(10 * MINUTE).connect().await.unwrap();
        for _ in 0..4 {
            sleep(5 * MINUTE).await;
            assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
        }
        assert_eq!((seen.take().len(), seen.ended()), (1, 2 * turn));
        sleep(13 * MINUTE).await;
        assert_eq!(channel.state(), State::Idle);
        assert_eq!(channel.endpoints().of(State::Idle), 1);
        assert_eq!((seen.take().len(), seen.ended()), (0, 2 * turn + 1));
        assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
        assert_eq!(channel.state(), State::Ready);
        assert_eq!(seen.take().len(), 1);
        drop(channel);
        sleep(SECOND).await;
        assert_eq!(seen.ended(), 2 * turn + 2);
    }
}

/// Takes one call at a time, and answers none before two are here.
async fn in_pairs(stream: DuplexStream, together: Arc<Barrier>) {
    let mut one_at_a_time = h2::server::Builder::new();
    one_at_a_time.max_concurrent_streams(1);
    let answer = Arc::new(move |mut asked: Asked| {
        let together = Arc::clone(&together);
        async move {
            together.wait().await;
            asked.answer("both");
        }
    });
    speak(stream, one_at_a_time, 0, answer).await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_to_a_name_opens_a_connection_when_streams_queue_and_leaves_it_when_they_do_not()
{
    let (seen, together) = (Seen::default(), Arc::new(Barrier::new(2)));
    let memory = Memory::new();
    let _registered = memory.register(Endpoint::new("memory:80")).await.unwrap();
    let builder = seen.dial(Channel::resolving(memory), move |stream| {
        in_pairs(stream, Arc::clone(&together))
    });
    let channel = builder.connect().await.unwrap();
    let calls = [0, 1].map(|_| text(&channel, unary("hi")));
    for answer in join_all(calls).await {
        assert_eq!(answer.unwrap(), "both");
    }
    assert_eq!((seen.take().len(), seen.ended()), (2, 0));
    sleep(3 * MINUTE).await;
    assert_eq!((seen.take().len(), seen.ended()), (0, 1));
    assert_eq!(channel.state(), State::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_pinged_too_often_is_pinged_half_as_often() {
    let (seen, pings) = (Seen::default(), Arc::<Mutex<Vec<_>>>::default());
    // GOAWAY, ENHANCE_YOUR_CALM.
    let mut enough = vec![0, 0, 22, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
    enough.extend(b"too_many_pings");
    let answers = Mutex::new(vec![None, Some(enough.clone()), Some(enough)]);
    let log = Arc::clone(&pings);
    let builder = seen.dial(Channel::builder("http://memory:80"), move |stream| {
        let pong = answers.lock().unwrap().pop().unwrap_or_default();
        pinged(stream, Arc::clone(&log), pong)
    });
    let keepalive = Keepalive {
        interval: 10 * SECOND,
        timeout: 5 * SECOND,
        while_idle: true,
    };
    let channel = builder.keepalive(keepalive).lazy().unwrap();
    for seconds in [10, 20, 40] {
        let begun = Instant::now();
        channel.link().ready().await.unwrap();
        sleep(Duration::from_secs(seconds) + SECOND).await;
        let first = pings.lock().unwrap().drain(..).next().expect("a ping");
        assert_eq!((first - begun).as_secs(), seconds);
    }
    // The last connection was not complained of, and lasts.
    assert_eq!(channel.state(), State::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_went_silent_is_left_within_interval_and_timeout() {
    let (seen, first) = (Seen::default(), Mutex::new(true));
    let builder = seen.dial(Channel::builder("http://memory:80"), move |stream| {
        let goes_silent = std::mem::take(&mut *first.lock().unwrap());
        async move {
            if !goes_silent {
                return answers(stream).await;
            }
            let mut frames = h2::server::handshake(stream).await.unwrap();
            let _asked = frames.accept().await;
            // Neither read nor closed from here on: what is left of a host whose cable was pulled.
            std::future::pending().await
        }
    });
    let keepalive = Keepalive {
        interval: 10 * SECOND,
        timeout: 5 * SECOND,
        while_idle: false,
    };
    let channel = builder.keepalive(keepalive).connect().await.unwrap();
    let begun = Instant::now();
    let status = text(&channel, unary("hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let took = begun.elapsed();
    assert!(took > 10 * SECOND && took < 16 * SECOND, "{took:?}");
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "ok");
}
