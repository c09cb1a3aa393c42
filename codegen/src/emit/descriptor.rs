//! What a service is, as data: names, version, paths, policies.

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use semver::Version;

use super::{ages, allow_deprecated};
use crate::ir::{
    Breaker, Bulkhead, ClientVersion, Code, CrossMajor, Descriptor, Hedging, Idempotency, Kind,
    Method, Policies, RateLimit, Retry, Service, Window,
};

/// The two statics, of the service and of its methods.
pub(super) fn emit(service: &Service) -> TokenStream {
    let (data, table) = (&service.idents.data, &service.idents.methods);
    let (name, version) = (service.full_name(), service.version.to_string());
    let accepts = service.accepts.as_deref().unwrap_or_default();
    let (schema, meeting) = (&service.schema, meeting(service));
    let ages = ages::emit(service.ages.as_ref());
    let wire_since = text(service.wire_since.as_ref());
    let descriptor = match service.descriptor {
        Descriptor::Package => quote!(FILE_DESCRIPTOR_SET),
        Descriptor::None => quote!(&[]),
    };
    let methods = service.methods.iter().enumerate();
    let methods = methods.map(|(index, method)| entry(service, index, method));
    let count = Literal::usize_unsuffixed(service.methods.len());
    let allow = allow_deprecated(service);
    quote! {
        #allow
        static #data: ::couplet::codegen::Service = ::couplet::codegen::Service {
            name: #name,
            version: #version,
            accepts: #accepts,
            wire_since: #wire_since,
            schema: #schema,
            meeting: #meeting,
            ages: #ages,
            methods: &#table,
            descriptor: #descriptor,
            cache: ::couplet::codegen::Cache::new(),
        };

        // A contract may set all that a group of policies has today; the runtime's may have more tomorrow.
        #[allow(clippy::needless_update)]
        static #table: [::couplet::codegen::Method; #count] = [#(#methods),*];
    }
}

fn entry(service: &Service, index: usize, method: &Method) -> TokenStream {
    let (data, name) = (&service.idents.data, &method.name);
    let since = text(method.since.as_ref());
    let path = format!("/{}/{name}", service.full_name());
    let index = Literal::usize_unsuffixed(index);
    let kind = format_ident!(
        "{}",
        match method.kind {
            Kind::Unary => "Unary",
            Kind::ServerStreaming => "ServerStreaming",
            Kind::ClientStreaming => "ClientStreaming",
            Kind::BidiStreaming => "BidiStreaming",
        }
    );
    let idempotency = format_ident!(
        "{}",
        match method.idempotency {
            Idempotency::Unknown => "Unknown",
            Idempotency::NoSideEffects => "NoSideEffects",
            Idempotency::Idempotent => "Idempotent",
        }
    );
    let policies = policies(&method.policies);
    quote! {
        ::couplet::codegen::Method {
            service: &#data,
            name: #name,
            since: #since,
            path: #path,
            index: #index,
            kind: ::couplet::codegen::Kind::#kind,
            idempotency: ::couplet::codegen::Idempotency::#idempotency,
            policies: #policies,
        }
    }
}

