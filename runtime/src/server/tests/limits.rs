//! Stories of the limits on both ends, as a service config sets and moves them.

use tonic_types::StatusExt;

use super::*;
use crate::{
    Channel,
    config::ServiceConfig,
    fixture::say,
    layer::limit::{adaptive::Shedding, rate::Limit},
    policy::limit::{
        adaptive::{self, Limiter},
        rate,
    },
};

fn config(policy: &str) -> ServiceConfig {
    let text = format!(r#"{{"methodConfig": [{{"name": [{{}}], {policy}}}]}}"#);
    ServiceConfig::from_json(&text).unwrap()
}

async fn served(builder: Builder) -> (Arc<Probe>, SocketAddr, JoinHandle<()>) {
    let actor = Actor::new();
    let probe = Arc::clone(&actor.0);
    let server = builder.add(actor).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let running = tokio::spawn(async move {
        let _ = server.run().await;
    });
    (probe, address, running)
}

async fn call(channel: &Channel, text: &'static str) -> Result<Reply, Status> {
    channel.stack(&ECHO).invoke(say(&ECHO, text)).await
}

/// One call is under way until the returned task is aborted, and a second one is made.
async fn a_second_call(channel: &Channel, probe: &Probe) -> (JoinHandle<()>, Status) {
    let hanging = channel.clone();
    let first = tokio::spawn(async move { drop(call(&hanging, "hang").await) });
    probe.begun(1).await;
    (first, call(channel, "hi").await.unwrap_err())
}

#[tokio::test]
async fn a_servers_bulkhead_refuses_what_another_server_may_take() {
    let bulkhead = config(r#""bulkhead": {"maxConcurrentCalls": 1}"#);
    let (probe, address, running) = served(Server::builder().service_config(bulkhead)).await;
    let channel = Channel::connect(format!("http://{address}")).await.unwrap();
    let (first, refused) = a_second_call(&channel, &probe).await;
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    // The place is free as soon as the first one is over.
    first.abort();
    probe.dropped(1).await;
    let free = async {
        while call(&channel, "hi").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(90), free).await.unwrap();
    running.abort();
}

#[tokio::test]
async fn a_clients_bulkhead_sends_nothing_and_follows_what_is_pushed() {
    let (probe, address, running) = served(Server::builder()).await;
    let bulkhead = config(r#""bulkhead": {"maxConcurrentCalls": 1}"#);
    let builder = Channel::builder(format!("http://{address}"));
    let channel = builder.service_config(bulkhead).lazy().unwrap();
    let (first, refused) = a_second_call(&channel, &probe).await;
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert_eq!(probe.served.load(Ordering::Relaxed), 0);

    let wider = config(r#""bulkhead": {"maxConcurrentCalls": 2}"#);
    channel.push_service_config(wider).unwrap();
    call(&channel, "hi").await.unwrap();
    let counts = channel.stack(&ECHO).counts().limits.bulkhead.refused.sum();
    assert_eq!(counts, 1);
    first.abort();
    running.abort();
}

#[tokio::test]
async fn a_rate_that_all_methods_share_gives_way_to_one_of_their_own() {
    let shared = rate::Config {
        limit_for_period: 1,
        limit_refresh_period: Duration::from_secs(3_600),
        ..rate::Config::default()
    };
    let builder = || Server::builder().rate_limit(Limit::new(shared).unwrap());
    let (_, address, running) = served(builder()).await;
    let channel = Channel::connect(format!("http://{address}")).await.unwrap();
    call(&channel, "hi").await.unwrap();
    let refused = call(&channel, "hi").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let retry = refused.get_details_retry_info().unwrap().retry_delay;
    assert!(retry.unwrap() > Duration::from_secs(3_000));
    running.abort();

    let own = config(r#""rateLimit": {"limitForPeriod": 1000}"#);
    let (_, address, running) = served(builder().service_config(own)).await;
    let channel = Channel::connect(format!("http://{address}")).await.unwrap();
    for _ in 0..3 {
        call(&channel, "hi").await.unwrap();
    }
    running.abort();
}

#[tokio::test]
async fn a_server_sheds_what_it_finds_to_be_too_much() {
    let one = adaptive::Config {
        algorithm: adaptive::Algorithm::Fixed,
        initial_limit: 1,
        min_limit: 1,
        max_limit: 1,
        ..adaptive::Config::default()
    };
    let limiter = Limiter::new(one, crate::clock::now()).unwrap();
    let shedding = Shedding::new(Arc::new(limiter));
    let (probe, address, running) = served(Server::builder().adaptive_limit(shedding)).await;
    let channel = Channel::connect(format!("http://{address}")).await.unwrap();
    let (first, shed) = a_second_call(&channel, &probe).await;
    assert_eq!(shed.code(), Code::Unavailable, "{shed}");
    assert_eq!(shed.get_details_error_info().unwrap().reason, "OVERLOADED");
    first.abort();
    running.abort();
}

#[tokio::test]
async fn what_a_contract_says_of_limits_is_for_its_clients() {
    let (probe, address, running) = served(Server::builder()).await;
    let other = Channel::connect(format!("http://{address}")).await.unwrap();
    let bulkhead = config(r#""bulkhead": {"maxConcurrentCalls": 1}"#);
    let bound = Channel::builder(format!("http://{address}"));
    let bound = bound.policies(bulkhead).lazy().unwrap();
    let (first, _) = a_second_call(&bound, &probe).await;
    call(&other, "hi").await.unwrap();
    first.abort();
    running.abort();
}

#[cfg(feature = "faults")]
#[tokio::test]
async fn a_service_config_injects_faults_on_either_end() {
    use crate::{layer::fault::Rules, policy::fault::Faults};

    let gate = || {
        let faults = Arc::new(Faults::new(7));
        faults.turn(true);
        Rules::default().within(faults)
    };
    let abort = r#""faultInjectionPolicy": {"abortStatus": "ABORTED", "abortFraction": 1000000}"#;
    let (_, address, running) = served(Server::builder()).await;
    let builder = Channel::builder(format!("http://{address}")).faults(gate());
    let channel = builder.service_config(config(abort)).lazy().unwrap();
    let aborted = call(&channel, "hi").await.unwrap_err();
    assert_eq!(aborted.code(), Code::Aborted);
    running.abort();

    let server = Server::builder().faults(gate());
    let (probe, address, running) = served(server.service_config(config(abort))).await;
    let channel = Channel::connect(format!("http://{address}")).await.unwrap();
    let aborted = call(&channel, "hi").await.unwrap_err();
    assert_eq!(aborted.code(), Code::Aborted);
    assert_eq!(probe.served.load(Ordering::Relaxed), 0);
    running.abort();
}

/// In an emergency: the server is up, and has no file to write to.
#[tokio::test]
async fn a_limit_is_pushed_to_a_server_that_runs_and_a_senseless_one_is_not() {
    let server = Server::builder().add(Actor::new());
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let (address, control) = (server.local_addr().unwrap(), server.control());
    let running = tokio::spawn(async move {
        let _ = server.run().await;
    });
    let channel = Channel::connect(format!("http://{address}")).await.unwrap();
    call(&channel, "hi").await.unwrap();
    call(&channel, "hi").await.unwrap();

    let few = r#""rateLimit": {"limitForPeriod": 1, "limitRefreshPeriod": "3600s"}"#;
    control.push_service_config(config(few)).unwrap();
    call(&channel, "the one").await.unwrap();
    let refused = call(&channel, "one more").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");

    let senseless = crate::call::Policies::UNSET.timeout(Duration::ZERO);
    let senseless = ServiceConfig::new().all(senseless);
    control.push_service_config(senseless).unwrap_err();
    call(&channel, "still").await.unwrap_err();
    control.push_service_config(ServiceConfig::new()).unwrap();
    call(&channel, "hi").await.unwrap();
    let counts = control.config_counts();
    assert_eq!((counts.applied.sum(), counts.refused.sum()), (2, 1));
    running.abort();
}
