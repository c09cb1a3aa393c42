//! Who gets a call.

use super::fake::{Peers, Way, answered, register, settle};
use crate::{
    call::{Announced, Invoke},
    discovery::{Endpoint, Memory},
    fixture::{ECHO, ECHO_2, UNVERSIONED, say},
};

#[tokio::test(start_paused = true)]
async fn calls_go_to_all_endpoints_alike() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let names = ["a", "b", "c", "d"];
    let _all = register(&memory, names.map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 400).await, 400);
    for name in names {
        let calls = peers.calls(name);
        assert!((60..=140).contains(&calls), "{name} got {calls} of 400");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_gets_the_endpoints_of_its_release_and_no_other() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _one = register(&memory, [Endpoint::of(&ECHO, "one")]).await;
    let _two = register(&memory, [Endpoint::of(&ECHO_2, "two")]).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    assert_eq!(answered(&balancer, &ECHO, 20).await, 20);
    assert_eq!((peers.calls("one"), peers.calls("two")), (20, 0));
    assert_eq!(answered(&balancer, &ECHO_2, 20).await, 20);
    assert_eq!((peers.calls("one"), peers.calls("two")), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn where_no_endpoint_fits_the_releases_are_named() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _two = register(&memory, [Endpoint::of(&ECHO_2, "two")]).await;
    let balancer = peers.balancer(&memory.service("test.Echo"));
    balancer.ready().await.unwrap();
    let mut call = say(&ECHO, "hi");
    call.announced = Announced::Own(&ECHO.release().client);
    let status = balancer.invoke(call).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    assert_eq!(
        status.message(),
        "no endpoint of memory:///test.Echo fits this client's release; there are 2.0.0 (for clients from 2.0): build \
         the client against one of them, or start a server that it fits"
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_is_soon_left_alone() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["well", "fine", "sick"].map(Endpoint::new)).await;
    peers.set("sick", Way::Fails);
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    answered(&balancer, &UNVERSIONED, 300).await;
    let calls = peers.calls("sick");
    assert!(
        (1..=5).contains(&calls),
        "{calls} calls: its gate shuts at the fifth, and a quick refusal is no quick answer"
    );
}

#[tokio::test(start_paused = true)]
async fn another_attempt_goes_elsewhere() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    peers.set("a", Way::Fails);
    for _ in 0..20 {
        let before = peers.calls("b");
        crate::call::Tried::take();
        if balancer.invoke(say(&UNVERSIONED, "hi")).await.is_err() {
            let mut again = say(&UNVERSIONED, "hi");
            let tried = crate::call::Tried::take().expect("a failure says where it was");
            again.attempt.tried.add(tried);
            balancer.invoke(again).await.unwrap();
        }
        assert_eq!(peers.calls("b"), before + 1);
    }
    assert!(peers.calls("a") > 0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_with_a_share_of_nothing_gets_nothing() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let endpoints = [Endpoint::new("a"), Endpoint::new("b").with_weight(0)];
    let _all = register(&memory, endpoints).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 50).await, 50);
    assert_eq!(peers.calls("b"), 0);
}
