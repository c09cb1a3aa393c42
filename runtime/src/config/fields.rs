//! The one table of fields: what can be said of a call, by whom, and what holds where nobody says it.
//!
//! Reading, writing, merging, printing and the page about configuration all follow it. To add a field: its place in
//! [`Policies`] and its line here. The name of a field is that of contracts; in JSON it is the same in camel case.

mod target;

use std::time::Duration;

pub(super) use self::target::{
    BALANCING, BALANCING_OTHERS, LEAST_REQUEST, OUTLIER, OUTLIER_PARTS, RING_HASH, THROTTLING,
};

use super::{
    names::camel,
    value::{Item, Kind, Typed},
};
use crate::call::{
    AdaptivePolicy, BreakerPolicy, BulkheadPolicy, FaultPolicy, HedgingPolicy, Policies,
    RateLimitPolicy, RetryPolicy,
};
use crate::json::{self, Node};

/// A group of fields that stand in one object, or those that stand by themselves.
#[derive(Debug)]
pub(super) struct Group<P: 'static> {
    /// The object's name in JSON; empty for fields that stand by themselves.
    pub(super) json: &'static str,
    /// The same in contracts; empty where contracts cannot say it.
    pub(super) contract: &'static str,
    /// Whose object it is.
    pub(super) whose: Whose,
    /// What it is for.
    pub(super) docs: &'static str,
    /// Whether it is there, even if with nothing in it.
    pub(super) has: fn(&P) -> bool,
    /// Puts it there with nothing in it.
    pub(super) open: fn(&mut P),
    /// What is in it.
    pub(super) fields: &'static [Field<P>],
}

/// A field.
#[derive(Debug)]
pub(super) struct Field<P: 'static> {
    /// Its name in contracts.
    pub(super) name: &'static str,
    /// What is right for it.
    pub(super) kind: Kind,
    /// Who says it.
    pub(super) said: Said,
    /// What holds where nobody says it, as JSON has it; empty for nothing.
    pub(super) default: &'static str,
    /// What it says.
    pub(super) docs: &'static str,
    /// What is in it.
    pub(super) get: fn(&P) -> Option<Item>,
    /// Puts something in it.
    pub(super) set: fn(&mut P, Item),
}

/// Whose an object is: of what stands in ours, all is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// gRPC's: what is not known may be known to others.
    Grpc,
    /// Ours.
    Couplet,
}

/// Who says a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Contracts and service configs.
    Anywhere,
    /// Contracts too, and every service config that has the group: so it is with gRPC's own.
    Always,
    /// Service configs and code, but no contract: it is the operators' affair.
    Operating,
}

impl<P> Field<P> {
    /// What holds where nobody says it.
    pub(super) fn default(&self) -> Node {
        json::parse(self.default).unwrap_or(Node::Null)
    }

    /// Its names in JSON.
    pub(super) fn keys(&self) -> Vec<String> {
        match self.kind {
            Kind::Window => vec![
                "slidingWindowType".to_owned(),
                "slidingWindowSize".to_owned(),
            ],
            _ => vec![camel(self.name)],
        }
    }
}

