//! A contract as it was written: what the front ends hand to `check`.
//!
//! Durations, versions and numbers are still what the author typed, each with its place, so that
//! both front ends are checked by the same rules and told about the same mistakes.

use syn::{Attribute, Ident, Visibility};

use crate::derived::Derived;
use crate::finding::Place;
use crate::ir::{
    Ages, Body, BreakerMode, BreakerScope, ClientMin, ClientVersion, Code, CrossMajor, Descriptor,
    Idempotency, Kind,
};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// What a contract is written in: the help on a mistake is in its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A `.proto` file.
    Proto,
    /// A Rust trait.
    Rust,
}

/// A service as it was written.
#[derive(Debug, Clone)]
pub struct Service {
    /// What it is written in.
    pub language: Language,
    /// The package, such as `movies.v1`; empty where there is none.
    pub package: String,
    /// The name, such as `Movies`.
    pub name: Written<String>,
    /// The name of its trait, where that is written and not made from the name.
    pub ident: Option<Ident>,
    /// Who may use what is generated for it.
    pub visibility: Visibility,
    /// Further attributes of its trait.
    pub attributes: Vec<Attribute>,
    /// Its documentation as rustdoc, a line an entry.
    pub docs: Vec<String>,
    /// The attribute that advises against it, where the contract does.
    pub deprecated: Option<Attribute>,
    /// MAJOR.MINOR.PATCH.
    pub version: Option<Written<String>>,
    /// MAJOR.MINOR.
    pub accepts: Option<Written<String>>,
    /// Whether clients of an earlier MAJOR may be served.
    pub cross_major: Option<Written<CrossMajor>>,
    /// The oldest server that a client can live with.
    pub client_min: Option<Written<ClientMin>>,
    /// What becomes of callers that do not say their version.
    pub client_version: Option<Written<ClientVersion>>,
    /// Policies of every method that does not say otherwise.
    pub defaults: Policies,
    /// The methods, in the order of the source.
    pub methods: Vec<Method>,
    /// Where the descriptor bytes are.
    pub descriptor: Descriptor,
    /// What its messages and methods look like, as eight hexadecimal digits; empty where nobody knows.
    pub schema: String,
    /// What its releases tell of it.
    pub derived: Derived,
    /// The same of the parts of its requests, by their numbers.
    pub ages: Ages,
}

/// A method as it was written.
#[derive(Debug, Clone)]
pub struct Method {
    /// The name, such as `GetMovie`.
    pub name: Written<String>,
    /// The name of its function, where that is written and not made from the name.
    pub ident: Option<Ident>,
    /// Further attributes of its function in the trait.
    pub attributes: Vec<Attribute>,
    /// Its documentation as rustdoc, a line an entry.
    pub docs: Vec<String>,
    /// The attribute that advises against it, where the contract does.
    pub deprecated: Option<Attribute>,
    /// How many messages go each way.
    pub kind: Kind,
    /// What a repeated call does.
    pub idempotency: Idempotency,
    /// The Rust type of what is sent.
    pub request: syn::Type,
    /// The fields of what is sent, in their order; none where only the Rust compiler knows them.
    pub fields: Vec<Field>,
    /// The Rust type of what comes back.
    pub response: syn::Type,
    /// What its function does where nobody implements it, if the author says so.
    pub body: Option<Body>,
    /// Its own policies.
    pub policies: Policies,
}

/// A field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name in the contract, such as `movie_id`.
    pub name: String,
    /// Why no endpoint can be chosen by it; none where one can.
    pub unfit: Option<&'static str>,
}

type Maybe<T> = Option<Written<T>>;

/// Policies as they were written. `place` is where each group stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies {
    /// A duration.
    pub timeout: Maybe<String>,
    /// gRFC A6 retries.
    pub retry: Maybe<Retry>,
    /// gRFC A6 hedging.
    pub hedging: Maybe<Hedging>,
    /// The circuit breaker.
    pub breaker: Maybe<Breaker>,
    /// The limit on calls under way.
    pub bulkhead: Maybe<Bulkhead>,
    /// The limit on calls begun.
    pub rate_limit: Maybe<RateLimit>,
    /// The name of the method that takes this one's effect back.
    pub compensated_by: Maybe<String>,
    /// The name of the field of the request by which endpoints are chosen.
    pub hash_field: Maybe<String>,
}

/// Retries as they were written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retry {
    /// Attempts in all.
    pub max_attempts: Maybe<u32>,
    /// A duration.
    pub initial_backoff: Maybe<String>,
    /// A duration.
    pub max_backoff: Maybe<String>,
    /// A factor.
    pub backoff_multiplier: Maybe<f32>,
    /// Status codes; empty where the source is silent.
    pub retryable_status_codes: Vec<Written<Code>>,
    /// A duration.
    pub per_attempt_recv_timeout: Maybe<String>,
}

/// Hedging as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hedging {
    /// Attempts in all.
    pub max_attempts: Maybe<u32>,
    /// A duration.
    pub hedging_delay: Maybe<String>,
    /// Status codes; empty where the source is silent.
    pub non_fatal_status_codes: Vec<Written<Code>>,
    /// Percent.
    pub hedging_delay_percentile: Maybe<f32>,
    /// Percent.
    pub max_extra_load: Maybe<f32>,
}

/// What a breaker looks back on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowType {
    /// The calls of a time.
    Time,
    /// A number of calls.
    Count,
}

/// A breaker as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Breaker {
    /// What it does with what it sees.
    pub mode: Maybe<BreakerMode>,
    /// What shares it.
    pub scope: Maybe<BreakerScope>,
    /// Yes or no.
    pub deadline_attribution: Maybe<bool>,
    /// Yes or no.
    pub honor_pushback: Maybe<bool>,
    /// What it looks back on.
    pub sliding_window_type: Maybe<WindowType>,
    /// A duration or a number of calls.
    pub sliding_window_size: Maybe<String>,
    /// Percent.
    pub failure_rate_threshold: Maybe<f32>,
    /// A duration.
    pub slow_call_duration_threshold: Maybe<String>,
    /// Percent.
    pub slow_call_rate_threshold: Maybe<f32>,
    /// Calls.
    pub minimum_number_of_calls: Maybe<u32>,
    /// Calls; zero for never.
    pub consecutive_failures: Maybe<u32>,
    /// A duration.
    pub wait_duration_in_open_state: Maybe<String>,
    /// A factor.
    pub open_multiplier: Maybe<f32>,
    /// A duration.
    pub open_max_duration: Maybe<String>,
    /// A share from 0 to 1.
    pub open_jitter: Maybe<f32>,
    /// Calls.
    pub permitted_number_of_calls_in_half_open_state: Maybe<u32>,
    /// A duration.
    pub max_wait_duration_in_half_open_state: Maybe<String>,
    /// Status codes; empty where the source is silent.
    pub failure_codes: Vec<Written<Code>>,
    /// Status codes; empty where the source is silent.
    pub ignore_codes: Vec<Written<Code>>,
}

/// A bulkhead as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bulkhead {
    /// Calls.
    pub max_concurrent_calls: Maybe<u32>,
    /// Calls.
    pub max_queued: Maybe<u32>,
    /// A duration.
    pub max_wait_duration: Maybe<String>,
}

/// A rate limit as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RateLimit {
    /// Calls.
    pub limit_for_period: Maybe<u32>,
    /// A duration.
    pub limit_refresh_period: Maybe<String>,
    /// Calls.
    pub burst: Maybe<u32>,
}
