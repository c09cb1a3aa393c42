//! The fields of what is said of a target as a whole, in the same table.

use super::{Field, Group, Said, Whose};
use crate::{
    config::value::{Kind, Typed},
    policy::{
        balance::Balancing,
        outlier::{self, FailurePercentage, Gate, SuccessRate},
        retry::ThrottleConfig,
    },
};

/// Fields of a struct that has a value for each.
macro_rules! settings {
    (@said) => { Said::Anywhere };
    (@said $said:ident) => { Said::$said };
    ($config:ty, $($name:ident $(@$said:ident)? => $($field:ident).+: $kind:expr, $default:literal, $says:literal;)*) => {
        &[$(Field {
            name: stringify!($name),
            kind: $kind,
            said: settings!(@said $($said)?),
            default: $default,
            docs: $says,
            get: |config: &$config| Some(Typed::item(config.$($field).+)),
            set: |config: &mut $config, item| {
                if let Some(value) = Typed::of(item) {
                    config.$($field).+ = value;
                }
            },
        }),*]
    };
}

/// Fields of a part that may not be there.
macro_rules! part {
    ($part:ident: $type:ident = $json:literal {
        $($name:ident => $($field:ident).+: $kind:expr, $default:literal, $says:literal;)*
    }) => {
        Group {
            json: $json,
            contract: "",
            whose: Whose::Grpc,
            docs: "",
            has: |config: &outlier::Config| config.$part.is_some(),
            open: |config: &mut outlier::Config| {
                config.$part.get_or_insert_with($type::default);
            },
            fields: &[$(Field {
                name: stringify!($name),
                kind: $kind,
                said: Said::Operating,
                default: $default,
                docs: $says,
                get: |config: &outlier::Config| Some(Typed::item(config.$part?.$($field).+)),
                set: |config: &mut outlier::Config, item| {
                    if let Some(value) = Typed::of(item) {
                        config.$part.get_or_insert_with($type::default).$($field).+ = value;
                    }
                },
            }),*],
        }
    };
}

/// What stops retries to a target that fails too much (gRFC A6).
pub(in crate::config) static THROTTLING: Group<ThrottleConfig> = Group {
    json: "retryThrottling",
    contract: "",
    whose: Whose::Grpc,
    docs: "Stops retries and hedging while a target fails too much (gRFC A6).",
    has: |_| true,
    open: |_| {},
    fields: settings! { ThrottleConfig,
        max_tokens @Always => max_tokens: Kind::Count(1, 1_000), "10", "Tokens of a full throttle; above half of them calls are repeated.";
        token_ratio @Always => token_ratio: Kind::RATIO, "0.1", "What a success gives back, to three decimals.";
        timeout_token_cost @Operating => timeout_token_cost: Kind::Count(1, 1_000), "1", "What a failure takes that was a timeout.";
    },
};

/// What ejects the endpoints that stand out (gRFC A50), beside its parts.
pub(in crate::config) static OUTLIER: Group<outlier::Config> = Group {
    json: "outlier_detection_experimental",
    contract: "",
    whose: Whose::Grpc,
    docs: "Ejects the endpoints of a target that stand out (gRFC A50).",
    has: |_| true,
    open: |_| {},
    fields: settings! { outlier::Config,
        interval @Operating => interval: Kind::WAIT, "\"10s\"", "The time between two sweeps.";
        base_ejection_time @Operating => base_ejection_time: Kind::WAIT, "\"30s\"", "How long an ejection lasts, times the ejections in a row.";
        max_ejection_time @Operating => max_ejection_time: Kind::WAIT, "\"300s\"", "The longest ejection, unless the base is longer.";
        max_ejection_time_jitter @Operating => max_ejection_time_jitter: Kind::WAIT, "\"0s\"", "Up to this much is added to an ejection.";
        max_ejection_percent @Operating => max_ejection_percent: Kind::WHOLE_PERCENT, "10", "No endpoint is ejected once so many percent are.";
        consecutive_failures @Operating => consecutive_failures: Kind::ANY, "0", "How many failures in a row eject an endpoint at the next sweep; zero never.";
        exclude_local_cancels @Operating => exclude_local_cancels: Kind::Truth, "true", "Whether calls that this client gave up count for nothing.";
        deadline_attribution @Operating => deadline_attribution: Kind::Truth, "true", "Whether DEADLINE_EXCEEDED says nothing of the endpoint where the call had less than half of its method's timeout.";
        panic_threshold @Operating => panic_threshold: Kind::WHOLE_PERCENT, "50", "With less than so many percent of the endpoints usable, ejections are ignored.";
        failure_codes @Operating => failure_codes: Kind::Codes, "[\"UNKNOWN\", \"DEADLINE_EXCEEDED\", \"INTERNAL\", \"UNAVAILABLE\", \"DATA_LOSS\"]", "The codes that a run of failures is made of.";
    },
};

