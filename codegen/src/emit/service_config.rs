//! A contract's policies as gRPC's service config, so that clients in other languages obey them too.
//!
//! Standard fields are what gRPC documents (`grpc/service_config/service_config.proto`); ours stand beside them, and other
//! clients pass over what they do not know (gRFC A21). What undoes a method has no place there and is left out.

use std::time::Duration;

use crate::ir::{
    self, Breaker, Bulkhead, Code, Hedging, Policies, RateLimit, Retry, Service, Window,
};

/// What becomes of fields that gRPC asks for and the contract leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Their defaults are written, so that every gRPC client takes the config.
    Filled,
    /// They stay away, so that it can be told who said what.
    Kept,
}

/// The policies of `services` as JSON.
pub fn service_config<'a>(
    services: impl IntoIterator<Item = &'a Service>,
    silence: Silence,
) -> String {
    let mut methods = Vec::new();
    for service in services {
        for method in &service.methods {
            let policies = policies(&method.policies, silence);
            if !policies.is_empty() {
                let name = vec![
                    ("service", Json::Text(service.full_name())),
                    ("method", Json::Text(method.name.clone())),
                ];
                let mut entries = vec![("name", Json::List(vec![Json::Map(name)]))];
                entries.extend(policies);
                methods.push(Json::Map(entries));
            }
        }
    }
    let mut text = String::new();
    Json::Map(vec![("methodConfig", Json::List(methods))]).put(&mut text, 0);
    text + "\n"
}

/// As much of JSON as there is to write.
enum Json {
    /// In quotes.
    Text(String),
    /// As it is.
    Plain(String),
    List(Vec<Json>),
    Map(Entries),
}