/// Fields of a group: `name: kind, default, what it says`, with `@` and who says it where that is not everybody.
macro_rules! group {
    (
        $(#[doc = $docs:literal])+
        $group:ident: $type:ident = $json:literal $contract:literal $whose:ident {
            $($field:ident $(@$said:ident)?: $kind:expr, $default:literal, $says:literal;)*
        }
    ) => {
        Group {
            json: $json,
            contract: $contract,
            whose: Whose::$whose,
            docs: concat!($($docs),+),
            has: |policies: &Policies| policies.$group.is_some(),
            open: |policies: &mut Policies| {
                policies.$group.get_or_insert($type::UNSET);
            },
            fields: &[$(Field {
                name: stringify!($field),
                kind: $kind,
                said: group!(@said $($said)?),
                default: $default,
                docs: $says,
                get: |policies: &Policies| policies.$group?.$field.map(Typed::item),
                set: |policies: &mut Policies, item| {
                    policies.$group.get_or_insert($type::UNSET).$field = Typed::of(item);
                },
            }),*],
        }
    };
    (@said) => { Said::Anywhere };
    (@said $said:ident) => { Said::$said };
}

/// Fields that stand by themselves.
macro_rules! plain {
    ($($field:ident $(@$said:ident)?: $kind:expr, $default:literal, $says:literal;)*) => {
        &[$(Field {
            name: stringify!($field),
            kind: $kind,
            said: group!(@said $($said)?),
            default: $default,
            docs: $says,
            get: |policies: &Policies| policies.$field.map(Typed::item),
            set: |policies: &mut Policies, item| policies.$field = Typed::of(item),
        }),*]
    };
}

/// Everything that can be said of the calls of a method.
pub(super) static METHOD: &[Group<Policies>] = &[
    Group {
        json: "",
        contract: "",
        whose: Whose::Grpc,
        docs: "What stands by itself.",
        has: |_| true,
        open: |_| {},
        fields: plain! {
            timeout: Kind::TIME, "", "The longest a call may take, from its start to its trailers.";
            wait_for_ready @Operating: Kind::Truth, "", "Whether a call waits for a connection until its deadline, in place of ending as UNAVAILABLE while none can be had.";
            max_request_message_bytes @Operating: Kind::ANY, "", "The largest message of a request, in bytes, before it is compressed. `send_limit` of the channel holds too.";
            max_response_message_bytes @Operating: Kind::ANY, "", "The largest message of an answer, in bytes. `receive_limit` of the channel holds too.";
            min_budget @Operating: Kind::WAIT, "\"0s\"", "The least time that must be left for a call to be sent at all.";
            propagation_margin @Operating: Kind::WAIT, "\"0s\"", "What is held back of the time left when a call is sent on, so that the caller can still answer.";
            disabled @Operating: Kind::Policies, "", "The policies that do not hold, whichever wider source says them: names of this page such as `retryPolicy`, or `timeout`.";
        },
    },
    group! {
        /// Sends a failed call again (gRFC A6).
        retry: RetryPolicy = "retryPolicy" "retry" Grpc {
            max_attempts @Always: Kind::Capped(2, 5), "3", "Attempts in all, the first one included.";
            initial_backoff @Always: Kind::TIME, "\"0.05s\"", "The pause before the second attempt, ± 20 %.";
            max_backoff @Always: Kind::TIME, "\"1s\"", "The longest pause, ± 20 %.";
            backoff_multiplier @Always: Kind::FACTOR, "2", "What each pause is multiplied by.";
            retryable_status_codes @Always: Kind::Codes, "[\"UNAVAILABLE\"]", "The codes that are worth another attempt.";
            per_attempt_recv_timeout: Kind::TIME, "", "The longest an attempt may wait for the head of its answer.";
            retry_requires_idempotent @Operating: Kind::Truth, "true", "Whether DEADLINE_EXCEEDED, INTERNAL and UNKNOWN are retried only where the contract promises that a call may run twice.";
            chain_stop @Operating: Kind::Truth, "true", "Whether a server that handles a repeated call leaves its own failed calls alone.";
        }
    },
    group! {
        /// Sends a call several times without waiting for failures (gRFC A6).
        hedging: HedgingPolicy = "hedgingPolicy" "hedging" Grpc {
            max_attempts @Always: Kind::Capped(2, 5), "3", "Attempts in all, the first one included.";
            hedging_delay: Kind::WAIT, "\"0s\"", "The pause before the next attempt; none sends all at once.";
            non_fatal_status_codes: Kind::Codes, "", "The codes after which the other attempts go on.";
            hedging_delay_percentile: Kind::PERCENTILE, "", "Takes the pause from this percentile of the times that earlier calls took.";
            max_extra_load: Kind::PERCENT, "5", "How many attempts there may be on top of every hundred calls.";
        }
    },
    group! {
        /// Stops calling a peer that is sick (names of resilience4j).
        breaker: BreakerPolicy = "circuitBreaker" "breaker" Couplet {
            mode: Kind::Choice(&["enforce", "disabled", "forced_open", "forced_closed", "metrics_only", "adaptive_throttle"]), "\"enforce\"", "What it does with what it sees.";
            scope: Kind::Choice(&["method", "service", "target"]), "\"method\"", "What shares one breaker.";
            sliding_window: Kind::Window, "\"10s\"", "What it looks back on: the calls of a time (TIME), or so many calls (COUNT).";
            failure_rate_threshold: Kind::PERCENT, "50", "Percent of failed calls that opens it.";
            slow_call_duration_threshold: Kind::TIME, "", "From which duration on a call is slow.";
            slow_call_rate_threshold: Kind::PERCENT, "100", "Percent of slow calls that opens it.";
            minimum_number_of_calls: Kind::SOME, "20", "How many calls it takes before a rate says anything.";
            consecutive_failures: Kind::ANY, "0", "How many failures in a row open it; zero never.";
            wait_duration_in_open_state: Kind::TIME, "\"5s\"", "How long it stays open the first time.";
            open_multiplier: Kind::GROWTH, "2", "What each further rest is multiplied by.";
            open_max_duration: Kind::TIME, "\"60s\"", "The longest rest.";
            open_jitter: Kind::SHARE, "0.2", "By which share a rest varies.";
            permitted_number_of_calls_in_half_open_state: Kind::Count(1, 255), "10", "How many probes decide whether it closes.";
            max_wait_duration_in_half_open_state: Kind::TIME, "\"10s\"", "How long it waits for the probes.";
            failure_codes: Kind::Codes, "[\"UNKNOWN\", \"DEADLINE_EXCEEDED\", \"RESOURCE_EXHAUSTED\", \"INTERNAL\", \"UNAVAILABLE\", \"DATA_LOSS\"]", "The codes that count as failures.";
            ignore_codes: Kind::Codes, "[\"CANCELLED\"]", "The codes that count for nothing, CANCELLED besides.";
            deadline_attribution: Kind::Truth, "true", "Whether DEADLINE_EXCEEDED says nothing of the peer where the caller's own time was less than half of the method's.";
            honor_pushback: Kind::Truth, "true", "Whether it stays open as long as the failing peer asked for.";
            abandoned @Operating: Kind::Choice(&["unless_all", "ignore", "failure"]), "\"unless_all\"", "What calls that were given up say: nothing unless there are no others, nothing, or that the peer failed.";
            throttle_k @Operating: Kind::LET_OUT, "2", "In mode `adaptive_throttle`, how many calls are let out for each that is accepted.";
            throttle_window @Operating: Kind::Time(Duration::from_millis(10), Duration::MAX), "\"30s\"", "In that mode, what it looks back on.";
            throttle_max @Operating: Kind::SHARE, "0.9", "In that mode, the greatest share of the calls that is refused.";
        }
    },
    group! {
        /// Bounds how many calls are under way.
        bulkhead: BulkheadPolicy = "bulkhead" "bulkhead" Couplet {
            max_concurrent_calls: Kind::SOME, "", "Calls under way at once.";
            max_queued: Kind::ANY, "0", "Calls that wait for a place.";
            max_wait_duration: Kind::WAIT, "\"0s\"", "The longest wait for a place.";
        }
    },
    group! {
        /// Bounds how many calls start in a time (GCRA).
        rate_limit: RateLimitPolicy = "rateLimit" "rate_limit" Couplet {
            limit_for_period: Kind::SOME, "", "Calls in each period.";
            limit_refresh_period: Kind::TIME, "\"1s\"", "The period.";
            burst: Kind::SOME, "", "Calls that may come at once; as many as in a period where nothing is said.";
            max_wait_duration @Operating: Kind::WAIT, "\"0s\"", "The longest that a call waits for its turn, in place of being refused; never beyond its deadline.";
        }
    },
    group! {
        /// Finds out how many calls at once a server serves best, and admits no more.
        adaptive_limit: AdaptivePolicy = "adaptiveLimit" "" Couplet {
            mode @Operating: Kind::Choice(&["enforce", "metrics_only"]), "\"enforce\"", "Whether the limit is kept.";
            algorithm @Operating: Kind::Choice(&["hybrid", "gradient2", "vegas", "aimd", "fixed"]), "\"hybrid\"", "How it is found.";
            initial_limit @Operating: Kind::SOME, "20", "The limit before anything is known.";
            min_limit @Operating: Kind::SOME, "4", "The least limit.";
            max_limit @Operating: Kind::SOME, "1000", "The greatest limit.";
            window @Operating: Kind::Time(Duration::from_millis(10), Duration::from_secs(3600)), "\"1s\"", "The least time from one decision to the next.";
            minimum_samples @Operating: Kind::SOME, "50", "How many calls a decision needs.";
            quantile @Operating: Kind::FRACTION, "0.9", "Which latency is looked at: the one that this share of calls does not exceed.";
            backoff_ratio @Operating: Kind::FRACTION, "0.9", "What the limit is multiplied by when calls are dropped.";
        }
    },
    group! {
        /// Does something to calls on purpose, for tests; in builds with feature `faults` alone.
        faults: FaultPolicy = "faultInjectionPolicy" "" Couplet {
            delay @Operating: Kind::TIME, "", "How long a call is held up before it goes on.";
            delay_fraction @Operating: Kind::PER_MILLION, "0", "The share of calls that are, per million.";
            abort_status @Operating: Kind::Code, "", "The code with which a call ends before it is sent, or before its handler sees it.";
            abort_fraction @Operating: Kind::PER_MILLION, "0", "The share of calls that do, per million.";
            reset_fraction @Operating: Kind::PER_MILLION, "0", "The share of calls whose work is done and whose answer is lost, per million.";
            response_delay @Operating: Kind::TIME, "", "How long an answer is held back.";
            response_delay_fraction @Operating: Kind::PER_MILLION, "0", "The share of answers that are, per million.";
            truncate_after @Operating: Kind::ANY, "", "After how many messages an answer breaks off.";
            truncate_fraction @Operating: Kind::PER_MILLION, "0", "The share of answers that do, per million.";
            slow_read @Operating: Kind::TIME, "", "The pause of a reader between two messages.";
            slow_read_fraction @Operating: Kind::PER_MILLION, "0", "The share of streams that are read so, per million.";
            max_active_faults @Operating: Kind::ANY, "100", "With so many faults under way in the process, nothing is done to a call.";
            headers @Operating: Kind::Truth, "false", "Whether a call's metadata may ask for a delay or an abort, up to the fraction of each.";
        }
    },
];

/// Whether `policies` say the policy of this name, which may be `timeout`.
pub(super) fn says(policies: &Policies, name: &str) -> bool {
    let group = METHOD.iter().find(|group| group.json == name);
    match group {
        Some(group) => (group.has)(policies),
        None => policies.timeout.is_some(),
    }
}
