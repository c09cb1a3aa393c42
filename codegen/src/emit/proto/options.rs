//! What a contract declares, as the options that declare it in a `.proto` file.

use std::fmt::Display;
use std::time::Duration;

use super::standard;
use crate::ir::{
    Breaker, BreakerMode, BreakerScope, Bulkhead, ClientVersion, Code, CrossMajor, Hedging, Method,
    Policies, RateLimit, Retry, Service, Window,
};

/// The options of a service, a line an entry.
pub(super) fn service(service: &Service) -> Vec<String> {
    let mut lines = Vec::new();
    if service.deprecated.is_some() {
        lines.push("option deprecated = true;".to_owned());
    }
    let mut fields = Fields::default();
    fields.text("version", Some(&service.version));
    fields.text("accepts", service.accepts.as_ref());
    if service.cross_major == CrossMajor::Wire {
        fields.set("cross_major", Some("WIRE"));
    }
    if service.client_version == ClientVersion::Required {
        fields.set("client_version", Some("REQUIRED"));
    }
    lines.extend(fields.option("couplet.service"));
    lines
}

/// The options of a method, a line an entry; none where it declares nothing.
pub(super) fn method(method: &Method) -> Vec<String> {
    let mut lines: Vec<_> = standard(method).collect();
    let fields = policies(&method.policies);
    if !fields.0.is_empty() {
        lines.extend(fields.option("couplet.method"));
    }
    lines
}

/// The fields of a message in protobuf's text format, a line an entry.
#[derive(Default)]
struct Fields(Vec<String>);

impl Fields {
    fn set(&mut self, name: &str, value: Option<impl Display>) {
        self.0.extend(value.map(|value| format!("{name}: {value}")));
    }

    fn text(&mut self, name: &str, value: Option<impl Display>) {
        self.set(name, value.map(|value| format!("\"{value}\"")));
    }

    fn duration(&mut self, name: &str, value: Option<Duration>) {
        self.text(name, value.map(duration));
    }

    fn codes(&mut self, name: &str, codes: &[Code]) {
        let names: Vec<_> = codes.iter().map(|code| code.name()).collect();
        let list = (!names.is_empty()).then(|| format!("[{}]", names.join(", ")));
        self.set(name, list);
    }

    fn group(&mut self, name: &str, group: Option<Self>) {
        let Some(Self(inner)) = group else { return };
        if inner.is_empty() {
            self.0.push(format!("{name}: {{}}"));
            return;
        }
        self.0.push(format!("{name}: {{"));
        self.0.extend(inner.iter().map(|line| format!("  {line}")));
        self.0.push("}".to_owned());
    }

    fn option(self, name: &str) -> Vec<String> {
        let fields = self.0.iter().map(|line| format!("  {line}"));
        let first = format!("option ({name}) = {{");
        let mut lines = vec![first];
        lines.extend(fields);
        lines.push("};".to_owned());
        lines
    }
}

fn policies(policies: &Policies) -> Fields {
    let mut fields = Fields::default();
    fields.duration("timeout", policies.timeout);
    fields.group("retry", policies.retry.as_ref().map(retry));
    fields.group("hedging", policies.hedging.as_ref().map(hedging));
    fields.group("breaker", policies.breaker.as_ref().map(breaker));
    fields.group("bulkhead", policies.bulkhead.as_ref().map(bulkhead));
    fields.group("rate_limit", policies.rate_limit.as_ref().map(rate_limit));
    fields.text("compensated_by", policies.compensated_by.as_ref());
    fields
}

fn retry(retry: &Retry) -> Fields {
    let mut fields = Fields::default();
    fields.set("max_attempts", retry.max_attempts);
    fields.duration("initial_backoff", retry.initial_backoff);
    fields.duration("max_backoff", retry.max_backoff);
    fields.set("backoff_multiplier", retry.backoff_multiplier);
    fields.codes("retryable_status_codes", &retry.retryable_status_codes);
    fields.duration("per_attempt_recv_timeout", retry.per_attempt_recv_timeout);
    fields
}

fn hedging(hedging: &Hedging) -> Fields {
    let mut fields = Fields::default();
    fields.set("max_attempts", hedging.max_attempts);
    fields.duration("hedging_delay", hedging.hedging_delay);
    fields.codes("non_fatal_status_codes", &hedging.non_fatal_status_codes);
    fields.set("hedging_delay_percentile", hedging.hedging_delay_percentile);
    fields.set("max_extra_load", hedging.max_extra_load);
    fields
}

/// A value of an enum as contracts spell it.
fn spelled<T: PartialEq>(all: &[(&'static str, T)], value: Option<T>) -> Option<&'static str> {
    let value = value?;
    let found = all.iter().find(|(_, known)| *known == value)?;
    Some(found.0)
}

fn breaker(breaker: &Breaker) -> Fields {
    let mut fields = Fields::default();
    fields.set("mode", spelled(&BreakerMode::ALL, breaker.mode));
    fields.set("scope", spelled(&BreakerScope::ALL, breaker.scope));
    fields.set("deadline_attribution", breaker.deadline_attribution);
    fields.set("honor_pushback", breaker.honor_pushback);
    if let Some(window) = breaker.sliding_window {
        let (kind, size) = match window {
            Window::Time(time) => ("TIME", duration(time)),
            Window::Count(calls) => ("COUNT", calls.to_string()),
        };
        fields.set("sliding_window_type", Some(kind));
        fields.text("sliding_window_size", Some(size));
    }
    fields.set("failure_rate_threshold", breaker.failure_rate_threshold);
    fields.duration(
        "slow_call_duration_threshold",
        breaker.slow_call_duration_threshold,
    );
    fields.set("slow_call_rate_threshold", breaker.slow_call_rate_threshold);
    fields.set("minimum_number_of_calls", breaker.minimum_number_of_calls);
    fields.set("consecutive_failures", breaker.consecutive_failures);
    fields.duration(
        "wait_duration_in_open_state",
        breaker.wait_duration_in_open_state,
    );
    fields.set("open_multiplier", breaker.open_multiplier);
    fields.duration("open_max_duration", breaker.open_max_duration);
    fields.set("open_jitter", breaker.open_jitter);
    fields.set(
        "permitted_number_of_calls_in_half_open_state",
        breaker.permitted_number_of_calls_in_half_open_state,
    );
    fields.duration(
        "max_wait_duration_in_half_open_state",
        breaker.max_wait_duration_in_half_open_state,
    );
    fields.codes("failure_codes", &breaker.failure_codes);
    fields.codes("ignore_codes", &breaker.ignore_codes);
    fields
}

fn bulkhead(bulkhead: &Bulkhead) -> Fields {
    let mut fields = Fields::default();
    fields.set("max_concurrent_calls", bulkhead.max_concurrent_calls);
    fields.set("max_queued", bulkhead.max_queued);
    fields.duration("max_wait_duration", bulkhead.max_wait_duration);
    fields
}

fn rate_limit(limit: &RateLimit) -> Fields {
    let mut fields = Fields::default();
    fields.set("limit_for_period", limit.limit_for_period);
    fields.duration("limit_refresh_period", limit.limit_refresh_period);
    fields.set("burst", limit.burst);
    fields
}

/// In the largest unit that is exact.
fn duration(duration: Duration) -> String {
    const UNITS: [(u128, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let nanos = duration.as_nanos();
    let exact = UNITS
        .iter()
        .find(|(length, _)| nanos.is_multiple_of(*length));
    exact.map_or_else(
        || format!("{nanos}ns"),
        |(length, unit)| format!("{}{unit}", nanos / length),
    )
}
