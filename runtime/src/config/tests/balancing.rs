//! What a service config says of balancing.

use crate::{
    config::{
        Origin, ServiceConfig,
        live::Live,
        sources::Sources,
        target::{FollowTarget, TargetConfig},
    },
    policy::balance::{Balancing, Strategy},
};

fn config(list: &str) -> ServiceConfig {
    let text = format!(r#"{{"loadBalancingConfig": {list}}}"#);
    ServiceConfig::from_json(&text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn strategy(list: &str) -> Option<Strategy> {
    config(list).balancing().map(|balancing| balancing.strategy)
}

#[test]
fn the_first_policy_that_is_known_counts() {
    for (list, expected) in [
        (r#"[{"round_robin": {}}]"#, Some(Strategy::RoundRobin)),
        (
            r#"[{"pick_first": {"shuffleAddressList": true}}]"#,
            Some(Strategy::PickFirst),
        ),
        (
            r#"[{"weighted_round_robin": {"blackoutPeriod": "10s"}}]"#,
            Some(Strategy::WeightedRoundRobin),
        ),
        (
            r#"[{"least_request_experimental": {}}]"#,
            Some(Strategy::LeastRequest),
        ),
        (
            r#"[{"xds_experimental": {}}, {"ring_hash_experimental": {}}, {"round_robin": {}}]"#,
            Some(Strategy::RingHash),
        ),
        (
            r#"[{"couplet": {}}, {"round_robin": {}}]"#,
            Some(Strategy::PeakEwma),
        ),
        (r#"[{"xds_experimental": {}}]"#, None),
        ("[]", None),
    ] {
        assert_eq!(strategy(list), expected, "{list}");
    }
}

#[test]
fn policies_around_others_are_read_with_what_is_within() {
    let config = config(
        r#"[{"outlier_detection_experimental": {"interval": "3s", "childPolicy": [
            {"random_subsetting_experimental": {"subsetSize": 20, "childPolicy": [
                {"least_request_experimental": {"choiceCount": 50}}
            ]}}
        ]}}]"#,
    );
    let outlier = config.outlier_detection().unwrap();
    assert_eq!(outlier.interval, std::time::Duration::from_secs(3));
    let mut expected = Balancing::from(Strategy::LeastRequest);
    expected.choice_count = 50;
    expected.subset_size = Some(20);
    assert_eq!(config.balancing(), Some(&expected));
}

#[test]
fn our_own_policy_says_all_there_is() {
    let config = config(
        r#"[{"couplet": {"strategy": "ring_hash", "minRingSize": 7, "requestHashHeader": "User-Id", "spillBelow": 50,
            "slowStartWindow": "30s", "slowStartAggression": 2, "subsetSize": 0, "canary": {">=1.5.0": 5, "=1.4.9": "0.5"}}}]"#,
    );
    let balancing = config.balancing().unwrap();
    assert_eq!(balancing.request_hash_header.as_deref(), Some("user-id"));
    assert_eq!((balancing.spill_below, balancing.min_ring_size), (50, 7));
    assert_eq!(
        balancing.slow_start.window,
        std::time::Duration::from_secs(30)
    );
    assert_eq!(balancing.subset_size, Some(0));
    let percents: Vec<_> = balancing
        .canaries
        .iter()
        .map(|canary| canary.percent)
        .collect();
    assert_eq!(percents, [5.0, 0.5]);
    assert!(config.warnings().is_empty());
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let refused = ServiceConfig::from_json(
        r#"{"loadBalancingConfig": [{"couplet": {"strategy": "best", "subsetSize": -1, "requestHashHeader": "key-bin",
            "canary": {"new": 5, ">=1.5.0": 200}}},
            {"couplet": {"canary": {"1": 60, "2": 50}}},
            {"ring_hash_experimental": {"minRingSize": 9000000}},
            {"ring_hash_experimental": {"minRingSize": 5000}}]}"#,
    )
    .unwrap_err();
    let told: Vec<_> = refused.to_string().lines().map(str::to_owned).collect();
    assert_eq!(
        told,
        [
            r#"loadBalancingConfig[0].couplet.strategy is "best"; it must be one of peak_ewma, round_robin, weighted_round_robin, least_request, ring_hash, pick_first"#,
            "loadBalancingConfig[0].couplet.subsetSize is -1; it must be a whole number of at least 0",
            r#"loadBalancingConfig[0].couplet.requestHashHeader is "key-bin"; it must be the name of metadata that is text, such as "user-id""#,
            r#"loadBalancingConfig[0].couplet.canary.new is no range of versions; write one such as ">=1.5.0""#,
            "loadBalancingConfig[0].couplet.canary.>=1.5.0 is 200; it must be a percentage from 0 to 100",
            "loadBalancingConfig[1].couplet.canary gives 110 percent of the calls away; there are 100",
            "loadBalancingConfig[2].ring_hash_experimental.minRingSize is 9000000; it must be a whole number between 1 and 8388608",
            "loadBalancingConfig[3].ring_hash_experimental has a minRingSize of 5000 and a maxRingSize of 4096; the first must not be above the second",
        ]
    );
}

#[test]
fn the_older_name_of_a_policy_counts_where_there_is_no_list() {
    let read = |text| ServiceConfig::from_json(text).unwrap();
    let old = read(r#"{"loadBalancingPolicy": "ROUND_ROBIN"}"#);
    assert_eq!(old.balancing(), Some(&Strategy::RoundRobin.into()));
    let both = read(
        r#"{"loadBalancingPolicy": "round_robin", "loadBalancingConfig": [{"pick_first": {}}]}"#,
    );
    assert_eq!(both.balancing(), Some(&Strategy::PickFirst.into()));
}

#[test]
fn a_target_follows_the_narrowest_list() {
    #[derive(Default)]
    struct Follower(std::sync::Mutex<Vec<TargetConfig>>);
    impl FollowTarget for Follower {
        fn follow(&self, said: &TargetConfig) {
            self.0.lock().unwrap().push(said.clone());
        }
    }
    let live = Live::new(Sources::default(), None);
    let follower = std::sync::Arc::new(Follower::default());
    live.join_target(follower.clone());
    let asks = r#"{"healthCheckConfig": {"serviceName": "movies"}}"#;
    for (origin, text) in [
        (Origin::ServiceConfig(None), asks),
        (
            Origin::Code,
            r#"{"loadBalancingConfig": [{"round_robin": {}}]}"#,
        ),
        (
            Origin::Pushed,
            r#"{"loadBalancingConfig": [{"outlier_detection_experimental": {"childPolicy": [{"pick_first": {}}]}}]}"#,
        ),
    ] {
        live.update(origin, ServiceConfig::from_json(text).unwrap())
            .unwrap();
    }
    let told = follower.0.lock().unwrap();
    assert_eq!(told[0], TargetConfig::default());
    assert_eq!(told[1].health.as_deref(), Some("movies"));
    assert_eq!(told[2].balancing, Some(Strategy::RoundRobin.into()));
    // Code is narrower than what is pushed, and has no outlier detection.
    assert_eq!(told[3], told[2]);
}
