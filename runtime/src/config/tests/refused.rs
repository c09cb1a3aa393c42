//! What is wrong, and how it is told: where, what is there, what would be right.

use std::{fs, path::Path};

use crate::config::ServiceConfig;

/// What is said of a config that is refused.
fn told(text: &str) -> String {
    match ServiceConfig::from_json(text) {
        Ok(_) => panic!("{text} was accepted"),
        Err(errors) => errors.to_string(),
    }
}

fn warned(text: &str) -> Vec<String> {
    let config = ServiceConfig::from_json(text).unwrap_or_else(|errors| panic!("{errors}"));
    config.warnings().iter().map(ToString::to_string).collect()
}

/// A config with one policy for all methods.
fn method(policy: &str) -> String {
    format!(r#"{{"methodConfig": [{{"name": [{{}}], {policy}}}]}}"#)
}

fn retry(fields: &str) -> String {
    method(&format!(r#""retryPolicy": {{{fields}}}"#))
}

const BACKOFF: &str = r#""initialBackoff": "1s", "maxBackoff": "120s", "backoffMultiplier": 1.6"#;

fn attempts(value: &str) -> String {
    retry(&format!(
        r#""maxAttempts": {value}, {BACKOFF}, "retryableStatusCodes": ["ABORTED"]"#
    ))
}

fn backoff(initial: &str, most: &str, multiplier: &str) -> String {
    retry(&format!(
        r#""maxAttempts": 2, "initialBackoff": {initial}, "maxBackoff": {most}, "backoffMultiplier": {multiplier},
           "retryableStatusCodes": ["ABORTED"]"#
    ))
}

fn codes(value: &str) -> String {
    retry(&format!(
        r#""maxAttempts": 2, {BACKOFF}, "retryableStatusCodes": {value}"#
    ))
}

fn hedging(fields: &str) -> String {
    method(&format!(r#""hedgingPolicy": {{{fields}}}"#))
}

fn throttling(fields: &str) -> String {
    format!(r#"{{"retryThrottling": {{{fields}}}}}"#)
}

fn names(names: &str) -> String {
    format!(r#"{{"methodConfig": [{{"name": [{names}]}}]}}"#)
}

/// Every mistake of the table is told as it stands beside it.
fn golden(name: &str, cases: &[String]) {
    let said: String = cases
        .iter()
        .map(|case| format!("{}\n{}\n\n", one_line(case), told(case)))
        .collect();
    let path = Path::new("src/config/tests/golden").join(name);
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::create_dir_all("src/config/tests/golden").unwrap();
        fs::write(&path, &said).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        said, expected,
        "{name} changed; look at the difference after COUPLET_BLESS=1"
    );
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// C-core `InvalidRetryPolicyWrongType`, `InvalidRetryPolicyRequiredFieldsMissing`, `InvalidRetryPolicyMaxAttemptsWrongType`, `InvalidRetryPolicyMaxAttemptsBadValue`, `InvalidRetryPolicyInitialBackoffWrongType`, `InvalidRetryPolicyInitialBackoffBadValue`, `InvalidRetryPolicyMaxBackoffWrongType`, `InvalidRetryPolicyMaxBackoffBadValue`, `InvalidRetryPolicyBackoffMultiplierWrongType`, `InvalidRetryPolicyBackoffMultiplierBadValue`, `InvalidRetryPolicyEmptyRetryableStatusCodes`, `InvalidRetryPolicyRetryableStatusCodesWrongType`, `InvalidRetryPolicyRetryableStatusCodesElementsWrongType`, `InvalidRetryPolicyUnparseableRetryableStatusCodes`, `InvalidRetryPolicyPerAttemptRecvTimeoutUnparseable`, `InvalidRetryPolicyPerAttemptRecvTimeoutWrongType`, `InvalidRetryPolicyPerAttemptRecvTimeoutBadValue`.
/// grpc-go `TestParseRetryPolicy`.
/// grpc-java `retryConfig_emptyRetriableStatusCodesNotAllowedWithPerAttemptRecvTimeoutUnset`.
/// grpc-node `Should reject omitted maxAttempts`, `Should reject a low maxAttempts`, `Should reject omitted retryableStatusCodes`, `Should reject out of range status code number`.
#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn retries() {
    let timeout = |value: &str| {
        let codes = r#""retryableStatusCodes": ["ABORTED"]"#;
        retry(&format!(
            r#""maxAttempts": 2, {BACKOFF}, {codes}, "perAttemptRecvTimeout": {value}"#
        ))
    };
    golden(
        "retries.txt",
        &[
            method(r#""retryPolicy": 5"#),
            retry(r#""retryableStatusCodes": ["ABORTED"]"#),
            retry(&format!(r#""maxAttempts": 2, {BACKOFF}"#)),
            attempts(r#""FOO""#),
            attempts("1"),
            attempts("-1"),
            attempts("2.5"),
            attempts("1e400"),
            attempts("99999999999999999999"),
            backoff(r#""1sec""#, r#""120s""#, "1"),
            backoff(r#""0s""#, r#""120s""#, "1"),
            backoff(r#""-1s""#, r#""120s""#, "1"),
            backoff("1", r#""120s""#, "1"),
            backoff(r#""1s""#, r#""120sec""#, "1"),
            backoff(r#""1s""#, r#""0s""#, "1"),
            backoff(r#""1s""#, r#""315576000001s""#, "1"),
            backoff(r#""1.0000000001s""#, r#""2s""#, "1"),
            backoff(r#""2s""#, r#""1s""#, "1"),
            backoff(r#""1s""#, r#""2s""#, "[]"),
            backoff(r#""1s""#, r#""2s""#, "0"),
            backoff(r#""1s""#, r#""2s""#, "-1"),
            backoff(r#""1s""#, r#""2s""#, r#""NaN""#),
            backoff(r#""1s""#, r#""2s""#, r#""Infinity""#),
            backoff(r#""1s""#, r#""2s""#, "1e60"),
            codes("[]"),
            codes("0"),
            codes("[true, 2]"),
            codes(r#"["FOO", "BAR"]"#),
            codes(r#"["UNAVAILBLE"]"#),
            codes("[17]"),
            codes("[14.5]"),
            codes(r#"["OK"]"#),
            timeout(r#""1sec""#),
            timeout("1"),
            timeout(r#""0s""#),
            method(
                r#""timeout": "1s", "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s", "maxBackoff": "1s",
                "backoffMultiplier": 1, "perAttemptRecvTimeout": "2s"}"#,
            ),
        ],
    );
}

/// grpc-node `Should reject a non-numeric hedgingDelay`, `Should reject a hedgingDelay without an s`, `Should reject unknown status code name`.
/// C-core `RetryThrottlingMissingFields`, `InvalidRetryThrottlingNegativeMaxTokens`, `InvalidRetryThrottlingInvalidTokenRatio`.
/// grpc-node `Should reject omitted maxTokens`, `Should reject a large maxTokens`, `Should reject zero maxTokens`, `Should reject omitted tokenRatio`, `Should reject zero tokenRatio`.
#[test]
fn hedging_and_throttling() {
    golden(
        "hedging.txt",
        &[
            hedging(""),
            hedging(r#""maxAttempts": 1"#),
            hedging(r#""maxAttempts": 2, "hedgingDelay": "abcs""#),
            hedging(r#""maxAttempts": 2, "hedgingDelay": "123""#),
            hedging(r#""maxAttempts": 2, "nonFatalStatusCodes": ["abcd"]"#),
            hedging(r#""maxAttempts": 2, "nonFatalStatusCodes": [12345]"#),
            hedging(r#""maxAttempts": 2, "hedgingDelayPercentile": 100"#),
            hedging(r#""maxAttempts": 2, "maxExtraLoad": 0"#),
            method(&format!(
                r#""hedgingPolicy": {{"maxAttempts": 2}},
                "retryPolicy": {{"maxAttempts": 2, {BACKOFF}, "retryableStatusCodes": [14]}}"#
            )),
            throttling(""),
            throttling(r#""maxTokens": -2, "tokenRatio": 1.0"#),
            throttling(r#""maxTokens": 2, "tokenRatio": -1"#),
            throttling(r#""tokenRatio": 0.1"#),
            throttling(r#""maxTokens": 1001, "tokenRatio": 0.1"#),
            throttling(r#""maxTokens": 0, "tokenRatio": 0.1"#),
            throttling(r#""maxTokens": 100"#),
            throttling(r#""maxTokens": 100, "tokenRatio": 0"#),
            throttling(r#""maxTokens": 100, "tokenRatio": 0.0009"#),
            throttling(r#""maxTokens": 100, "tokenRatio": 0.1, "timeoutTokenCost": 0"#),
        ],
    );
}

/// grpc-java `createManagedChannelServiceConfig_failsOnDuplicateMethod`, `createManagedChannelServiceConfig_failsOnDuplicateService`, `createManagedChannelServiceConfig_failsOnDuplicateServiceMultipleConfig`, `createManagedChannelServiceConfig_failsOnMethodNameWithEmptyServiceName`, `createManagedChannelServiceConfig_failsOnMethodNameWithoutServiceName`.
/// grpc-go `TestParseMethodConfigDuplicatedName`, `TestParseDefaultMethodConfig`, `TestParseTimeOut`, `TestParseWaitForReady`, `TestParseLoadBalancer`.
/// grpc-java `unwrapLoadBalancingConfig_tooManyFields`, `unwrapLoadBalancingConfig_emptyObject`, `unwrapLoadBalancingConfig_list`, `unwrapLoadBalancingConfig_string`.
#[test]
fn names_and_what_stands_by_itself() {
    golden(
        "names.txt",
        &[
            names(r#"{"service": "s", "method": "m"}, {"service": "s", "method": "m"}"#),
            names(r#"{"service": "s"}, {"service": "s", "method": null}"#),
            r#"{"methodConfig": [{"name": [{}]}, {"name": [{"service": ""}]}]}"#.to_owned(),
            names(r#"{"service": "", "method": "m"}"#),
            names(r#"{"method": "m"}"#),
            names(r#"{"service": 1}"#),
            names("7"),
            r#"{"methodConfig": [{"name": {}}]}"#.to_owned(),
            r#"{"methodConfig": {}}"#.to_owned(),
            r#"{"methodConfig": [[]]}"#.to_owned(),
            r#"[]"#.to_owned(),
            r#""""#.to_owned(),
            method(r#""timeout": "3c""#),
            method(r#""timeout": "250ms""#),
            method(r#""timeout": 1"#),
            method(r#""timeout": "0s""#),
            method(r#""timeout": "1s", "timeout": "2s""#),
            method(r#""waitForReady": fall"#),
            method(r#""waitForReady": "true""#),
            method(r#""maxRequestMessageBytes": -1"#),
            method(r#""minBudget": "-5s""#),
            r#"{"loadBalancingPolicy": 1}"#.to_owned(),
            r#"{"loadBalancingConfig": {}}"#.to_owned(),
            r#"{"loadBalancingConfig": [{"xds_experimental": {}, "grpclb": {}}]}"#.to_owned(),
            r#"{"loadBalancingConfig": [{}]}"#.to_owned(),
            r#"{"loadBalancingConfig": [[{"xds": {}}]]}"#.to_owned(),
            r#"{"loadBalancingConfig": ["xds"]}"#.to_owned(),
            r#"{"healthCheckConfig": []}"#.to_owned(),
            "{".to_owned(),
            "{\"methodConfig\": [\n  {\"name\": [{}],\n   \"timeout\": 1s}]}".to_owned(),
            "[".repeat(200),
        ],
    );
}

#[test]
fn our_own_policies() {
    golden(
        "own.txt",
        &[
            method(r#""circuitBreaker": {"mode": "enforced"}"#),
            method(r#""circuitBreaker": {"failureRateThreshold": 0}"#),
            method(r#""circuitBreaker": {"failureRateThreshold": 101}"#),
            method(r#""circuitBreaker": {"slidingWindowSize": 10}"#),
            method(r#""circuitBreaker": {"slidingWindowSize": "9ms"}"#),
            method(r#""circuitBreaker": {"slidingWindowSize": "0.009s"}"#),
            method(r#""circuitBreaker": {"slidingWindowType": "COUNT", "slidingWindowSize": "10s"}"#),
            method(r#""circuitBreaker": {"slidingWindowType": "COUNT", "slidingWindowSize": 70000}"#),
            method(r#""circuitBreaker": {"slidingWindowType": "SPACE"}"#),
            method(r#""circuitBreaker": {"slidingWindowType": "COUNT", "slidingWindowSize": "10", "minimumNumberOfCalls": 20}"#),
            method(r#""circuitBreaker": {"permittedNumberOfCallsInHalfOpenState": 256}"#),
            method(r#""circuitBreaker": {"openMultiplier": 0.5, "openJitter": 1.5}"#),
            method(r#""bulkhead": {"maxConcurrentCalls": 0}"#),
            method(r#""bulkhead": {"maxConcurrentCalls": 1, "maxQueued": 5}"#),
            method(r#""bulkhead": {"maxConcurrentCalls": 1, "maxWaitDuration": "1s"}"#),
            method(r#""timeout": "0.5s", "bulkhead": {"maxConcurrentCalls": 1, "maxQueued": 5, "maxWaitDuration": "1s"}"#),
            method(r#""rateLimit": {"limitForPeriod": 0, "limitRefreshPeriod": "0s"}"#),
            method(r#""adaptiveLimit": {"algorithm": "vega", "window": "0.001s", "quantile": 1}"#),
            method(r#""adaptiveLimit": {"minLimit": 30}"#),
            method(r#""adaptiveLimit": {"maxLimit": 3, "minLimit": 1}"#),
            method(r#""faultInjectionPolicy": {"delay": "-1s", "delayFraction": 1000001, "abortStatus": "BAD"}"#),
            method(r#""disabled": "retryPolicy""#),
            method(r#""disabled": ["retries", "timeout"]"#),
            method(r#""disabled": ["retryPolicy", "timeout", "bulkhead"], "timeout": "1s", "bulkhead": {}"#),
            r#"{"loadBalancingConfig": [{"outlier_detection_experimental": {"interval": "x", "maxEjectionPercent": 101,
                "successRateEjection": {"enforcementPercentage": 101, "minimumHosts": -1},
                "failurePercentageEjection": {"threshold": "many"}, "gate": {"multiplier": 0}}}]}"#
                .to_owned(),
        ],
    );
}

#[test]
fn what_is_not_known_is_passed_over_and_a_slip_is_told() {
    let standard = method(
        r#""timeOut": "1s", "comment": "ours", "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s", "maxBackoff": "2s",
           "backoffMultiplier": 1, "retryableStatusCodes": [14], "chainstop": false, "xProxy": {}}"#,
    );
    assert_eq!(
        warned(&standard),
        [
            "methodConfig[0].timeOut is not known and passed over; did you mean `timeout`?",
            "methodConfig[0].retryPolicy.chainstop is not known and passed over; did you mean `chainStop`?",
        ]
    );
    let own = method(
        r#""circuitBreaker": {"failureThreshold": 5, "consecutiveFailure": 5}, "circuitbreaker": {}"#,
    );
    assert_eq!(
        warned(&own),
        [
            "methodConfig[0].circuitBreaker.failureThreshold is not known and passed over",
            "methodConfig[0].circuitBreaker.consecutiveFailure is not known and passed over; did you mean \
             `consecutiveFailures`?",
            "methodConfig[0].circuitbreaker is not known and passed over; did you mean `circuitBreaker`?",
        ]
    );
    assert_eq!(
        warned(r#"{"clientLanguage": ["go"], "percentage": 5}"#),
        [""; 0]
    );
}

#[test]
fn all_mistakes_are_told_at_once_up_to_twenty() {
    let many = (0..50)
        .map(|index| format!(r#"{{"name": [{{"service": "s{index}"}}], "timeout": {index}}}"#));
    let many: Vec<_> = many.collect();
    let told = told(&format!(r#"{{"methodConfig": [{}]}}"#, many.join(",")));
    assert_eq!(told.lines().count(), 21);
    assert!(told.ends_with("\nand 30 more"), "{told}");
}

#[test]
fn ten_megabytes_are_not_looked_at() {
    let long = format!(
        r#"{{"methodConfig": [{}]}}"#,
        vec![r#"{"name": []}"#; 1 << 20].join(",")
    );
    assert_eq!(
        told(&long),
        format!(
            "the text has {} bytes; a service config has at most 4194304",
            long.len()
        )
    );
}
