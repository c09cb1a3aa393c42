//! Couplet's options as an author wrote them. The only place that knows how they are spelled in a contract.

use prost_reflect::{DynamicMessage, ExtensionDescriptor, FieldDescriptor, ReflectMessage, Value};
use prost_types::source_code_info::Location;

use super::aggregate;
use super::places::{At, Columns, Places};
use crate::draft::{Breaker, Bulkhead, Hedging, Policies, RateLimit, Retry, WindowType, Written};
use crate::finding::Place;
use crate::ir::{BreakerMode, BreakerScope, ClientMin, ClientVersion, Code, CrossMajor};

/// The name of the option of services.
pub(super) const SERVICE: &str = "couplet.service";
/// The name of the option of methods.
pub(super) const METHOD: &str = "couplet.method";

/// A file's text and what its compiler knows about positions in it.
pub(super) struct Origin<'a> {
    /// The name by which it is imported.
    pub(super) file: &'a str,
    /// What it says, unless only a compiler has seen it.
    pub(super) text: Option<&'a str>,
    /// The positions.
    pub(super) locations: &'a [Location],
    /// How columns are counted.
    pub(super) columns: Columns,
    /// The places that are given out.
    pub(super) places: &'a mut Places,
}

/// What `(couplet.service)` says.
#[derive(Default)]
pub(super) struct ServiceOptions {
    pub(super) version: Option<Written<String>>,
    pub(super) accepts: Option<Written<String>>,
    pub(super) cross_major: Option<Written<CrossMajor>>,
    pub(super) client_min: Option<Written<ClientMin>>,
    pub(super) client_version: Option<Written<ClientVersion>>,
    pub(super) defaults: Policies,
}

/// Reads `(couplet.service)`; `path` is where the options of the service are.
pub(super) fn service(
    options: &DynamicMessage,
    extension: &ExtensionDescriptor,
    path: &[i32],
    origin: &mut Origin<'_>,
) -> ServiceOptions {
    let Some(message) = set(options, extension) else {
        return ServiceOptions::default();
    };
    let mut reader = Reader::new(&message, extension, path, origin);
    ServiceOptions {
        version: reader.text("version"),
        accepts: reader.text("accepts"),
        cross_major: reader.choice("cross_major", |number| match number {
            1 => CrossMajor::Wire,
            _ => CrossMajor::Refuse,
        }),
        client_min: reader.choice("client_min", |number| match number {
            1 => ClientMin::PerCall,
            _ => ClientMin::Release,
        }),
        client_version: reader.choice("client_version", |number| match number {
            1 => ClientVersion::Required,
            _ => ClientVersion::Optional,
        }),
        defaults: reader
            .group("defaults", policies)
            .map_or_else(Policies::default, |defaults| defaults.value),
    }
}

/// Reads `(couplet.method)`; `path` is where the options of the method are.
pub(super) fn method(
    options: &DynamicMessage,
    extension: &ExtensionDescriptor,
    path: &[i32],
    origin: &mut Origin<'_>,
) -> Policies {
    match set(options, extension) {
        Some(message) => policies(&mut Reader::new(&message, extension, path, origin)),
        None => Policies::default(),
    }
}

fn set(options: &DynamicMessage, extension: &ExtensionDescriptor) -> Option<DynamicMessage> {
    let value = options
        .has_extension(extension)
        .then(|| options.get_extension(extension))?;
    value.as_message().cloned()
}

fn policies(reader: &mut Reader<'_, '_>) -> Policies {
    Policies {
        timeout: reader.text("timeout"),
        retry: reader.group("retry", retry),
        hedging: reader.group("hedging", hedging),
        breaker: reader.group("breaker", breaker),
        bulkhead: reader.group("bulkhead", bulkhead),
        rate_limit: reader.group("rate_limit", rate_limit),
        compensated_by: reader.text("compensated_by"),
        hash_field: reader.text("hash_field"),
    }
}

