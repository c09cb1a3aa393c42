//! Who may ask for faults, what is understood, and how much is under way at once.

use std::net::SocketAddr;

use proptest::prelude::*;
use tonic::metadata::{MetadataMap, MetadataValue};

use super::*;

fn peers(entries: &[&'static str]) -> Peers {
    Peers::parse(entries.iter().copied()).expect("a list that is understood")
}

fn at(address: &str) -> Peer {
    Peer::at(address.parse::<SocketAddr>().expect("an address"))
}

#[test]
fn nobody_may_ask_unless_the_list_says_so() {
    let faults = Faults::new(1);
    let unix = Peer::default();
    for peer in [None, Some(&at("127.0.0.1:1")), Some(&unix)] {
        assert!(!faults.allows(peer));
    }
    faults.allow(peers(&["127.0.0.1", "unix"]));
    assert!(faults.allows(Some(&at("127.0.0.1:1"))) && faults.allows(Some(&unix)));
    assert!(!faults.allows(None));
    faults.allow(peers(&["local"]));
    assert!(faults.allows(None));
    assert!(!faults.allows(Some(&unix)));
}

#[test]
fn networks_hold_what_begins_alike_and_nothing_else() {
    let list = peers(&["10.1.0.0/16", "192.168.0.7/32", "2001:db8::/33", "::1"]);
    for inside in [
        "10.1.0.0:1",
        "10.1.255.255:1",
        "192.168.0.7:1",
        "[2001:db8:7fff::1]:1",
        "[::1]:1",
    ] {
        assert!(list.contain(Some(&at(inside))), "{inside}");
    }
    // Seen through a socket for both families.
    assert!(list.contain(Some(&at("[::ffff:10.1.2.3]:1"))));
    for outside in [
        "10.2.0.0:1",
        "10.0.255.255:1",
        "192.168.0.8:1",
        "[2001:db8:8000::1]:1",
        "[::2]:1",
        "[::ffff:10.2.0.1]:1",
    ] {
        assert!(!list.contain(Some(&at(outside))), "{outside}");
    }
    let every_v4 = peers(&["0.0.0.0/0"]);
    assert!(every_v4.contain(Some(&at("8.8.8.8:1"))) && !every_v4.contain(Some(&at("[::1]:1"))));
    let every_v6 = peers(&["::/0"]);
    assert!(every_v6.contain(Some(&at("[::1]:1"))) && !every_v6.contain(Some(&at("8.8.8.8:1"))));
}

#[test]
fn an_entry_that_is_not_understood_is_told() {
    for wrong in [
        "",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0/8",
        "localhost",
        "*",
    ] {
        let told = Peers::parse(["127.0.0.1", wrong])
            .expect_err("a mistake")
            .to_string();
        assert!(
            told.starts_with(&format!("unknown peer `{wrong}`;")),
            "{told}"
        );
    }
}

fn asked(pairs: &[(&'static str, &str)]) -> (Wish, MetadataMap) {
    let mut metadata = MetadataMap::new();
    for (name, value) in pairs {
        metadata.append(*name, value.parse().expect("a value of letters"));
    }
    (Wish::take(&mut metadata), metadata)
}

const GRPC: &str = "x-envoy-fault-abort-grpc-request";
const HTTP: &str = "x-envoy-fault-abort-request";
const SHARE: &str = "x-envoy-fault-abort-request-percentage";
const DELAY: &str = "x-envoy-fault-delay-request";
const DELAY_SHARE: &str = "x-envoy-fault-delay-request-percentage";

/// grpc-go `TestFaultInjection_Unary/header abort/HTTP Status 404`.
/// grpc-go `TestFaultInjection_Unary/header abort/HTTP Status 429`.
/// grpc-go `TestFaultInjection_Unary/header abort/HTTP Status 200`.
/// grpc-go `TestFaultInjection_Unary/header abort/gRPC Status OK`.
/// grpc-java `parseFaultAbort_convertHttpStatus`, `parseFaultAbort_withHttpStatus`.
#[test]
fn a_code_is_asked_for_by_its_number_or_by_that_of_http() {
    let code = |name, value| asked(&[(name, value)]).0.abort;
    assert_eq!(code(GRPC, "15"), Some(Code::DataLoss));
    assert_eq!(code(GRPC, "0"), Some(Code::Ok));
    assert_eq!(code(HTTP, "404"), Some(Code::Unimplemented));
    assert_eq!(code(HTTP, "429"), Some(Code::Unavailable));
    assert_eq!(code(HTTP, "400"), Some(Code::Internal));
    assert_eq!(code(HTTP, "200"), Some(Code::Unknown));
    let both = asked(&[(HTTP, "404"), (GRPC, "15")]).0;
    assert_eq!(both.abort, Some(Code::DataLoss));
}

/// grpc-go `TestFaultInjection_Unary/header abort/invalid header results in no abort`.
/// grpc-go `TestFaultInjection_Unary/header abort/invalid header results in default percentage`.
/// grpc-go `TestFaultInjection_Unary/header delay/invalid header results in no delay`.
/// grpc-go `TestFaultInjection_Unary/header delay/invalid header results in default percentage`.
#[test]
fn what_is_malformed_or_said_twice_is_not_asked_for() {
    for wrong in [
        "error",
        "",
        "-1",
        "+5",
        " 5",
        "5.0",
        "17",
        "4294967296",
        "99999999999999",
    ] {
        let (wish, _) = asked(&[(GRPC, wrong)]);
        assert_eq!(wish.abort, None, "{wrong:?}");
    }
    for wrong in ["error", "-1", "1000", "99", "70000"] {
        assert_eq!(asked(&[(HTTP, wrong)]).0.abort, None, "{wrong:?}");
    }
    assert_eq!(asked(&[(GRPC, "5"), (GRPC, "5")]).0.abort, None);
    assert_eq!(asked(&[(DELAY, "error")]).0, Wish::default());
    assert_eq!(
        asked(&[(GRPC, "15"), (SHARE, "error")]).0.abort_percentage,
        None
    );
    let (wish, _) = asked(&[(DELAY, "2"), (DELAY_SHARE, "error")]);
    assert_eq!(wish.delay, Some(Duration::from_millis(2)));
    assert_eq!(wish.delay_percentage, None);
}

#[test]
fn whoever_reads_a_wish_takes_it_away_and_nothing_else() {
    let (wish, rest) = asked(&[(DELAY, "2"), (SHARE, "30"), ("x-trace", "abc")]);
    assert_eq!(wish.delay, Some(Duration::from_millis(2)));
    assert_eq!(wish.abort_percentage, Some(30));
    assert_eq!(rest.len(), 1);
    assert_eq!(
        rest.get("x-trace"),
        Some(&MetadataValue::from_static("abc"))
    );
}

/// grpc-go `TestFaultInjection_MaxActiveFaults`.
#[test]
fn with_enough_under_way_nothing_more_is_done_until_one_is_over() {
    let faults = Arc::new(Faults::new(1));
    let mut config = Config {
        max_active_faults: 2,
        ..Config::default()
    };
    (config.delay, config.delay_fraction) = (Some(Duration::from_secs(1)), MILLION);
    let draw = || {
        faults
            .draw(&config, &Wish::default())
            .map(|(_, permit)| permit)
    };
    let (first, _second) = (draw().expect("the first"), draw().expect("the second"));
    assert!(draw().is_none() && draw().is_none());
    drop(first);
    assert!(draw().is_some());
    assert_eq!(faults.active(), 1);
    assert_eq!(
        (
            faults.counts().injected.sum(),
            faults.counts().at_limit.sum()
        ),
        (3, 2)
    );
}

#[test]
fn the_limit_holds_for_all_methods_and_threads_together() {
    let faults = Arc::new(Faults::new(1));
    let config = Config {
        max_active_faults: 10,
        ..abort()
    };
    let start = std::sync::Barrier::new(4);
    let held = std::thread::scope(|scope| {
        let call = || {
            start.wait();
            let drawn = (0..50).filter_map(|_| faults.draw(&config, &Wish::default()));
            drawn.map(|(_, permit)| permit).collect::<Vec<_>>()
        };
        let callers: Vec<_> = (0..4).map(|_| scope.spawn(call)).collect();
        let permits: Vec<_> = callers.into_iter().map(|caller| caller.join()).collect();
        permits.iter().flatten().map(Vec::len).sum::<usize>()
    });
    assert_eq!((held, faults.active()), (10, 0));
}

proptest! {
    #[test]
    fn no_header_makes_a_share_greater_or_anybody_panic(
        value in "[ -~]{0,12}", percent in any::<u32>(), share in 0..=MILLION, number in 0..MILLION,
    ) {
        let text: &str = &value;
        let (_, rest) = asked(&[(GRPC, text), (HTTP, text), (SHARE, text), (DELAY, text)]);
        prop_assert!(rest.is_empty());
        let mut config = Config::default();
        (config.headers, config.abort_fraction, config.delay_fraction) = (true, share, share);
        let wish = Wish {
            abort: Some(Code::Internal),
            abort_percentage: Some(percent),
            delay: Some(Duration::MAX),
            delay_percentage: Some(percent),
        };
        let injection = config.draw(&wish, || number);
        prop_assert!(injection.is_nothing() || number < share);
    }
}
