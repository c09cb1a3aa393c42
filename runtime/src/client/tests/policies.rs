//! What a channel's calls go by: contract, service config, code, and what is pushed while it is up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use tonic::Status;

use crate::{
    Channel,
    call::{BreakerMode, BreakerPolicy, Invoke, Policies, RetryPolicy},
    carrier::local::Local,
    config::{Origin, ServiceConfig},
    fixture::{ECHO, Handler, echo, say},
    policy::{breaker::Abandoned, plan::Switch},
};

fn services() -> Local {
    Local::new().with(Handler(echo))
}

fn config(text: &str) -> ServiceConfig {
    ServiceConfig::from_json(text).unwrap()
}

#[test]
fn the_narrower_source_wins_field_by_field() {
    // The contract says 2 s.
    let file = config(
        r#"{"methodConfig": [{"name": [{"service": "test.Echo"}], "timeout": "1s",
            "circuitBreaker": {"consecutiveFailures": 3, "failureRateThreshold": 20}}]}"#,
    );
    let breaker = BreakerPolicy::UNSET.consecutive_failures(7);
    let code = ServiceConfig::new().method("test.Echo/Say", Policies::UNSET.breaker(breaker));
    let builder = Channel::local_builder(services());
    let channel = builder.policies(code).service_config(file).lazy().unwrap();

    let stack = channel.stack(&ECHO);
    let [say, repeat] = &ECHO.methods else {
        panic!("the contract has two methods");
    };
    assert_eq!(stack.plans().timeout(say), Some(Duration::from_secs(1)));
    assert_eq!(stack.plans().timeout(repeat), Some(Duration::from_secs(1)));
    let of = |method| stack.breakers().of(method).config();
    assert_eq!(of(say).consecutive_failures, 7);
    assert_eq!(of(say).failure_rate_threshold, 20.0);
    assert_eq!(of(repeat).consecutive_failures, 3);

    // What is pushed stands between the two.
    let pushed = r#"{"methodConfig": [{"name": [{}], "timeout": "0.5s", "circuitBreaker": {"consecutiveFailures": 5}}]}"#;
    channel.push_service_config(config(pushed)).unwrap();
    assert_eq!(stack.plans().timeout(say), Some(Duration::from_millis(500)));
    assert_eq!(of(say).consecutive_failures, 7);
    assert_eq!(of(repeat).consecutive_failures, 5);
    assert_eq!(of(repeat).failure_rate_threshold, 20.0);

    // What no contract can say, a service config can.
    let pushed = r#"{"methodConfig": [{"name": [{}], "circuitBreaker": {"mode": "adaptive_throttle",
        "abandoned": "failure", "throttleK": 1.5, "throttleWindow": "5s", "throttleMax": 0.5}}]}"#;
    channel.push_service_config(config(pushed)).unwrap();
    assert_eq!(of(say).abandoned, Abandoned::Failure);
    let throttle = of(say).throttle;
    assert_eq!((throttle.k, throttle.max), (1.5, 0.5));
    assert_eq!(throttle.window, Duration::from_secs(5));
}

/// What a contract says can be wrong where it runs, and the operators get rid of it without a new build.
#[tokio::test]
async fn whatever_a_contract_says_can_be_switched_off_and_on_again() {
    let retried = ServiceConfig::new().all(Policies::UNSET.retry(RetryPolicy::UNSET));
    let channel = Channel::local_builder(services()).service_config(retried);
    let channel = channel.lazy().unwrap();
    let (stack, say_method) = (channel.stack(&ECHO), &ECHO.methods[0]);
    let breaker = || stack.breakers().of(say_method).config().mode;
    assert!(stack.plans().is_on(say_method, Switch::Retry));
    assert!(stack.plans().timeout(say_method).is_some());
    assert_eq!(breaker(), BreakerMode::Enforce);

    let off = r#"{"methodConfig": [{"name": [{}], "disabled": ["retryPolicy", "circuitBreaker", "timeout"]}]}"#;
    channel.push_service_config(config(off)).unwrap();
    assert!(!stack.plans().is_on(say_method, Switch::Retry));
    assert_eq!(stack.plans().timeout(say_method), None);
    assert_eq!(breaker(), BreakerMode::Disabled);
    let effective = channel.effective(&ECHO);
    let told: Vec<_> = effective
        .iter()
        .filter(|value| value.method == "test.Echo/Say")
        .collect();
    let [told] = told[..] else {
        panic!("nothing else holds:\n{effective}");
    };
    assert_eq!(told.name(), "disabled");
    assert_eq!(
        told.value,
        r#"["timeout", "retryPolicy", "circuitBreaker"]"#
    );
    assert_eq!(told.origin, Origin::Pushed);

    // It is the last word that counts.
    channel.push_service_config(ServiceConfig::new()).unwrap();
    assert!(stack.plans().is_on(say_method, Switch::Retry));
    assert_eq!(breaker(), BreakerMode::Enforce);
}