/// The parts of [`OUTLIER`].
pub(in crate::config) static OUTLIER_PARTS: &[Group<outlier::Config>] = &[
    part! { success_rate_ejection: SuccessRate = "successRateEjection" {
        stdev_factor => stdev_factor: Kind::ANY, "1900", "How many standard deviations below the mean, in thousandths.";
        enforcement_percentage => enforcement_percentage: Kind::WHOLE_PERCENT, "100", "The share of findings that ejects.";
        minimum_hosts => minimum_hosts: Kind::ANY, "5", "How many endpoints must have the volume.";
        request_volume => request_volume: Kind::ANY, "100", "How many calls in an interval make a rate.";
    }},
    part! { failure_percentage_ejection: FailurePercentage = "failurePercentageEjection" {
        threshold => threshold: Kind::WHOLE_PERCENT, "85", "Percent of failed calls above which an endpoint goes.";
        enforcement_percentage => enforcement_percentage: Kind::WHOLE_PERCENT, "100", "The share of findings that ejects.";
        minimum_hosts => minimum_hosts: Kind::ANY, "5", "How many endpoints must have the volume.";
        request_volume => request_volume: Kind::ANY, "50", "How many calls in an interval make a percentage.";
    }},
    part! { gate: Gate = "gate" {
        consecutive_failures => consecutive_failures: Kind::ANY, "5", "How many failures in a row shut an endpoint at once; zero never.";
        wait => backoff.initial: Kind::TIME, "\"1s\"", "The wait before the first trial.";
        multiplier => backoff.multiplier: Kind::GROWTH, "2", "What each further wait is multiplied by.";
        max_wait => backoff.max: Kind::TIME, "\"60s\"", "The longest wait.";
        jitter => backoff.jitter: Kind::SHARE, "0.2", "By which share a wait varies.";
        trial_limit => trial_limit: Kind::TIME, "\"10s\"", "How long a trial may take before the next one is sent.";
    }},
];

/// How the endpoint of a call is chosen, in a policy of our own that others pass over.
pub(in crate::config) static BALANCING: Group<Balancing> = Group {
    json: "couplet",
    contract: "",
    whose: Whose::Couplet,
    docs: "How the endpoint of a call is chosen. gRPC's own policies are read too: `round_robin`, `weighted_round_robin`, `least_request_experimental`, `ring_hash_experimental`, `pick_first` and `random_subsetting_experimental`; of a list, the first one that is known counts.",
    has: |_| true,
    open: |_| {},
    fields: settings! { Balancing,
        strategy @Operating => strategy: Kind::Choice(&["peak_ewma", "round_robin", "weighted_round_robin", "least_request", "ring_hash", "pick_first"]), "\"peak_ewma\"", "Who gets a call of those that can serve it.";
        choice_count @Operating => choice_count: Kind::Count(2, u32::MAX), "2", "How many endpoints `least_request` draws; more than 10 count as 10.";
        min_ring_size @Operating => min_ring_size: Kind::Count(1, 8_388_608), "1024", "How many places the ring of `ring_hash` has at least.";
        max_ring_size @Operating => max_ring_size: Kind::Count(1, 8_388_608), "4096", "How many at most; each endpoint has one in any case.";
        spill_below @Operating => spill_below: Kind::WHOLE_PERCENT, "70", "With less than so many percent of the endpoints of the own zone usable, calls go to other zones too.";
        slow_start_window @Operating => slow_start.window: Kind::WAIT, "\"0s\"", "How long it takes until an endpoint that came up gets all of its share; zero is at once.";
        slow_start_aggression @Operating => slow_start.aggression: Kind::FACTOR, "1", "Above 1, it gets more of it earlier.";
        slow_start_min_percent @Operating => slow_start.min_percent: Kind::WHOLE_PERCENT, "10", "Percent of its share that it gets from the beginning.";
    },
};

/// gRFC A48.
pub(in crate::config) static LEAST_REQUEST: Group<Balancing> = Group {
    json: "least_request_experimental",
    whose: Whose::Grpc,
    fields: settings! { Balancing,
        choice_count @Operating => choice_count: Kind::Count(2, u32::MAX), "2", "";
    },
    contract: "",
    docs: "",
    has: |_| true,
    open: |_| {},
};

/// gRFC A42.
pub(in crate::config) static RING_HASH: Group<Balancing> = Group {
    json: "ring_hash_experimental",
    whose: Whose::Grpc,
    fields: settings! { Balancing,
        min_ring_size @Operating => min_ring_size: Kind::Count(1, 8_388_608), "1024", "";
        max_ring_size @Operating => max_ring_size: Kind::Count(1, 8_388_608), "4096", "";
    },
    contract: "",
    docs: "",
    has: |_| true,
    open: |_| {},
};

/// Fields of [`BALANCING`] that are read apart from the others, with what they say.
pub(in crate::config) static BALANCING_OTHERS: &[(&str, &str, &str, &str)] = &[
    (
        "subsetSize",
        "whole number",
        "100; all for `ring_hash`",
        "Of each release, no more than so many endpoints are connected to; zero is all.",
    ),
    (
        "requestHashHeader",
        "name of metadata",
        "",
        "The metadata whose value is the key of a call to `ring_hash`.",
    ),
    (
        "canary",
        "object of percentages by range of versions",
        "",
        "Releases that get this share of the calls and no more, such as `{\">=1.5.0\": 5}`.",
    ),
];
