//! Endpoints that say of themselves whether they serve.

use super::fake::{Peers, answered, register, settle};
use crate::{
    balance::Settings,
    call::Invoke,
    discovery::{Endpoint, Memory},
    fixture::{UNVERSIONED, say},
};

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

#[tokio::test(start_paused = true)]
async fn who_says_that_it_does_not_serve_gets_no_calls_until_it_does() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let names = ["says", "other", "mute"];
    let _all = register(&memory, names.map(Endpoint::new)).await;
    peers.serves("says", SERVING);
    peers.serves("other", SERVING);
    let balancer = peers.balancer(&memory);
    let asking = Settings {
        health: Some("test.Echo".to_owned()),
        ..Settings::default()
    };
    balancer.handle().configure(asking).unwrap();
    balancer.ready().await.unwrap();
    settle().await;
    // Who has no health service is well.
    answered(&balancer, &UNVERSIONED, 90).await;
    assert!(peers.take(names).iter().all(|calls| *calls > 10));

    peers.serves("says", NOT_SERVING);
    settle().await;
    answered(&balancer, &UNVERSIONED, 90).await;
    assert_eq!(peers.take(names)[0], 0);

    peers.serves("says", SERVING);
    settle().await;
    answered(&balancer, &UNVERSIONED, 90).await;
    assert!(peers.take(names)[0] > 10);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_serves_calls_are_told_so_and_nobody_is_asked_who_need_not_be() {
    let (peers, memory) = (Peers::default(), Memory::new());
    let _all = register(&memory, ["a", "b"].map(Endpoint::new)).await;
    peers.serves("a", NOT_SERVING);
    peers.serves("b", NOT_SERVING);
    let balancer = peers.balancer(&memory);
    let asking = Settings {
        health: Some(String::new()),
        ..Settings::default()
    };
    balancer.handle().configure(asking).unwrap();
    let status = balancer.invoke(say(&UNVERSIONED, "hi")).await.unwrap_err();
    assert!(
        status.message().contains("it says that it does not serve"),
        "{status}"
    );

    // The settings can change while it is at work.
    balancer.handle().configure(Settings::default()).unwrap();
    settle().await;
    assert_eq!(answered(&balancer, &UNVERSIONED, 20).await, 20);
}
