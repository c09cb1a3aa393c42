//! The table's defaults are those that the policies work with.

use crate::json::Node;
use crate::{
    call::{
        AdaptivePolicy, BreakerPolicy, BulkheadPolicy, HedgingPolicy, Policies, RateLimitPolicy,
        RetryPolicy, Window,
    },
    config::{
        fields::{BALANCING, Field, Group, METHOD, OUTLIER, OUTLIER_PARTS, THROTTLING},
        reference,
        value::{Item, Kind},
    },
    policy::{
        balance::Balancing,
        breaker, limit,
        outlier::{self, FailurePercentage, SuccessRate},
        retry::{RetryConfig, ThrottleConfig},
    },
};

/// What the field of a table has for a default, read as if a config said it.
fn item<P>(field: &Field<P>) -> Option<Item> {
    match (field.default(), field.kind) {
        (Node::Null, _) => None,
        // The one value that is written in two fields.
        (_, Kind::Window) => Some(Item::Window(Window::Time(std::time::Duration::from_secs(
            10,
        )))),
        (node, kind) => Some(
            kind.read(&node)
                .unwrap_or_else(|why| panic!("{}: {why}", field.name)),
        ),
    }
}

/// A group's policies with every default said.
fn said<P>(group: &Group<P>, mut policies: P) -> P {
    for field in group.fields {
        if let Some(item) = item(field) {
            (field.set)(&mut policies, item);
        }
    }
    policies
}

#[test]
fn to_say_the_defaults_is_to_say_nothing() {
    let mut policies = Policies::UNSET;
    for group in METHOD {
        policies = said(group, policies);
    }
    let retry = RetryConfig::from(&policies.retry.unwrap());
    assert_eq!(retry, RetryConfig::from(&RetryPolicy::UNSET));
    let breaker = breaker::Config::from(&policies.breaker.unwrap());
    assert_eq!(breaker, breaker::Config::from(&BreakerPolicy::UNSET));
    let adaptive = limit::adaptive::Config::from(&policies.adaptive_limit.unwrap());
    assert_eq!(
        adaptive,
        limit::adaptive::Config::from(&AdaptivePolicy::UNSET)
    );
    #[cfg(feature = "faults")]
    assert_eq!(
        crate::policy::fault::Config::from(&policies.faults.unwrap()),
        crate::policy::fault::Config::default()
    );
    let bulkhead = limit::bulkhead::Config::default();
    let expected = BulkheadPolicy::UNSET
        .max_queued(bulkhead.max_queued)
        .max_wait_duration(bulkhead.max_wait_duration);
    assert_eq!(policies.bulkhead, Some(expected));
    let period = limit::rate::Config::default().limit_refresh_period;
    assert_eq!(
        policies.rate_limit,
        Some(
            RateLimitPolicy::UNSET
                .limit_refresh_period(period)
                .max_wait_duration(std::time::Duration::ZERO)
        )
    );
    assert_eq!(
        policies.hedging.and_then(|hedging| hedging.max_attempts),
        Some(3)
    );
    assert_ne!(policies.hedging, Some(HedgingPolicy::UNSET));
}

#[test]
fn a_targets_defaults_are_those_of_its_policies() {
    let nothing = ThrottleConfig {
        max_tokens: 7,
        token_ratio: 7.0,
        timeout_token_cost: 7,
    };
    assert_eq!(said(&THROTTLING, nothing), ThrottleConfig::default());

    let expected = outlier::Config {
        success_rate_ejection: Some(SuccessRate::default()),
        failure_percentage_ejection: Some(FailurePercentage::default()),
        ..outlier::Config::default()
    };
    let mut config = said(&OUTLIER, outlier::Config::default());
    for part in OUTLIER_PARTS {
        config = said(part, config);
    }
    assert_eq!(config, expected);
    assert_eq!(said(&BALANCING, Balancing::default()), Balancing::default());
}

/// `COUPLET_BLESS=1` writes the table anew.
#[test]
fn the_page_about_configuration_has_every_field() {
    const MARK: &str = "<!-- fields -->\n";
    let path = std::path::Path::new("../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, fields) = page.split_once(MARK).unwrap();
    let expected = format!("\n{}", reference().trim_end().to_owned() + "\n");
    if std::env::var_os("COUPLET_BLESS").is_some() {
        std::fs::write(path, format!("{before}{MARK}{expected}")).unwrap();
        return;
    }
    assert!(
        fields == expected,
        "the fields changed; look at the difference after COUPLET_BLESS=1"
    );
}
