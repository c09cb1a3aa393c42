//! Each strategy, and what they have in common.

use std::num::NonZeroU64;

use super::fake::{Peers, Way, answered, configure, register, settle};
use crate::{
    balance::Settings,
    call::Invoke,
    discovery::{Endpoint, Memory},
    fixture::{UNVERSIONED, say},
    policy::balance::{Balancing, Strategy},
};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

#[tokio::test(start_paused = true)]
async fn in_turn_is_one_after_the_other_whatever_the_weights() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let endpoints = [1, 2, 5, 1].map(|weight| Endpoint::new("").with_weight(weight));
    let named = endpoints
        .into_iter()
        .zip(NAMES)
        .map(|(endpoint, name)| Endpoint {
            address: name.to_owned(),
            ..endpoint
        });
    let _all = register(&memory, named).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    configure(&balancer, Strategy::RoundRobin).await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 400).await, 400);
    assert_eq!(peers.take(NAMES), [100; 4]);

    // By weight, without a stop between.
    configure(&balancer, Strategy::WeightedRoundRobin).await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 900).await, 900);
    let [a, b, c, d] = peers.take(NAMES);
    let near = |calls: usize, share: usize| calls.abs_diff(share) <= 2;
    assert!(
        near(a, 100) && near(b, 200) && near(c, 500) && near(d, 100),
        "{a} {b} {c} {d}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_first_gets_all_until_it_is_away() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, NAMES.map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    configure(&balancer, Strategy::PickFirst).await;
    answered(&balancer, &UNVERSIONED, 20).await;
    assert_eq!(peers.take(NAMES), [20, 0, 0, 0]);
    peers.set("a", Way::Refuses);
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 20).await, 20);
    assert_eq!(peers.take(NAMES), [0, 20, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn who_has_most_calls_under_way_gets_none() {
    // Ten draws of two may all be the same one, once in a thousand times.
    fastrand::seed(7);
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    let balancer = std::sync::Arc::new(peers.balancer(&memory));
    let mut balancing = Balancing::from(Strategy::LeastRequest);
    balancing.choice_count = 10;
    configure(&balancer, balancing).await;
    // Calls that hang at one of the two.
    peers.set("a", Way::Hangs);
    let hanging: Vec<_> = (0..20)
        .map(|_| {
            let balancer = std::sync::Arc::clone(&balancer);
            tokio::spawn(async move { balancer.invoke(say(&UNVERSIONED, "hi")).await })
        })
        .collect();
    settle().await;
    peers.take(["a", "b"]);
    assert_eq!(answered(&balancer, &UNVERSIONED, 100).await, 100);
    let [a, b] = peers.take(["a", "b"]);
    assert_eq!((a, b), (0, 100));
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_key_go_to_one_endpoint_and_few_move_when_it_goes() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, NAMES.map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    let mut balancing = Balancing::from(Strategy::RingHash);
    balancing.request_hash_header = Some("user".to_owned());
    configure(&balancer, balancing).await;
    let mut homes = Vec::new();
    for user in 0..40 {
        for _ in 0..5 {
            let mut call = say(&UNVERSIONED, "hi");
            call.metadata
                .insert("user", format!("u{user}").parse().unwrap());
            // What the metadata says counts more than what the contract names.
            call.key = NonZeroU64::new(7);
            balancer.invoke(call).await.unwrap();
        }
        let got = peers.take(NAMES);
        assert!(got.contains(&5), "{got:?}");
        homes.push(got.map(|calls| calls > 0));
    }
    for place in 0..4 {
        let users = homes.iter().filter(|home| home[place]).count();
        assert!((3..=20).contains(&users), "{users} of 40 users");
    }
    peers.set("a", Way::Refuses);
    settle().await;
    for (user, home) in homes.iter().enumerate() {
        let mut call = say(&UNVERSIONED, "hi");
        call.metadata
            .insert("user", format!("u{user}").parse().unwrap());
        balancer.invoke(call).await.unwrap();
        let now = peers.take(NAMES).map(|calls| calls > 0);
        assert!(home[0] || now == *home, "one moved that did not have to");
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_that_a_contract_names_is_one() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, NAMES.map(Endpoint::new)).await;
    let balancer = peers.balancer(&memory);
    configure(&balancer, Strategy::RingHash).await;
    for key in 1..20_u64 {
        for _ in 0..5 {
            let mut call = say(&UNVERSIONED, "hi");
            call.key = NonZeroU64::new(key.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            balancer.invoke(call).await.unwrap();
        }
        let got = peers.take(NAMES);
        assert!(got.contains(&5), "{got:?}");
    }
    // Without one, calls go anywhere.
    answered(&balancer, &UNVERSIONED, 100).await;
    assert!(peers.take(NAMES).iter().all(|calls| *calls > 0));
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_changes_nothing() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let balancer = peers.balancer(&memory);
    let mut settings = Settings::default();
    settings.balancing.choice_count = 0;
    let error = balancer.handle().configure(settings).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`choiceCount` is 0; it must be at least 2"
    );
}