#[test]
fn code_may_say_again_what_a_service_config_disabled() {
    let file =
        config(r#"{"methodConfig": [{"name": [{}], "disabled": ["retryPolicy", "timeout"]}]}"#);
    let code = ServiceConfig::new().all(Policies::UNSET.retry(RetryPolicy::UNSET.max_attempts(4)));
    let builder = Channel::local_builder(services());
    let channel = builder.policies(code).service_config(file).lazy().unwrap();
    let stack = channel.stack(&ECHO);
    assert!(stack.plans().is_on(&ECHO.methods[0], Switch::Retry));
    assert_eq!(stack.plans().timeout(&ECHO.methods[0]), None);
}

#[test]
fn every_value_that_holds_has_an_origin() {
    let channel = Channel::local_builder(services());
    let code = ServiceConfig::new().all(Policies::UNSET.retry(RetryPolicy::UNSET.max_attempts(4)));
    let channel = channel.policies(code).lazy().unwrap();
    let pushed = r#"{"methodConfig": [{"name": [{}], "circuitBreaker": {"openJitter": 0.5}}]}"#;
    channel.push_service_config(config(pushed)).unwrap();

    let effective = channel.effective(&ECHO);
    let found = |name: &str| {
        let mut values = effective.iter();
        let value = values.find(|value| value.method == "test.Echo/Say" && value.name() == name);
        value.map(|value| (value.value.as_str(), value.origin.clone()))
    };
    assert_eq!(found("timeout"), Some(("\"2s\"", Origin::Contract)));
    assert_eq!(found("retryPolicy.maxAttempts"), Some(("4", Origin::Code)));
    assert_eq!(
        found("retryPolicy.maxBackoff"),
        Some(("\"1s\"", Origin::Default))
    );
    assert_eq!(
        found("circuitBreaker.openJitter"),
        Some(("0.5", Origin::Pushed))
    );
    assert_eq!(
        found("circuitBreaker.mode"),
        Some(("\"enforce\"", Origin::Default))
    );
    assert_eq!(found("bulkhead.maxQueued"), None, "nobody bounds anything");
}

#[test]
fn what_makes_no_sense_with_the_contract_changes_nothing() {
    let channel = Channel::local(services());
    let stack = channel.stack(&ECHO);
    let pushed = r#"{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s",
        "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": [14], "perAttemptRecvTimeout": "3s"}}]}"#;
    let refused = channel.push_service_config(config(pushed)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "test.Echo/Say: retryPolicy.perAttemptRecvTimeout is \"3s\", more than the \"2s\" of `timeout`; \
         an attempt ends with its call at the latest"
    );
    assert!(
        !stack.plans().is_on(&ECHO.methods[1], Switch::Retry),
        "not even where it would"
    );
    assert_eq!(channel.config_counts().refused.sum(), 1);
    assert_eq!(channel.config_counts().applied.sum(), 0);
}

#[test]
fn code_that_says_nonsense_makes_no_channel() {
    let code = ServiceConfig::new().method("Say", Policies::UNSET.timeout(Duration::ZERO));
    let refused = Channel::local_builder(services()).policies(code).lazy();
    assert_eq!(
        refused.unwrap_err().to_string(),
        "service config: methodConfig[0].name[0] has the method \"Say\" of no service; name its service too, with its \
         package\nmethodConfig[0].timeout is \"0s\"; it must be above 0"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_call_waits_for_on_this_side_is_not_the_peers_slowness() {
    let slow = Handler(|call| async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        echo(call).await
    });
    let config = config(
        r#"{"methodConfig": [{"name": [{}], "timeout": "60s",
            "bulkhead": {"maxConcurrentCalls": 1, "maxQueued": 9, "maxWaitDuration": "1s"},
            "circuitBreaker": {"slowCallDurationThreshold": "0.02s", "minimumNumberOfCalls": 5}}]}"#,
    );
    let channel = Channel::local_builder(Local::new().with(slow));
    let stack = channel.service_config(config).lazy().unwrap().stack(&ECHO);
    let calls = (0..10).map(|_| stack.invoke(say(&ECHO, "hi")));
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    let breaker = stack.breakers().of(&ECHO.methods[0]);
    assert_eq!(breaker.counts(crate::clock::now()).window.slow, 0);
}

