//! What the end of a call says about its endpoint, and what it does not.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::fake::{Peers, Way, answered, configure, register, settle};
use crate::{
    call::{Deadline, Invoke, Limit},
    clock,
    discovery::{Endpoint, Memory},
    fixture::{ECHO, UNVERSIONED, say},
    policy::balance::Strategy,
};

#[tokio::test(start_paused = true)]
async fn who_guards_itself_is_no_outlier() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    configure(&balancer, Strategy::RoundRobin).await;
    let details = ErrorDetails::with_error_info(
        "OVERLOADED",
        "couplet",
        std::collections::HashMap::<String, String>::new(),
    );
    let status = Status::with_error_details(Code::Unavailable, "too much", details);
    peers.fail("a", status);
    answered(&balancer, &UNVERSIONED, 100).await;
    assert_eq!(peers.take(["a", "b"]), [50, 50]);
    // The same code without those words is a failure.
    peers.fail("a", Status::unavailable("gone"));
    answered(&balancer, &UNVERSIONED, 100).await;
    assert_eq!(peers.take(["a", "b"]), [5, 95]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_in_a_hurry_makes_no_endpoint_look_sick() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    configure(&balancer, Strategy::RoundRobin).await;
    peers.fail("a", Status::deadline_exceeded("late"));
    for (limit, calls) in [(Limit::Call, [20, 20]), (Limit::Method, [5, 35])] {
        for _ in 0..40 {
            let mut call = say(&ECHO, "hi");
            call.deadline = Deadline::after(clock::now(), Duration::from_millis(10), limit);
            let _ = balancer.invoke(call).await;
        }
        assert_eq!(peers.take(["a", "b"]), calls, "{limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_is_left_with_its_connection() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    configure(&balancer, Strategy::RoundRobin).await;
    peers.set("a", Way::Refuses);
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 100).await, 100);
    assert_eq!(peers.take(["a", "b"]), [0, 100]);
}
