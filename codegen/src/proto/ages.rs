//! From the releases that brought methods, fields and enum values, by name, to a table of their numbers.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ServiceDescriptor};
use semver::Version;

use crate::derived::Derived;
use crate::ir::{Ages, FieldAge, Inside, MethodAge};

/// The table of a service. What no release brought is as old as the first one that is known: who began to keep releases
/// with 1.3.0 does not know what 1.2.0 had.
pub(super) fn of(service: &ServiceDescriptor, derived: &Derived) -> Ages {
    let since = &derived.since;
    let first = derived.first.as_ref().or(derived.wire_since.as_ref());
    let mut releases: Vec<_> = since.values().chain(first).cloned().collect();
    releases.retain(|release| first.is_none_or(|first| release >= first));
    releases.sort();
    releases.dedup();
    let mut reached = Reached {
        since,
        releases: &releases,
        messages: Vec::new(),
        enums: Vec::new(),
    };
    let methods: Vec<_> = service
        .methods()
        .map(|method| {
            (
                reached.release(method.name()),
                reached.message(&method.input()),
            )
        })
        .collect();
    let newest = reached.newest();
    let (places, messages) = reached.pruned(&newest);
    let methods = methods.into_iter().map(|(since, request)| MethodAge {
        since,
        newest: since.max(newest[request]),
        request: places[request],
    });
    Ages {
        methods: methods.collect(),
        messages,
        enums: reached
            .enums
            .into_iter()
            .map(|(_, values)| values)
            .collect(),
        releases,
    }
}

/// All that the requests of a service may hold.
struct Reached<'a> {
    since: &'a BTreeMap<String, Version>,
    releases: &'a [Version],
    messages: Vec<(MessageDescriptor, Vec<FieldAge>)>,
    enums: Vec<(EnumDescriptor, Vec<(i32, usize)>)>,
}

impl Reached<'_> {
    /// The release that brought what has this name, as its place; 0 for the first.
    fn release(&self, name: &str) -> usize {
        let since = self.since.get(name);
        since.map_or(0, |since| {
            let brought = self.releases.partition_point(|release| release <= since);
            brought.saturating_sub(1)
        })
    }

    /// The place of a message, which is entered with all that it holds.
    fn message(&mut self, message: &MessageDescriptor) -> usize {
        if let Some(known) = self.messages.iter().position(|(known, _)| known == message) {
            return known;
        }
        let place = self.messages.len();
        self.messages.push((message.clone(), Vec::new()));
        let fields = message.fields().map(|field| FieldAge {
            number: field.number(),
            since: self.release(field.full_name()),
            inside: self.inside(&field),
        });
        let mut fields: Vec<_> = fields.collect();
        fields.sort_by_key(|field| field.number);
        self.messages[place].1 = fields;
        place
    }

    fn inside(&mut self, field: &FieldDescriptor) -> Inside {
        match field.kind() {
            Kind::Message(message) => Inside::Message(self.message(&message)),
            Kind::Enum(values) => self.values(&values),
            _ => Inside::Nothing,
        }
    }

    fn values(&mut self, of: &EnumDescriptor) -> Inside {
        if let Some(known) = self.enums.iter().position(|(known, _)| known == of) {
            return Inside::Enum(known);
        }
        let mut ages = BTreeMap::new();
        for value in of.values() {
            let since = self.release(&format!("{}.{}", of.full_name(), value.name()));
            // A number is as old as the oldest of its names.
            let age = ages.entry(value.number()).or_insert(since);
            *age = since.min(*age);
        }
        let newer: Vec<_> = ages.into_iter().filter(|(_, since)| *since > 0).collect();
        if newer.is_empty() {
            return Inside::Nothing;
        }
        self.enums.push((of.clone(), newer));
        Inside::Enum(self.enums.len() - 1)
    }

    /// The newest release that brought anything in each message, or in what it holds.
    fn newest(&self) -> Vec<usize> {
        let mut newest = vec![0; self.messages.len()];
        loop {
            let next: Vec<_> = self
                .messages
                .iter()
                .map(|(_, fields)| {
                    let of_fields = fields.iter().map(|field| self.newest_in(field, &newest));
                    of_fields.max().unwrap_or(0)
                })
                .collect();
            // Messages may hold themselves: done once nothing is found any more.
            if next == newest {
                return newest;
            }
            newest = next;
        }
    }

    fn newest_in(&self, field: &FieldAge, newest: &[usize]) -> usize {
        let inside = match field.inside {
            Inside::Nothing => 0,
            Inside::Message(message) => newest[message],
            Inside::Enum(values) => {
                let ages = self.enums[values].1.iter().map(|(_, since)| *since);
                ages.max().unwrap_or(0)
            }
        };
        field.since.max(inside)
    }

    /// The messages without what is as old as the service: their new places, and what is left.
    fn pruned(&self, newest: &[usize]) -> (Vec<usize>, Vec<Vec<FieldAge>>) {
        let places = newest.iter().scan(0, |next, newest| {
            let place = *next;
            *next += usize::from(*newest > 0);
            Some(place)
        });
        let places: Vec<_> = places.collect();
        let left = self
            .messages
            .iter()
            .zip(newest)
            .filter(|(_, newest)| **newest > 0);
        let left = left.map(|((_, fields), _)| {
            let newer = fields
                .iter()
                .filter(|field| self.newest_in(field, newest) > 0);
            let renumbered = newer.map(|field| FieldAge {
                inside: match field.inside {
                    Inside::Message(message) if newest[message] == 0 => Inside::Nothing,
                    Inside::Message(message) => Inside::Message(places[message]),
                    other => other,
                },
                ..*field
            });
            renumbered.collect()
        });
        let left = left.collect();
        (places, left)
    }
}
