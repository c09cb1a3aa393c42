//! Who can be reached, and what is told where nobody can.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::fake::{Peers, Way, answered, register, settle};
use crate::{
    call::{Invoke, Mark},
    discovery::{Endpoint, Memory},
    fixture::{UNVERSIONED, say},
};

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_first_endpoint_that_is_up() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["silent", "well"].map(Endpoint::new)).await;
    peers.set("silent", Way::Silent);
    let balancer = peers.balancer(&memory);
    let begun = Instant::now();
    assert_eq!(answered(&balancer, &UNVERSIONED, 20).await, 20);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(peers.calls("silent"), 0);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_reached_the_reason_is_told_at_once() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    peers.set("a", Way::Refuses);
    peers.set("b", Way::Refuses);
    let balancer = peers.balancer(&memory);
    let status = balancer.invoke(say(&UNVERSIONED, "hi")).await.unwrap_err();
    assert_eq!(
        status.message(),
        "none of the 2 endpoints of memory:/// can be reached; the last one tried: connection refused"
    );
    assert_eq!(Mark::of(&status), Some(Mark::Unprocessed));
}

#[tokio::test(start_paused = true)]
async fn a_name_without_endpoints_is_an_error_and_no_wait() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let balancer = peers.balancer(&memory);
    let status = balancer.invoke(say(&UNVERSIONED, "hi")).await.unwrap_err();
    assert_eq!(status.message(), "memory:/// has no endpoints");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_used_again_and_who_goes_is_not() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let mut all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;

    peers.set("a", Way::Refuses);
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 20).await, 20);
    assert_eq!((peers.calls("a"), peers.calls("b")), (0, 20));

    peers.set("a", Way::Answers);
    tokio::time::sleep(Duration::from_secs(2)).await;
    all.pop().unwrap().withdraw().await.unwrap();
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 20).await, 20);
    assert_eq!((peers.calls("a"), peers.calls("b")), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_makes_no_sense_is_left_out() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["nonsense", "a"].map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    assert_eq!(answered(&balancer, &UNVERSIONED, 20).await, 20);
    assert_eq!(peers.calls("a"), 20);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_never_answers_gets_no_second_call_while_others_do() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b", "dead"].map(Endpoint::new)).await;
    peers.set("dead", Way::Hangs);
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    let mut given_up = 0;
    for _ in 0..200 {
        let mut call = say(&UNVERSIONED, "hi");
        call.attempt.timeout = Some(Duration::from_millis(100));
        let answer = timeout(Duration::from_millis(100), balancer.invoke(call)).await;
        given_up += usize::from(answer.is_err());
    }
    assert!(given_up <= 5, "{given_up} calls were given up");
}
