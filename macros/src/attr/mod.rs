//! What the arguments of `#[service]` and `#[rpc]` mean. The only place that knows how they are spelled.

mod reader;

use couplet_codegen::draft::{
    Breaker, Bulkhead, Hedging, Policies, RateLimit, Retry, WindowType, Written,
};
use couplet_codegen::ir::{BreakerMode, BreakerScope, ClientVersion, Idempotency};

use self::reader::Reader;
use crate::ast::Arguments;
use crate::report::Report;

/// What `#[service(..)]` says.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) package: Option<Written<String>>,
    pub(crate) name: Option<Written<String>>,
    pub(crate) version: Option<Written<String>>,
    pub(crate) accepts: Option<Written<String>>,
    pub(crate) client_version: Option<Written<ClientVersion>>,
    pub(crate) defaults: Policies,
}

/// What `#[rpc(..)]` says.
#[derive(Debug)]
pub(crate) struct Rpc {
    pub(crate) name: Option<Written<String>>,
    pub(crate) idempotency: Idempotency,
    pub(crate) policies: Policies,
}

const CLIENT_VERSIONS: [(&str, ClientVersion); 2] = [
    ("OPTIONAL", ClientVersion::Optional),
    ("REQUIRED", ClientVersion::Required),
];

/// Reads the arguments of `#[service]`.
pub(crate) fn service(arguments: &Arguments, report: &mut Report) -> Service {
    reader::read("service", arguments, report, |reader| Service {
        package: reader.text("package", "movies.v1"),
        version: reader.text("version", "1.0.0"),
        accepts: reader.text("accepts", "1.0"),
        client_version: reader.choice("client_version", &CLIENT_VERSIONS),
        name: reader.text("name", "Movies"),
        defaults: reader
            .group("defaults", policies)
            .map_or_else(Policies::default, |defaults| defaults.value),
    })
}

/// Reads the arguments of `#[rpc]`.
pub(crate) fn rpc(arguments: &Arguments, report: &mut Report) -> Rpc {
    reader::read("rpc", arguments, report, |reader| Rpc {
        name: reader.text("name", "GetMovie"),
        idempotency: idempotency(reader),
        policies: policies(reader),
    })
}

fn idempotency(reader: &mut Reader<'_>) -> Idempotency {
    let idempotent = reader.flag("idempotent").is_some();
    match reader.flag("no_side_effects") {
        None if idempotent => Idempotency::Idempotent,
        None => Idempotency::Unknown,
        Some(name) => {
            if idempotent {
                reader.wrong(
                    name,
                    "both `idempotent` and `no_side_effects`",
                    "keep one: what has no side effects is idempotent, too",
                );
            }
            Idempotency::NoSideEffects
        }
    }
}

fn policies(reader: &mut Reader<'_>) -> Policies {
    Policies {
        timeout: reader.text("timeout", "250ms"),
        retry: reader.group("retry", retry),
        hedging: reader.group("hedging", hedging),
        breaker: reader.group("breaker", breaker),
        bulkhead: reader.group("bulkhead", bulkhead),
        rate_limit: reader.group("rate_limit", rate_limit),
        compensated_by: reader.text("compensated_by", "CancelOrder"),
        hash_field: None,
    }
}

fn retry(reader: &mut Reader<'_>) -> Retry {
    Retry {
        max_attempts: reader.number("max_attempts"),
        initial_backoff: reader.text("initial_backoff", "50ms"),
        max_backoff: reader.text("max_backoff", "1s"),
        backoff_multiplier: reader.float("backoff_multiplier"),
        retryable_status_codes: reader.codes("retryable_status_codes"),
        per_attempt_recv_timeout: reader.text("per_attempt_recv_timeout", "100ms"),
    }
}

fn hedging(reader: &mut Reader<'_>) -> Hedging {
    Hedging {
        max_attempts: reader.number("max_attempts"),
        hedging_delay: reader.text("hedging_delay", "50ms"),
        non_fatal_status_codes: reader.codes("non_fatal_status_codes"),
        hedging_delay_percentile: reader.float("hedging_delay_percentile"),
        max_extra_load: reader.float("max_extra_load"),
    }
}

fn breaker(reader: &mut Reader<'_>) -> Breaker {
    const WINDOWS: [(&str, WindowType); 2] =
        [("TIME", WindowType::Time), ("COUNT", WindowType::Count)];
    Breaker {
        mode: reader.choice("mode", &BreakerMode::ALL),
        scope: reader.choice("scope", &BreakerScope::ALL),
        deadline_attribution: reader.truth("deadline_attribution"),
        honor_pushback: reader.truth("honor_pushback"),
        sliding_window_type: reader.choice("sliding_window_type", &WINDOWS),
        sliding_window_size: reader.text("sliding_window_size", "10s"),
        failure_rate_threshold: reader.float("failure_rate_threshold"),
        slow_call_duration_threshold: reader.text("slow_call_duration_threshold", "1s"),
        slow_call_rate_threshold: reader.float("slow_call_rate_threshold"),
        minimum_number_of_calls: reader.number("minimum_number_of_calls"),
        consecutive_failures: reader.number("consecutive_failures"),
        wait_duration_in_open_state: reader.text("wait_duration_in_open_state", "5s"),
        open_multiplier: reader.float("open_multiplier"),
        open_max_duration: reader.text("open_max_duration", "60s"),
        open_jitter: reader.float("open_jitter"),
        permitted_number_of_calls_in_half_open_state: reader
            .number("permitted_number_of_calls_in_half_open_state"),
        max_wait_duration_in_half_open_state: reader
            .text("max_wait_duration_in_half_open_state", "10s"),
        failure_codes: reader.codes("failure_codes"),
        ignore_codes: reader.codes("ignore_codes"),
    }
}

fn bulkhead(reader: &mut Reader<'_>) -> Bulkhead {
    Bulkhead {
        max_concurrent_calls: reader.number("max_concurrent_calls"),
        max_queued: reader.number("max_queued"),
        max_wait_duration: reader.text("max_wait_duration", "50ms"),
    }
}

fn rate_limit(reader: &mut Reader<'_>) -> RateLimit {
    RateLimit {
        limit_for_period: reader.number("limit_for_period"),
        limit_refresh_period: reader.text("limit_refresh_period", "1s"),
        burst: reader.number("burst"),
    }
}