/// Whom the service meets, with what is not the default.
fn meeting(service: &Service) -> TokenStream {
    let cross_major = (service.cross_major == CrossMajor::Wire)
        .then(|| quote!(cross_major: ::couplet::codegen::CrossMajor::Wire));
    let client_version = (service.client_version == ClientVersion::Required)
        .then(|| quote!(client_version: ::couplet::codegen::ClientVersion::Required));
    let set: Vec<_> = cross_major.into_iter().chain(client_version).collect();
    // A field that is set and one more that is not; nothing is left of two.
    let rest = (set.len() < 2).then(|| quote!(..::couplet::codegen::Meeting::DEFAULT));
    match set.as_slice() {
        [] => quote!(::couplet::codegen::Meeting::DEFAULT),
        set => quote! {
            ::couplet::codegen::Meeting { #(#set,)* #rest }
        },
    }
}

/// A version as the runtime has it: empty where there is none.
fn text(version: Option<&Version>) -> String {
    version.map_or_else(String::new, Version::to_string)
}

/// A struct of the runtime with the fields that were declared, and all others unset.
#[derive(Default)]
struct Fields(Vec<TokenStream>);

impl Fields {
    fn set(&mut self, name: &str, value: Option<TokenStream>) {
        if let Some(value) = value {
            let name = format_ident!("{name}");
            self.0
                .push(quote!(#name: ::core::option::Option::Some(#value)));
        }
    }

    fn number(&mut self, name: &str, value: Option<u32>) {
        self.set(
            name,
            value.map(|value| Literal::u32_unsuffixed(value).into_token_stream()),
        );
    }

    fn float(&mut self, name: &str, value: Option<f32>) {
        self.set(
            name,
            value.map(|value| Literal::f32_unsuffixed(value).into_token_stream()),
        );
    }

    fn truth(&mut self, name: &str, value: Option<bool>) {
        self.set(name, value.map(|value| quote!(#value)));
    }

    /// A value of one of the runtime's enums, whose variants have the names that they have here.
    fn choice(&mut self, name: &str, of: &str, value: Option<impl std::fmt::Debug>) {
        let of = format_ident!("{of}");
        let variant = value.map(|value| format_ident!("{value:?}"));
        self.set(
            name,
            variant.map(|variant| quote!(::couplet::codegen::#of::#variant)),
        );
    }

    fn duration(&mut self, name: &str, value: Option<Duration>) {
        self.set(name, value.map(duration));
    }

    fn codes(&mut self, name: &str, codes: &[Code]) {
        if !codes.is_empty() {
            let name = format_ident!("{name}");
            let codes = codes
                .iter()
                .map(|code| format_ident!("{}", code.rust_name()));
            let set =
                quote!(::couplet::codegen::CodeSet::of(&[#(::couplet::codegen::Code::#codes),*]));
            self.0
                .push(quote!(#name: ::core::option::Option::Some(#set)));
        }
    }

    fn finish(self, policy: &str) -> TokenStream {
        let policy = format_ident!("{policy}");
        let fields = self.0;
        match fields.is_empty() {
            true => quote!(::couplet::codegen::#policy::UNSET),
            false => quote! {
                ::couplet::codegen::#policy { #(#fields,)* ..::couplet::codegen::#policy::UNSET }
            },
        }
    }
}

/// In milliseconds where that is exact, as people write them.
fn duration(duration: Duration) -> TokenStream {
    let whole = |count: u128, of: fn(u64) -> Duration| {
        let count = u64::try_from(count).ok()?;
        (of(count) == duration).then(|| Literal::u64_unsuffixed(count))
    };
    if let Some(millis) = whole(duration.as_millis(), Duration::from_millis) {
        return quote!(::couplet::codegen::millis(#millis));
    }
    if let Some(nanos) = whole(duration.as_nanos(), Duration::from_nanos) {
        return quote!(::couplet::codegen::nanos(#nanos));
    }
    let seconds = Literal::u64_unsuffixed(duration.as_secs());
    let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
    quote!(::core::time::Duration::new(#seconds, #nanos))
}

fn policies(policies: &Policies) -> TokenStream {
    let mut fields = Fields::default();
    fields.duration("timeout", policies.timeout);
    fields.set("retry", policies.retry.as_ref().map(retry));
    fields.set("hedging", policies.hedging.as_ref().map(hedging));
    fields.set("breaker", policies.breaker.as_ref().map(breaker));
    fields.set("bulkhead", policies.bulkhead.as_ref().map(bulkhead));
    fields.set("rate_limit", policies.rate_limit.as_ref().map(rate_limit));
    let compensation = policies.compensated_by.as_ref();
    fields.set(
        "compensated_by",
        compensation.map(ToTokens::to_token_stream),
    );
    fields.finish("Policies")
}

fn retry(retry: &Retry) -> TokenStream {
    let mut fields = Fields::default();
    fields.number("max_attempts", retry.max_attempts);
    fields.duration("initial_backoff", retry.initial_backoff);
    fields.duration("max_backoff", retry.max_backoff);
    fields.float("backoff_multiplier", retry.backoff_multiplier);
    fields.codes("retryable_status_codes", &retry.retryable_status_codes);
    fields.duration("per_attempt_recv_timeout", retry.per_attempt_recv_timeout);
    fields.finish("RetryPolicy")
}

fn hedging(hedging: &Hedging) -> TokenStream {
    let mut fields = Fields::default();
    fields.number("max_attempts", hedging.max_attempts);
    fields.duration("hedging_delay", hedging.hedging_delay);
    fields.codes("non_fatal_status_codes", &hedging.non_fatal_status_codes);
    fields.float("hedging_delay_percentile", hedging.hedging_delay_percentile);
    fields.float("max_extra_load", hedging.max_extra_load);
    fields.finish("HedgingPolicy")
}

fn breaker(breaker: &Breaker) -> TokenStream {
    let mut fields = Fields::default();
    fields.choice("mode", "BreakerMode", breaker.mode);
    fields.choice("scope", "BreakerScope", breaker.scope);
    fields.truth("deadline_attribution", breaker.deadline_attribution);
    fields.truth("honor_pushback", breaker.honor_pushback);
    fields.set("sliding_window", breaker.sliding_window.map(window));
    fields.float("failure_rate_threshold", breaker.failure_rate_threshold);
    fields.duration(
        "slow_call_duration_threshold",
        breaker.slow_call_duration_threshold,
    );
    fields.float("slow_call_rate_threshold", breaker.slow_call_rate_threshold);
    fields.number("minimum_number_of_calls", breaker.minimum_number_of_calls);
    fields.number("consecutive_failures", breaker.consecutive_failures);
    fields.duration(
        "wait_duration_in_open_state",
        breaker.wait_duration_in_open_state,
    );
    fields.float("open_multiplier", breaker.open_multiplier);
    fields.duration("open_max_duration", breaker.open_max_duration);
    fields.float("open_jitter", breaker.open_jitter);
    fields.number(
        "permitted_number_of_calls_in_half_open_state",
        breaker.permitted_number_of_calls_in_half_open_state,
    );
    fields.duration(
        "max_wait_duration_in_half_open_state",
        breaker.max_wait_duration_in_half_open_state,
    );
    fields.codes("failure_codes", &breaker.failure_codes);
    fields.codes("ignore_codes", &breaker.ignore_codes);
    fields.finish("BreakerPolicy")
}

fn window(window: Window) -> TokenStream {
    match window {
        Window::Time(time) => {
            let time = duration(time);
            quote!(::couplet::codegen::Window::Time(#time))
        }
        Window::Count(calls) => {
            let calls = Literal::u32_unsuffixed(calls);
            quote!(::couplet::codegen::Window::Count(#calls))
        }
    }
}

fn bulkhead(bulkhead: &Bulkhead) -> TokenStream {
    let mut fields = Fields::default();
    fields.number("max_concurrent_calls", bulkhead.max_concurrent_calls);
    fields.number("max_queued", bulkhead.max_queued);
    fields.duration("max_wait_duration", bulkhead.max_wait_duration);
    fields.finish("BulkheadPolicy")
}

fn rate_limit(limit: &RateLimit) -> TokenStream {
    let mut fields = Fields::default();
    fields.number("limit_for_period", limit.limit_for_period);
    fields.duration("limit_refresh_period", limit.limit_refresh_period);
    fields.number("burst", limit.burst);
    fields.finish("RateLimitPolicy")
}