type Entries = Vec<(&'static str, Json)>;

// === Policies ===

fn policies(policies: &Policies, silence: Silence) -> Entries {
    let mut entries = Entries::new();
    let mut put = |name, value: Option<Json>| entries.extend(value.map(|value| (name, value)));
    put("timeout", policies.timeout.map(time));
    put(
        "retryPolicy",
        policies.retry.as_ref().map(|policy| retry(policy, silence)),
    );
    put(
        "hedgingPolicy",
        policies
            .hedging
            .as_ref()
            .map(|policy| hedging(policy, silence)),
    );
    put("circuitBreaker", policies.breaker.as_ref().map(breaker));
    put("bulkhead", policies.bulkhead.as_ref().map(bulkhead));
    put("rateLimit", policies.rate_limit.as_ref().map(rate_limit));
    entries
}

fn retry(retry: &Retry, silence: Silence) -> Json {
    let mut retry = retry.clone();
    if silence == Silence::Filled {
        let longest = retry.max_backoff;
        let initial = Duration::from_millis(50).min(longest.unwrap_or(Duration::MAX));
        let initial = *retry.initial_backoff.get_or_insert(initial);
        retry
            .max_backoff
            .get_or_insert_with(|| Duration::from_secs(1).max(initial));
        retry.max_attempts.get_or_insert(3);
        retry.backoff_multiplier.get_or_insert(2.0);
        if retry.retryable_status_codes.is_empty() {
            retry
                .retryable_status_codes
                .extend(Code::from_name("UNAVAILABLE"));
        }
    }
    Fields::default()
        .count("maxAttempts", retry.max_attempts)
        .time("initialBackoff", retry.initial_backoff)
        .time("maxBackoff", retry.max_backoff)
        .number("backoffMultiplier", retry.backoff_multiplier)
        .codes("retryableStatusCodes", &retry.retryable_status_codes)
        .time("perAttemptRecvTimeout", retry.per_attempt_recv_timeout)
        .end()
}

fn hedging(hedging: &Hedging, silence: Silence) -> Json {
    let default = (silence == Silence::Filled).then_some(3);
    Fields::default()
        .count("maxAttempts", hedging.max_attempts.or(default))
        .time("hedgingDelay", hedging.hedging_delay)
        .codes("nonFatalStatusCodes", &hedging.non_fatal_status_codes)
        .number("hedgingDelayPercentile", hedging.hedging_delay_percentile)
        .number("maxExtraLoad", hedging.max_extra_load)
        .end()
}

fn breaker(breaker: &Breaker) -> Json {
    let probes = breaker.permitted_number_of_calls_in_half_open_state;
    let probing = breaker.max_wait_duration_in_half_open_state;
    Fields::default()
        .choice("mode", &ir::BreakerMode::ALL, breaker.mode)
        .choice("scope", &ir::BreakerScope::ALL, breaker.scope)
        .window(breaker.sliding_window)
        .number("failureRateThreshold", breaker.failure_rate_threshold)
        .time(
            "slowCallDurationThreshold",
            breaker.slow_call_duration_threshold,
        )
        .number("slowCallRateThreshold", breaker.slow_call_rate_threshold)
        .count("minimumNumberOfCalls", breaker.minimum_number_of_calls)
        .count("consecutiveFailures", breaker.consecutive_failures)
        .time(
            "waitDurationInOpenState",
            breaker.wait_duration_in_open_state,
        )
        .number("openMultiplier", breaker.open_multiplier)
        .time("openMaxDuration", breaker.open_max_duration)
        .number("openJitter", breaker.open_jitter)
        .count("permittedNumberOfCallsInHalfOpenState", probes)
        .time("maxWaitDurationInHalfOpenState", probing)
        .codes("failureCodes", &breaker.failure_codes)
        .codes("ignoreCodes", &breaker.ignore_codes)
        .truth("deadlineAttribution", breaker.deadline_attribution)
        .truth("honorPushback", breaker.honor_pushback)
        .end()
}

fn bulkhead(bulkhead: &Bulkhead) -> Json {
    Fields::default()
        .count("maxConcurrentCalls", bulkhead.max_concurrent_calls)
        .count("maxQueued", bulkhead.max_queued)
        .time("maxWaitDuration", bulkhead.max_wait_duration)
        .end()
}

fn rate_limit(limit: &RateLimit) -> Json {
    Fields::default()
        .count("limitForPeriod", limit.limit_for_period)
        .time("limitRefreshPeriod", limit.limit_refresh_period)
        .count("burst", limit.burst)
        .end()
}

// === Fields ===

/// An object of the fields that were declared.
#[derive(Default)]
struct Fields(Entries);

impl Fields {
    fn put(mut self, name: &'static str, value: Option<Json>) -> Self {
        self.0.extend(value.map(|value| (name, value)));
        self
    }

    fn count(self, name: &'static str, value: Option<u32>) -> Self {
        self.put(name, value.map(|value| Json::Plain(value.to_string())))
    }

    fn number(self, name: &'static str, value: Option<f32>) -> Self {
        self.put(name, value.map(|value| Json::Plain(value.to_string())))
    }

    fn truth(self, name: &'static str, value: Option<bool>) -> Self {
        self.put(name, value.map(|value| Json::Plain(value.to_string())))
    }

    fn time(self, name: &'static str, value: Option<Duration>) -> Self {
        self.put(name, value.map(time))
    }

    fn codes(self, name: &'static str, codes: &[Code]) -> Self {
        let codes: Vec<_> = codes
            .iter()
            .map(|code| Json::Text(code.name().to_owned()))
            .collect();
        self.put(
            name,
            Some(Json::List(codes)).filter(|codes| !codes.is_empty()),
        )
    }

    fn choice<T: PartialEq>(
        self,
        name: &'static str,
        all: &[(&'static str, T)],
        value: Option<T>,
    ) -> Self {
        let named = value.and_then(|value| all.iter().find(|(_, known)| *known == value));
        self.put(name, named.map(|(name, _)| Json::Text(name.to_lowercase())))
    }

    fn window(self, window: Option<Window>) -> Self {
        let (kind, size) = match window {
            None => return self,
            Some(Window::Time(size)) => ("TIME", time(size)),
            Some(Window::Count(calls)) => ("COUNT", Json::Text(calls.to_string())),
        };
        let kind = Json::Text(kind.to_owned());
        self.put("slidingWindowType", Some(kind))
            .put("slidingWindowSize", Some(size))
    }

    fn end(self) -> Json {
        Json::Map(self.0)
    }
}

/// Seconds, as proto3's JSON has them.
fn time(time: Duration) -> Json {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    Json::Text(text.trim_end_matches('0').trim_end_matches('.').to_owned() + "s")
}

// === Json ===

impl Json {
    fn is_empty(&self) -> bool {
        match self {
            Self::List(list) => list.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            Self::Text(_) | Self::Plain(_) => false,
        }
    }

    fn put(&self, text: &mut String, depth: usize) {
        match self {
            // Names of services and methods, and our own words: there is nothing to escape.
            Self::Text(value) => text.push_str(&format!("\"{value}\"")),
            Self::Plain(value) => text.push_str(value),
            Self::List(list) if list.iter().all(|item| matches!(item, Self::Text(_))) => {
                lines(text, None, list.iter().map(|item| (None, item)), ["[", "]"]);
            }
            Self::List(list) => {
                let items = list.iter().map(|item| (None, item));
                lines(text, Some(depth), items, ["[", "]"]);
            }
            Self::Map(entries) if entries.is_empty() => text.push_str("{}"),
            Self::Map(entries) => {
                let items = entries.iter().map(|(name, value)| (Some(*name), value));
                lines(text, Some(depth), items, ["{", "}"]);
            }
        }
    }
}

/// Items between brackets: each on a line of its own, or all on one where there is no depth.
fn lines<'a>(
    text: &mut String,
    depth: Option<usize>,
    items: impl Iterator<Item = (Option<&'a str>, &'a Json)>,
    [open, close]: [&str; 2],
) {
    let line = |depth: usize| format!("\n{}", "  ".repeat(depth));
    text.push_str(open);
    for (index, (name, value)) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        match depth {
            Some(depth) => text.push_str(&line(depth + 1)),
            None if index > 0 => text.push(' '),
            None => {}
        }
        if let Some(name) = name {
            text.push_str(&format!("\"{name}\": "));
        }
        value.put(text, depth.map_or(0, |depth| depth + 1));
    }
    if let Some(depth) = depth {
        text.push_str(&line(depth));
    }
    text.push_str(close);
}
