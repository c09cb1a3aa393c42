//! What holds, value by value, and who said it.

use std::fmt;

use super::{Origin, ServiceConfig, fields::METHOD, merge::Merged, value::Item, write::entries};
use crate::{
    call::{Disabled, Policies},
    json::Node,
    policy::retry::ATTEMPTS_CAP,
};

/// What holds for some methods: every value, with its origin. Shown as a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    values: Vec<EffectiveValue>,
}

/// One value that holds for a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveValue {
    /// The method, such as `movies.v1.Movies/GetMovie`.
    pub method: String,
    /// The policy by its name in a service config, such as `retryPolicy`; empty for what stands by itself.
    pub policy: &'static str,
    /// The field by its name there, such as `maxAttempts`.
    pub field: String,
    /// The value as it would stand there.
    pub value: String,
    /// Who said it.
    pub origin: Origin,
}

// === Effective ===

impl Effective {
    /// Every value that holds, method by method.
    pub fn iter(&self) -> impl Iterator<Item = &EffectiveValue> {
        self.values.iter()
    }

    /// What holds where `sources` say it, from the widest to the narrowest, for methods named as in
    /// `movies.v1.Movies/GetMovie`, with gRPC's cap of 5 attempts. For tools; a [`Channel`](crate::Channel) knows its own.
    pub fn of<'a>(
        methods: impl IntoIterator<Item = &'a str>,
        sources: &[(Origin, &ServiceConfig)],
    ) -> Self {
        let merged = methods.into_iter().map(|name| {
            let (service, method) = name.rsplit_once('/').unwrap_or(("", name));
            let silent = Merged::of(&Policies::UNSET, &Origin::Default);
            let said = sources.iter().filter_map(|(origin, config)| {
                Some(Merged::of(config.said_of(service, method)?, origin))
            });
            (name.to_owned(), said.fold(silent, Merged::under))
        });
        Self::of_merged(merged, ATTEMPTS_CAP)
    }

    /// The same of what is put together, with the channel's cap on attempts.
    pub(super) fn of_merged(methods: impl Iterator<Item = (String, Merged)>, cap: u32) -> Self {
        let mut values = Vec::new();
        for (method, mut merged) in methods {
            merged.cap(cap);
            rows(&method, &merged, &mut values);
        }
        Self { values }
    }
}

/// The values of the policies that are on, and those that were said of no policy.
fn rows(method: &str, merged: &Merged, rows: &mut Vec<EffectiveValue>) {
    let mut values = merged.values.iter();
    for (group, said) in METHOD.iter().zip(&merged.groups) {
        let values = values.by_ref().take(group.fields.len());
        let on = (said.is_some() || group.json == ALWAYS_ON) && merged.may_hold(group.json);
        let fields = group.fields.iter().zip(values);
        let fields = fields.filter(|(field, _)| on && merged.may_hold(field.name));
        for (field, value) in fields {
            let mut row = |field: String, value: Node, origin: &Origin| {
                rows.push(EffectiveValue {
                    method: method.to_owned(),
                    policy: group.json,
                    field,
                    value: value.to_string(),
                    origin: origin.clone(),
                });
            };
            match value {
                Some((item, origin)) => {
                    for (key, node) in entries(field, *item) {
                        row(key, node, origin);
                    }
                }
                None if group.json.is_empty() || field.default.is_empty() => {}
                None => {
                    let default = field.default();
                    // Of two keys, the last holds the value.
                    let key = field.keys().pop().unwrap_or_default();
                    row(key, default, &Origin::Default);
                }
            }
        }
        if group.json.is_empty() {
            rows.extend(disabled(method, merged));
        }
    }
}

/// What is disabled, source by source.
fn disabled(method: &str, merged: &Merged) -> Vec<EffectiveValue> {
    let mut said: Vec<(&Origin, Disabled)> = Vec::new();
    for (one, origin) in merged.disabled() {
        match said.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, all)) => *all = all.and(one),
            None => said.push((origin, one)),
        }
    }
    let row = |(origin, all): (&Origin, Disabled)| EffectiveValue {
        method: method.to_owned(),
        policy: "",
        field: "disabled".to_owned(),
        value: Item::Disabled(all).node().to_string(),
        origin: origin.clone(),
    };
    said.into_iter().map(row).collect()
}

/// A breaker stands before every method, whether or not anybody speaks of it.
const ALWAYS_ON: &str = "circuitBreaker";

impl EffectiveValue {
    /// Policy and field: `retryPolicy.maxAttempts`.
    pub fn name(&self) -> String {
        match self.policy {
            "" => self.field.clone(),
            policy => format!("{policy}.{}", self.field),
        }
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&EffectiveValue) -> usize| self.iter().map(of).max().unwrap_or(0);
        let names = width(|value| value.name().len());
        // A long list of codes does not push the others apart.
        let values = width(|value| value.value.len()).min(24);
        let mut method = "";
        for value in self.iter() {
            if method != value.method {
                let gap = if method.is_empty() { "" } else { "\n" };
                writeln!(formatter, "{gap}{}", value.method)?;
                method = &value.method;
            }
            let (name, origin) = (value.name(), &value.origin);
            writeln!(
                formatter,
                "  {name:names$}  {:values$}  {origin}",
                value.value
            )?;
        }
        Ok(())
    }
}
