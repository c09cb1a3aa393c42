//! Who gets how much of the calls: zones, newcomers, canaries, and large sets of endpoints.

use std::time::Duration;

use super::{
    super::Settings,
    fake::{Peers, Way, answered, configure, register, settle},
};
use crate::{
    discovery::{Endpoint, Memory},
    fixture::UNVERSIONED,
    policy::balance::{Balancing, Canary, Strategy},
};

const NEAR: [&str; 4] = ["n1", "n2", "n3", "n4"];
const FAR: [&str; 4] = ["f1", "f2", "f3", "f4"];

fn in_zone(names: [&'static str; 4], zone: &'static str) -> impl Iterator<Item = Endpoint> {
    names.into_iter().map(move |name| {
        let mut endpoint = Endpoint::new(name);
        endpoint.zone = zone.to_owned();
        endpoint
    })
}

/// How many of a thousand calls stay in the zone.
async fn staying(peers: &Peers, balancer: &super::super::Balancer<super::fake::Link>) -> usize {
    settle().await;
    peers.take(NEAR);
    assert_eq!(answered(balancer, &UNVERSIONED, 1_000).await, 1_000);
    peers.take(NEAR).iter().sum()
}

#[tokio::test(start_paused = true)]
async fn calls_stay_in_the_zone_while_enough_of_it_is_there() {
    fastrand::seed(7);
    let (peers, memory) = (Peers::default(), Memory::new());
    let _near = register(&memory, in_zone(NEAR, "eu-1a")).await;
    let _far = register(&memory, in_zone(FAR, "eu-1b")).await;
    let balancer = peers.balancer(&memory);
    let settings = Settings {
        zone: "eu-1a".to_owned(),
        ..Settings::default()
    };
    balancer.handle().configure(settings).unwrap();
    balancer.ready().await.unwrap();
    assert_eq!(staying(&peers, &balancer).await, 1_000);
    // Three of four are more than 70 percent ...
    peers.set("n1", Way::Refuses);
    assert_eq!(staying(&peers, &balancer).await, 1_000);
    // ... and two are 50, which is five sevenths of that.
    peers.set("n2", Way::Refuses);
    let stayed = staying(&peers, &balancer).await;
    assert!((660..=770).contains(&stayed), "{stayed} of 1000 stayed");
    // With nobody left here, everybody is there.
    peers.set("n3", Way::Refuses);
    peers.set("n4", Way::Refuses);
    assert_eq!(staying(&peers, &balancer).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_zone_whose_endpoints_are_sick_is_left_as_well() {
    fastrand::seed(7);
    let (peers, memory) = (Peers::default(), Memory::new());
    let _near = register(&memory, in_zone(NEAR, "eu-1a")).await;
    let _far = register(&memory, in_zone(FAR, "eu-1b")).await;
    let balancer = peers.balancer(&memory);
    let settings = Settings {
        zone: "eu-1a".to_owned(),
        ..Settings::default()
    };
    balancer.handle().configure(settings).unwrap();
    balancer.ready().await.unwrap();
    settle().await;
    peers.set("n1", Way::Fails);
    peers.set("n2", Way::Fails);
    answered(&balancer, &UNVERSIONED, 300).await;
    let stayed = staying(&peers, &balancer).await;
    assert!((660..=770).contains(&stayed), "{stayed} of 1000 stayed");
}

#[tokio::test(start_paused = true)]
async fn who_came_up_just_now_is_brought_in_bit_by_bit() {
    fastrand::seed(7);
    for strategy in [Strategy::PeakEwma, Strategy::RoundRobin] {
        let (peers, memory) = (Peers::default(), Memory::new());
        let _all = register(&memory, NEAR.map(Endpoint::new)).await;
        let balancer = peers.balancer(&memory);
        let mut balancing = Balancing::from(strategy);
        balancing.slow_start.window = Duration::from_secs(10);
        configure(&balancer, balancing).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        peers.set("n1", Way::Refuses);
        settle().await;
        peers.set("n1", Way::Answers);
        tokio::time::sleep(Duration::from_secs(1)).await;
        settle().await;

        let share = async || {
            peers.take(NEAR);
            assert_eq!(answered(&balancer, &UNVERSIONED, 1_000).await, 1_000);
            peers.take(NEAR)[0]
        };
        let early = share().await;
        assert!((1..=90).contains(&early), "{strategy:?}: {early} of 1000");
        tokio::time::sleep(Duration::from_secs(4)).await;
        let later = share().await;
        assert!(
            (100..=200).contains(&later),
            "{strategy:?}: {later} of 1000"
        );
        tokio::time::sleep(Duration::from_secs(10)).await;
        let share = share().await;
        assert!(
            (200..=300).contains(&share),
            "{strategy:?}: {share} of 1000"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_gets_its_share_and_no_more_however_large_it_is() {
    fastrand::seed(7);
    let (peers, memory) = (Peers::default(), Memory::new());
    let release = |name, version: &str| {
        let mut endpoint = Endpoint::new(name);
        endpoint.release =
            Endpoint::from_json(&format!(r#"{{"address": "x", "version": "{version}"}}"#))
                .unwrap()
                .release;
        endpoint
    };
    let _old = register(&memory, FAR.map(|name| release(name, "1.4.2"))).await;
    let new = register(&memory, NEAR.map(|name| release(name, "1.5.0"))).await;
    let balancer = peers.balancer(&memory);
    let canary = Canary {
        versions: ">=1.5.0".parse().unwrap(),
        percent: 5.0,
    };
    let balancing = Balancing {
        canaries: vec![canary],
        ..Balancing::default()
    };
    configure(&balancer, balancing).await;
    let canaries = staying(&peers, &balancer).await;
    assert!((30..=75).contains(&canaries), "{canaries} of 1000");
    // Its share goes to the others when it is gone, and all comes to it when it is all there is.
    for registration in new {
        registration.withdraw().await.unwrap();
    }
    assert_eq!(staying(&peers, &balancer).await, 0);
    let _new = register(&memory, NEAR.map(|name| release(name, "1.5.0"))).await;
    for name in FAR {
        peers.set(name, Way::Refuses);
    }
    assert_eq!(staying(&peers, &balancer).await, 1_000);
}

#[tokio::test(start_paused = true)]
async fn of_a_large_set_a_client_uses_a_part_of_each_release() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let endpoint = |name: String, version: &str| {
        let text = format!(r#"{{"address": "{name}", "version": "{version}"}}"#);
        Endpoint::from_json(&text).unwrap()
    };
    let old = (0..300).map(|number| endpoint(format!("old{number}"), "1.4.2"));
    let new = (0..3).map(|number| endpoint(format!("new{number}"), "2.0.0"));
    let _all = register(&memory, old.chain(new)).await;
    let balancer = peers.balancer(&memory);
    balancer.ready().await.unwrap();
    settle().await;
    let used = |balancer: &super::super::Balancer<_>| {
        let view = balancer.shared.view.load();
        let names = view.peers.iter().map(|peer| peer.health.name().to_string());
        let (old, new): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with("old"));
        (old.len(), new.len())
    };
    assert_eq!(used(&balancer), (100, 3));
    let balancing = Balancing {
        subset_size: Some(20),
        ..Balancing::default()
    };
    configure(&balancer, balancing).await;
    assert_eq!(used(&balancer), (20, 3));
    configure(&balancer, Strategy::RingHash).await;
    assert_eq!(used(&balancer), (300, 3));
}