fn retry(reader: &mut Reader<'_, '_>) -> Retry {
    Retry {
        max_attempts: reader.number("max_attempts"),
        initial_backoff: reader.text("initial_backoff"),
        max_backoff: reader.text("max_backoff"),
        backoff_multiplier: reader.float("backoff_multiplier"),
        retryable_status_codes: reader.codes("retryable_status_codes"),
        per_attempt_recv_timeout: reader.text("per_attempt_recv_timeout"),
    }
}

fn hedging(reader: &mut Reader<'_, '_>) -> Hedging {
    Hedging {
        max_attempts: reader.number("max_attempts"),
        hedging_delay: reader.text("hedging_delay"),
        non_fatal_status_codes: reader.codes("non_fatal_status_codes"),
        hedging_delay_percentile: reader.float("hedging_delay_percentile"),
        max_extra_load: reader.float("max_extra_load"),
    }
}

/// The value of an enum by its number; the first for a number that the compiler would not have let through.
fn numbered<T: Copy, const N: usize>(all: &[(&str, T); N], number: i32) -> T {
    let index = usize::try_from(number).unwrap_or_default();
    all.get(index).unwrap_or(&all[0]).1
}

fn breaker(reader: &mut Reader<'_, '_>) -> Breaker {
    Breaker {
        mode: reader.choice("mode", |number| numbered(&BreakerMode::ALL, number)),
        scope: reader.choice("scope", |number| numbered(&BreakerScope::ALL, number)),
        deadline_attribution: reader.truth("deadline_attribution"),
        honor_pushback: reader.truth("honor_pushback"),
        sliding_window_type: reader.choice("sliding_window_type", |number| match number {
            1 => WindowType::Count,
            _ => WindowType::Time,
        }),
        sliding_window_size: reader.text("sliding_window_size"),
        failure_rate_threshold: reader.float("failure_rate_threshold"),
        slow_call_duration_threshold: reader.text("slow_call_duration_threshold"),
        slow_call_rate_threshold: reader.float("slow_call_rate_threshold"),
        minimum_number_of_calls: reader.number("minimum_number_of_calls"),
        consecutive_failures: reader.number("consecutive_failures"),
        wait_duration_in_open_state: reader.text("wait_duration_in_open_state"),
        open_multiplier: reader.float("open_multiplier"),
        open_max_duration: reader.text("open_max_duration"),
        open_jitter: reader.float("open_jitter"),
        permitted_number_of_calls_in_half_open_state: reader
            .number("permitted_number_of_calls_in_half_open_state"),
        max_wait_duration_in_half_open_state: reader.text("max_wait_duration_in_half_open_state"),
        failure_codes: reader.codes("failure_codes"),
        ignore_codes: reader.codes("ignore_codes"),
    }
}

fn bulkhead(reader: &mut Reader<'_, '_>) -> Bulkhead {
    Bulkhead {
        max_concurrent_calls: reader.number("max_concurrent_calls"),
        max_queued: reader.number("max_queued"),
        max_wait_duration: reader.text("max_wait_duration"),
    }
}

fn rate_limit(reader: &mut Reader<'_, '_>) -> RateLimit {
    RateLimit {
        limit_for_period: reader.number("limit_for_period"),
        limit_refresh_period: reader.text("limit_refresh_period"),
        burst: reader.number("burst"),
    }
}

/// Reads the fields of one option message, each with its place.
struct Reader<'a, 'o> {
    message: &'a DynamicMessage,
    origin: &'a mut Origin<'o>,
    /// Where the option itself is, in numbers of the descriptor.
    base: Vec<i32>,
    /// The fields that led here.
    path: Vec<(i32, String)>,
}

impl<'a, 'o> Reader<'a, 'o> {
    fn new(
        message: &'a DynamicMessage,
        extension: &ExtensionDescriptor,
        path: &[i32],
        origin: &'a mut Origin<'o>,
    ) -> Self {
        let mut base = path.to_vec();
        base.push(signed(extension.number()));
        let path = Vec::new();
        Self {
            message,
            origin,
            base,
            path,
        }
    }

