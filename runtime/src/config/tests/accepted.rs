//! What is right, and what is read of it.

use std::time::Duration;

use tonic::Code;

use crate::{
    call::{CodeSet, HedgingPolicy, Policies, RetryPolicy},
    config::ServiceConfig,
};

const RETRIES: &str = r#"{"methodConfig": [
  {"name": [{"service": "SimpleService1"}],
   "retryPolicy": {"maxAttempts": 3, "initialBackoff": "2.1s", "maxBackoff": "2.2s", "backoffMultiplier": 3,
                   "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]}},
  {"name": [{"service": "SimpleService1", "method": "Foo1"}, {"service": "SimpleService2", "method": "Foo2"}],
   "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": "2",
                   "retryableStatusCodes": ["unavailable", 14]}}
]}"#;

fn config(text: &str) -> ServiceConfig {
    ServiceConfig::from_json(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// grpc-java `getRetryPolicies`.
#[test]
fn the_name_that_fits_best_says_how_a_method_is_retried() {
    let config = config(RETRIES);
    let of = |service, method| {
        config
            .said_of(service, method)
            .map(|said| said.retry.unwrap())
    };
    assert_eq!(of("not", "exist"), None);
    assert_eq!(of("not_exist", "Foo1"), None);
    let whole = RetryPolicy::UNSET
        .max_attempts(3)
        .initial_backoff(Duration::from_millis(2_100))
        .max_backoff(Duration::from_millis(2_200))
        .backoff_multiplier(3.0)
        .retryable_status_codes(CodeSet::of(&[Code::Unavailable, Code::ResourceExhausted]));
    assert_eq!(of("SimpleService1", "not_exist"), Some(whole));
    let own = RetryPolicy::UNSET
        .max_attempts(4)
        .initial_backoff(Duration::from_millis(100))
        .max_backoff(Duration::from_secs(1))
        .backoff_multiplier(2.0)
        .retryable_status_codes(CodeSet::of(&[Code::Unavailable]));
    assert_eq!(of("SimpleService1", "Foo1"), Some(own));
    assert_eq!(of("SimpleService2", "not_exist"), None);
    assert_eq!(of("SimpleService2", "Foo2"), Some(own));
}

/// grpc-java `getHedgingPolicies`.
#[test]
fn hedging_is_read_by_the_same_names() {
    let config = config(
        r#"{"methodConfig": [
          {"name": [{"service": "SimpleService1"}],
           "hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "2.1s", "nonFatalStatusCodes": ["UNAVAILABLE", 8]}},
          {"name": [{"service": "SimpleService1", "method": "Foo1"}], "hedgingPolicy": {"maxAttempts": 2}}
        ]}"#,
    );
    let of = |method| config.said_of("SimpleService1", method).unwrap().hedging;
    let whole = HedgingPolicy::UNSET
        .max_attempts(3)
        .hedging_delay(Duration::from_millis(2_100))
        .non_fatal_status_codes(CodeSet::of(&[Code::Unavailable, Code::ResourceExhausted]));
    assert_eq!(of("not_exist"), Some(whole));
    assert_eq!(of("Foo1"), Some(HedgingPolicy::UNSET.max_attempts(2)));
}

/// grpc-java `managedChannelServiceConfig_parseMethodConfig`.
/// grpc-go `TestParseDefaultMethodConfig`, `TestParseTimeOut`.
#[test]
fn a_name_without_a_service_means_every_method() {
    for everybody in [
        "{}",
        r#"{"service": null}"#,
        r#"{"service": "", "method": ""}"#,
    ] {
        let config = config(&format!(
            r#"{{"methodConfig": [
              {{"name": [{{"service": "service2"}}], "timeout": "1.234s"}},
              {{"name": [{everybody}], "timeout": "4.321s"}}
            ]}}"#
        ));
        let of = |service| config.said_of(service, "methodX").unwrap().timeout.unwrap();
        assert_eq!(of("service1"), Duration::from_millis(4_321));
        assert_eq!(of("service2"), Duration::from_millis(1_234));
    }
}

#[test]
fn more_attempts_than_five_are_kept_for_the_channels_cap_and_told() {
    let config =
        config(r#"{"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": "8"}}]}"#);
    let hedging = config.said_of("any", "any").unwrap().hedging.unwrap();
    assert_eq!(hedging.max_attempts, Some(8));
    let warnings: Vec<_> = config.warnings().iter().map(ToString::to_string).collect();
    let expected = r#"methodConfig[0].hedgingPolicy.maxAttempts is "8", and counts as 5 unless `attempts_cap` is raised"#;
    assert_eq!(warnings, [expected]);
}

/// C-core `ValidRetryPolicyWithPerAttemptRecvTimeoutAndUnsetRetryableStatusCodes`.
/// grpc-java `retryConfig_emptyRetriableStatusCodesAllowedWithPerAttemptRecvTimeoutGiven`.
#[test]
fn where_an_attempt_has_a_limit_no_code_need_be_named() {
    for codes in [
        "",
        r#", "retryableStatusCodes": []"#,
        r#", "retryableStatusCodes": null"#,
    ] {
        let config = config(&format!(
            r#"{{"methodConfig": [{{"name": [{{}}], "retryPolicy": {{"maxAttempts": 3, "initialBackoff": "1s",
                "maxBackoff": "10s", "backoffMultiplier": 1.5, "perAttemptRecvTimeout": "2.5s"{codes}}}}}]}}"#
        ));
        let retry = config.said_of("any", "any").unwrap().retry.unwrap();
        assert_eq!(retry.retryable_status_codes, Some(CodeSet::EMPTY));
    }
}

/// grpc-go `TestParseWaitForReady`, `TestParseMsgSize`, `TestParseLoadBalancer`.
/// grpc-java `managedChannelServiceConfig_shouldParseHealthCheckingConfig`.
#[test]
fn what_is_others_to_do_is_kept() {
    let text = r#"{
  "methodConfig": [
    {
      "name": [
        {
          "service": "foo",
          "method": "Bar"
        }
      ],
      "waitForReady": true,
      "maxRequestMessageBytes": 1024,
      "maxResponseMessageBytes": 2048
    }
  ],
  "loadBalancingPolicy": "round_robin",
  "loadBalancingConfig": [
    {
      "weighted_experimental": {
        "weights": [0.5, 18446744073709551615]
      }
    }
  ],
  "healthCheckConfig": {
    "serviceName": "foo"
  }
}
"#;
    let config = config(text);
    assert_eq!(config.to_json(), text);
    let said = config.said_of("foo", "Bar");
    let expected = Policies::UNSET
        .wait_for_ready(true)
        .max_request_message_bytes(1_024)
        .max_response_message_bytes(2_048);
    assert_eq!(said, Some(&expected));
}
