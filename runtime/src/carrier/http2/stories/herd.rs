//! Many clients of one server that goes away: when they come back.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    memory::{Seen, answers},
    peer::{text, unary},
};
use crate::{
    client::Channel,
    discovery::{Endpoint, Memory, Registry},
};

const CLIENTS: usize = 500;

/// Clients that are connected to one endpoint, and what ends all their connections at once.
async fn clients(memory: &Memory, seen: &Seen) -> (Vec<Channel>, watch::Sender<u32>) {
    let ends = watch::Sender::new(0);
    let mut channels = Vec::new();
    for _ in 0..CLIENTS {
        let ends = ends.clone();
        let builder = seen.dial(Channel::resolving(memory.clone()), move |stream| {
            let mut ended = ends.subscribe();
            async move {
                tokio::select! {
                    () = answers(stream) => {}
                    _ = ended.changed() => {}
                }
            }
        });
        channels.push(builder.connect().await.unwrap());
    }
    (channels, ends)
}

#[tokio::test(start_paused = true)]
async fn clients_of_a_server_that_went_away_come_back_one_by_one() {
    let (memory, seen) = (Memory::new(), Seen::default());
    let _registered = memory.register(Endpoint::new("memory:80")).await.unwrap();
    let (channels, ends) = clients(&memory, &seen).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(seen.take().len(), CLIENTS);

    let lost = Instant::now();
    ends.send_modify(|times| *times += 1);
    sleep(Duration::from_secs(5)).await;
    let dials: Vec<_> = seen.take().into_iter().map(|dial| dial - lost).collect();
    assert_eq!(dials.len(), CLIENTS, "each comes back once");
    let mut tenths = [0; 11];
    for dial in dials {
        tenths[usize::try_from(dial.as_millis() / 100).unwrap()] += 1;
    }
    // Evenly would be 50 in each tenth of the second.
    assert!(tenths.iter().all(|many| *many < 100), "{tenths:?}");
    drop(channels);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_nowhere_else_to_go_does_not_wait_for_its_turn() {
    let (memory, seen) = (Memory::new(), Seen::default());
    let _registered = memory.register(Endpoint::new("memory:80")).await.unwrap();
    let (channels, ends) = clients(&memory, &seen).await;
    sleep(Duration::from_secs(10)).await;
    ends.send_modify(|times| *times += 1);
    // The clients see it.
    for channel in &channels {
        let mut states = channel.states();
        let gone = states.wait_for(|state| state.name() != "READY").await;
        assert!(gone.is_ok());
    }
    let begun = Instant::now();
    let answers = join_all(channels.iter().map(|channel| text(channel, unary("hi")))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert!(
        begun.elapsed() < Duration::from_millis(250),
        "{:?}",
        begun.elapsed()
    );
}
