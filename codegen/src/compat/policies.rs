//! Couplet's options as they hold for a service and for each of its methods, flat: by the names that lead to a value.

use std::collections::BTreeMap;

use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{DynamicMessage, MethodDescriptor, ServiceDescriptor, Value};

use super::options::{group, shown};
use crate::check::duration;

/// The option of services.
pub(super) const SERVICE: &str = "couplet.service";
/// The option of methods.
pub(super) const METHOD: &str = "couplet.method";

/// What options say, by name: `retry.max_attempts`. A message is there, too, for it says something even if it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Policies(pub(super) BTreeMap<String, Setting>);

/// One value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// As a contract writes it.
    pub(super) text: String,
    /// Whether it is what holds where nothing is said: the first value of an enum.
    is_default: bool,
}

impl Setting {
    /// Whether both say the same: `"1s"` is `"1000ms"`.
    pub(super) fn is(&self, other: &Self) -> bool {
        let span = |setting: &Self| duration::parse(setting.text.trim_matches('"')).ok();
        match (span(self), span(other)) {
            (Some(one), Some(other)) => one == other,
            _ => self.text == other.text,
        }
    }
}

impl Policies {
    /// What a service says of itself.
    pub(super) fn of_service(service: &ServiceDescriptor) -> Self {
        let mut settings = Self::default();
        if let Some(option) = group(&service.options(), SERVICE) {
            settings.read(&option, "");
        }
        settings
    }

    /// What a method says of itself.
    pub(super) fn of_method(method: &MethodDescriptor) -> Self {
        let mut settings = Self::default();
        if let Some(option) = group(&method.options(), METHOD) {
            settings.read(&option, "");
        }
        settings
    }

    /// The setting of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// What of this a service says of all of its methods.
    pub(super) fn defaults(&self) -> Self {
        let defaults = self.0.iter().filter_map(|(name, setting)| {
            let name = name.strip_prefix("defaults.")?;
            Some((name.to_owned(), setting.clone()))
        });
        Self(defaults.collect())
    }

    /// What of this a service says of itself alone.
    pub(super) fn without_defaults(mut self) -> Self {
        self.0.retain(|name, _| !is_in(name, "defaults"));
        self
    }

    /// What holds for a method: its own, and for every other setting the service's default.
    pub(super) fn effective(&self, defaults: &Self, method: &MethodDescriptor) -> Self {
        let options = method.method_descriptor_proto().options.as_ref();
        let promise = options.map(|options| options.idempotency_level());
        let is_repeatable = promise.is_some_and(|it| it != IdempotencyLevel::IdempotencyUnknown);
        let holds = |name: &str| {
            let gives_way = |one: &str, other: &str| {
                is_in(name, one) && (!is_repeatable || self.0.contains_key(other))
            };
            !gives_way("retry", "hedging")
                && !gives_way("hedging", "retry")
                && !is_in(name, "compensated_by")
                && !is_in(name, "hash_field")
        };
        let mut settings = defaults.0.clone();
        settings.retain(|name, _| holds(name));
        settings.extend(self.0.clone());
        settings.retain(|_, setting| !setting.is_default);
        Self(settings)
    }

    /// Every setting that is not the same in both, by name. What came or went as a whole is there once.
    pub(super) fn differences<'a>(&'a self, new: &'a Self) -> Vec<Difference<'a>> {
        let mut differences: Vec<Difference<'_>> = Vec::new();
        let names: BTreeMap<_, _> = self.0.iter().chain(&new.0).collect();
        for name in names.into_keys() {
            let (before, after) = (self.get(name), new.get(name));
            let is_same = match (before, after) {
                (Some(before), Some(after)) => before.is(after),
                _ => before.is_none() && after.is_none(),
            };
            let is_known = differences.iter().any(|known| is_in(name, known.name));
            if !is_same && !is_known {
                differences.push(Difference {
                    name,
                    before,
                    after,
                });
            }
        }
        differences
    }

    fn read(&mut self, message: &DynamicMessage, prefix: &str) {
        for (field, value) in message.fields() {
            let name = format!("{prefix}{}", field.name());
            if let Value::Message(inner) = value {
                self.read(inner, &format!("{name}."));
            }
            let setting = Setting {
                text: shown(value, &field.kind()),
                is_default: *value == Value::EnumNumber(0),
            };
            self.0.insert(name, setting);
        }
    }
}

/// A setting that is not the same before and after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference<'a> {
    pub(super) name: &'a str,
    pub(super) before: Option<&'a Setting>,
    pub(super) after: Option<&'a Setting>,
}

/// Whether a setting is the one of this name, or a part of it.
pub(super) fn is_in(name: &str, group: &str) -> bool {
    let rest = name.strip_prefix(group);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