    fn text(&mut self, name: &str) -> Option<Written<String>> {
        self.read(name, |value| value.as_str().map(str::to_owned))
    }

    fn number(&mut self, name: &str) -> Option<Written<u32>> {
        self.read(name, Value::as_u32)
    }

    fn float(&mut self, name: &str) -> Option<Written<f32>> {
        self.read(name, Value::as_f32)
    }

    fn truth(&mut self, name: &str) -> Option<Written<bool>> {
        self.read(name, Value::as_bool)
    }

    fn choice<T>(&mut self, name: &str, of: impl Fn(i32) -> T) -> Option<Written<T>> {
        self.read(name, |value| value.as_enum_number().map(&of))
    }

    fn codes(&mut self, name: &str) -> Vec<Written<Code>> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
        let values = value.as_list().unwrap_or_default();
        let codes = values.iter().enumerate().filter_map(|(index, value)| {
            let value = Code::from_number(value.as_enum_number()?)?;
            let place = self.place(name, index);
            Some(Written { value, place })
        });
        codes.collect()
    }

    fn group<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Reader<'_, 'o>) -> T,
    ) -> Option<Written<T>> {
        let value = self.value(name)?;
        let place = self.place(name, 0);
        let mut path = self.path.clone();
        path.push((self.number_of(name), name.to_owned()));
        let mut reader = Reader {
            message: value.as_message()?,
            origin: self.origin,
            base: self.base.clone(),
            path,
        };
        let value = read(&mut reader);
        Some(Written { value, place })
    }

    fn read<T>(&mut self, name: &str, of: impl Fn(&Value) -> Option<T>) -> Option<Written<T>> {
        let value = of(&self.value(name)?)?;
        let place = self.place(name, 0);
        Some(Written { value, place })
    }

    fn value(&self, name: &str) -> Option<Value> {
        let field = self.field(name)?;
        let value = self
            .message
            .has_field(&field)
            .then(|| self.message.get_field(&field))?;
        Some(value.into_owned())
    }

    fn field(&self, name: &str) -> Option<FieldDescriptor> {
        self.message.descriptor().get_field_by_name(name)
    }

    fn number_of(&self, name: &str) -> i32 {
        let field = self.field(name);
        field.map_or(0, |field| signed(field.number()))
    }

    /// The place of a field's value: the compiler's finest position, refined by the text itself.
    fn place(&mut self, name: &str, index: usize) -> Place {
        let mut full = self.base.clone();
        full.extend(self.path.iter().map(|(number, _)| *number));
        full.push(self.number_of(name));
        let names: Vec<_> = self
            .path
            .iter()
            .map(|(_, name)| name.as_str())
            .chain([name])
            .collect();

        let origin = &mut *self.origin;
        let known = origin.locations.iter().filter(|location| {
            location.path.len() >= self.base.len() && full.starts_with(&location.path)
        });
        let mut known: Vec<_> = known.collect();
        known.sort_by_key(|location| std::cmp::Reverse(location.path.len()));
        // `option (couplet.method).retry.max_attempts = 2;` is where `retry` is.
        let parts = origin
            .locations
            .iter()
            .filter(|location| location.path.starts_with(&full));
        known.extend(parts.filter(|location| location.path.len() > full.len()));

        let mut coarse = At::File;
        for location in known {
            let at = At::span(origin.text, &location.span, origin.columns);
            let rest = names.get(location.path.len() - self.base.len()..);
            if let (At::Bytes(range), Some(text), Some(rest)) = (&at, origin.text, rest)
                && let Some(found) = aggregate::find(text, range.clone(), rest, index)
            {
                return origin.places.of(origin.file, At::Bytes(found));
            }
            if coarse == At::File {
                coarse = at;
            }
        }
        origin.places.of(origin.file, coarse)
    }
}

/// Field numbers have 29 bits; positions count them with a sign.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
