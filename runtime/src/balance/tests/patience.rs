//! Calls that wait for ready: through a name without endpoints, endpoints that cannot be reached, and releases that do not fit.

use std::{future::Future, time::Duration};

use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::{
    super::Balancer,
    fake::{Link, Peers, Way, register, settle},
};
use crate::{
    call::{Announced, Call, Invoke, Reply, Service},
    discovery::{Endpoint, Memory},
    fixture::{ECHO, ECHO_2, UNVERSIONED, say},
    policy::connectivity::State,
};

fn call(service: &'static Service, waits: bool) -> Call {
    let mut call = say(service, "hi");
    call.wait_for_ready = Some(waits);
    if service.is_versioned() {
        call.announced = Announced::Own(&service.release().client);
    }
    call
}

/// Holds a call that waits against one that does not: `change` is what the former waits for.
async fn waits_for(
    balancer: &Balancer<Link>,
    service: &'static Service,
    change: impl Future<Output = ()>,
) -> (Status, Result<Reply, Status>) {
    let told = balancer.invoke(call(service, false)).await.unwrap_err();
    let waiting = timeout(
        Duration::from_secs(60),
        balancer.invoke(call(service, true)),
    );
    let later = async {
        sleep(Duration::from_secs(5)).await;
        change.await;
    };
    let (answer, ()) = tokio::join!(waiting, later);
    (told, answer.expect("it is answered in time"))
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_first_endpoint_of_a_name() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let balancer = peers.balancer(&memory);
    let (joins, mut joined) = (memory.clone(), Vec::new());
    let join = async { joined = register(&joins, [Endpoint::new("a")]).await };
    let (told, answer) = waits_for(&balancer, &UNVERSIONED, join).await;
    assert_eq!(told.code(), Code::Unavailable);
    assert!(answer.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_an_endpoint_that_cannot_be_reached_yet() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, [Endpoint::new("a")]).await;
    peers.set("a", Way::Refuses);
    let balancer = peers.balancer(&memory);
    let back = async { peers.set("a", Way::Answers) };
    let (told, answer) = waits_for(&balancer, &UNVERSIONED, back).await;
    assert_eq!(told.code(), Code::Unavailable);
    assert!(answer.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_release_that_fits_as_a_deploy_may_be_under_way() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _old = register(&memory, [Endpoint::of(&ECHO, "old")]).await;
    let balancer = peers.balancer(&memory);
    let (joins, mut joined) = (memory.clone(), Vec::new());
    let deploy = async { joined = register(&joins, [Endpoint::of(&ECHO_2, "new")]).await };
    let (told, answer) = waits_for(&balancer, &ECHO_2, deploy).await;
    assert_eq!(told.code(), Code::FailedPrecondition);
    assert!(answer.is_ok());
    assert_eq!(peers.take(["old", "new"]), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_states_of_all_endpoints_make_that_of_the_channel() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let balancer = peers.balancer(&memory);
    assert_eq!(*balancer.states().borrow(), State::Idle);
    let _ = balancer.ready().await;
    assert_eq!(*balancer.states().borrow(), State::TransientFailure);

    peers.set("refuses", Way::Refuses);
    peers.set("silent", Way::Silent);
    let names = ["refuses", "silent", "well"];
    let _all = register(&memory, names.map(Endpoint::new)).await;
    settle().await;
    assert_eq!(*balancer.states().borrow(), State::Ready);
    let counts = balancer.counts();
    let of = [State::TransientFailure, State::Connecting, State::Ready];
    assert_eq!(of.map(|state| counts.of(state)), [1, 1, 1]);

    peers.set("well", Way::Refuses);
    settle().await;
    assert_eq!(*balancer.states().borrow(), State::Connecting);
    let mut states = balancer.states();
    drop(balancer);
    assert_eq!(*states.borrow_and_update(), State::Shutdown);
}