#[test]
fn what_is_read_of_a_limit_is_a_limit() {
    for (limit, path) in [
        (r#"{"limitForPeriod": 2000000000}"#, "limitRefreshPeriod"),
        (
            r#"{"limitForPeriod": 1, "limitRefreshPeriod": "86400s", "burst": 4000000}"#,
            "burst",
        ),
    ] {
        let text = format!(r#"{{"methodConfig": [{{"name": [{{}}], "rateLimit": {limit}}}]}}"#);
        let refused = ServiceConfig::from_json(&text).unwrap_err().to_string();
        assert!(refused.contains(path), "{refused}");
    }
}

#[test]
fn a_scope_that_a_service_config_names_is_whom_methods_share_with() {
    let shared =
        config(r#"{"methodConfig": [{"name": [{}], "circuitBreaker": {"scope": "service"}}]}"#);
    let channel = Channel::local_builder(services()).service_config(shared);
    let stack = channel.lazy().unwrap().stack(&ECHO);
    let [say, repeat] = &ECHO.methods else {
        panic!("the contract has two methods");
    };
    assert!(Arc::ptr_eq(
        stack.breakers().of(say),
        stack.breakers().of(repeat)
    ));
}

/// It was passed over, and `effective` showed what did not hold.
#[test]
fn a_scope_that_would_change_under_a_client_is_refused_and_says_so() {
    let shared = |mode: &str| {
        let text = format!(
            r#"{{"methodConfig": [{{"name": [{{}}], "circuitBreaker": {{"scope": "service"{mode}}}}}]}}"#
        );
        config(&text)
    };
    let channel = Channel::local_builder(services()).service_config(shared(""));
    let channel = channel.lazy().unwrap();
    let stack = channel.stack(&ECHO);
    let pushed = |text: &str| channel.push_service_config(config(text));
    let alone = pushed(
        r#"{"methodConfig": [{"name": [{"service": "test.Echo", "method": "Say"}],
        "timeout": "1s", "circuitBreaker": {"scope": "method"}}]}"#,
    );
    assert_eq!(
        alone.unwrap_err().to_string(),
        "test.Echo/Say: circuitBreaker.scope would be \"method\", and was \"service\" when the client was made; it changes \
         with a new client, and not while one is in use"
    );
    assert_eq!(
        stack.plans().timeout(&ECHO.methods[0]),
        Some(Duration::from_secs(2))
    );

    // What says nothing of it, and what disables the breaker and lets it be again, changes none.
    pushed(r#"{"methodConfig": [{"name": [{}], "disabled": ["circuitBreaker"]}]}"#).unwrap();
    assert_eq!(
        stack.breakers().of(&ECHO.methods[0]).config().mode,
        BreakerMode::Disabled
    );
    channel
        .push_service_config(shared(r#", "mode": "forced_closed""#))
        .unwrap();
    assert_eq!(
        stack.breakers().of(&ECHO.methods[1]).config().mode,
        BreakerMode::ForcedClosed
    );
}

/// The channel's cap was raised, and what a service config said was cut to five where it was read.
#[tokio::test(start_paused = true)]
async fn a_service_config_reaches_as_many_attempts_as_the_channel_lets_it() {
    let text = r#"{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 8, "initialBackoff": "0.01s",
        "maxBackoff": "0.01s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}],
        "retryThrottling": {"maxTokens": 1000, "tokenRatio": 1}}"#;
    for (cap, attempts) in [(5, 5), (7, 7), (100, 8)] {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let sick = Handler(move |_| {
            count.fetch_add(1, Relaxed);
            async { Err(Status::unavailable("sick")) }
        });
        let channel = Channel::local_builder(Local::new().with(sick));
        let channel = channel.service_config(config(text)).attempts_cap(cap);
        let channel = channel.lazy().unwrap();
        let stack = channel.stack(&ECHO);
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
        assert_eq!(asked.load(Relaxed), attempts);
        let effective = channel.effective(&ECHO);
        let mut effective = effective
            .iter()
            .filter(|value| value.field == "maxAttempts");
        assert_eq!(effective.next().unwrap().value, attempts.to_string());
    }
}

/// The wedge suite's `clone storm`.
#[tokio::test(start_paused = true)]
async fn a_thousand_clones_share_one_breaker() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let sick = Handler(move |_| {
        count.fetch_add(1, Relaxed);
        async { Err(Status::unavailable("sick")) }
    });
    let channel = Channel::local(Local::new().with(sick));
    for _ in 0..1_000 {
        let stack = channel.clone().stack(&ECHO).clone();
        stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    }
    assert_eq!(asked.load(Relaxed), 20, "it opens once, for all of them");
}
