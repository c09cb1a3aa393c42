//! Faults that calls ask for: from whom, and what becomes of the asking.

use super::*;
use crate::{call::Peer, policy::fault::Peers};

const ABORT: &str = "x-envoy-fault-abort-grpc-request";

fn by_headers(config: &mut Config) {
    (config.headers, config.abort_fraction) = (true, MILLION);
}

/// A call of somebody at `address` that asks for DATA_LOSS.
fn asking(address: Option<&str>) -> Call {
    let mut call = say(&ECHO, "hi");
    call.metadata.insert(ABORT, "15".parse().unwrap());
    let at = |address: &str| Arc::new(Peer::at(address.parse().unwrap()));
    call.peer = address.map(at);
    call
}

/// Answers a call that asks for nothing any more.
async fn unasked(call: Call) -> Result<Reply, Status> {
    assert!(call.metadata.get(ABORT).is_none());
    echo(call).await
}

#[tokio::test]
async fn a_server_grants_what_its_own_list_lets_ask_and_nobody_else() {
    let (plans, rules) = faulty(by_headers);
    let stack = Serving::new(Handler(unasked), plans, &rules);
    let faults = stack.table.faults();
    let stack = &stack;
    let code = |address| async move {
        let answer = stack.invoke(asking(address)).await;
        answer.map_err(|status| status.code()).err()
    };
    assert_eq!(
        code(Some("10.0.0.1:1")).await,
        None,
        "nobody is on the list"
    );
    faults.allow(Peers::parse(["10.0.0.0/8"]).unwrap());
    assert_eq!(code(Some("10.0.0.1:1")).await, Some(Code::DataLoss));
    assert_eq!(code(Some("11.0.0.1:1")).await, None);
    assert_eq!(code(None).await, None);
}

#[tokio::test]
async fn nobody_is_believed_what_he_says_of_himself() {
    let (plans, rules) = faulty(by_headers);
    rules.faults().allow(Peers::parse(["10.0.0.0/8"]).unwrap());
    let stack = Serving::new(Handler(unasked), plans, &rules);
    let mut call = asking(Some("11.0.0.1:1"));
    for name in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        call.metadata.insert(name, "10.0.0.1".parse().unwrap());
    }
    stack.invoke(call).await.unwrap();
}

#[tokio::test]
async fn headers_are_not_read_where_the_rule_does_not_say_so() {
    let quiet = |config: &mut Config| {
        always_abort(config);
        config.abort_fraction = 0;
    };
    let (plans, rules) = faulty(quiet);
    rules
        .faults()
        .allow(Peers::parse(["10.0.0.0/8", "local"]).unwrap());
    let handler = Handler(|call: Call| async {
        assert!(call.metadata.get(ABORT).is_some(), "it is the user's own");
        echo(call).await
    });
    let stack = Serving::new(handler, plans, &rules);
    stack.invoke(asking(Some("10.0.0.1:1"))).await.unwrap();
}

#[tokio::test]
async fn a_client_asks_itself_and_grants_it_once() {
    let stack = calling(Handler(unasked), by_headers);
    let status = stack.invoke(asking(None)).await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);

    // What is drawn against it is not asked of the server either.
    let stack = calling(Handler(unasked), |config| {
        by_headers(config);
        config.abort_fraction = 1;
    });
    stack.invoke(asking(None)).await.unwrap();
}
