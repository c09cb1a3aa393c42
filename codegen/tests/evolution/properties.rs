//! What is true of every contract and every change: of random ones, with random messages.

use couplet_codegen::compat::{Bump, Change, Contract, Effect, Terms, diff};
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, Value};
use prost_types::FileDescriptorSet;

use crate::random::Random;
use crate::{mutation, schema};

/// Contracts for each kind of change.
const ROUNDS: u64 = 60;
/// Messages of each type.
const MESSAGES: usize = 4;

fn pool(set: &FileDescriptorSet) -> Option<DescriptorPool> {
    DescriptorPool::from_file_descriptor_set(set.clone()).ok()
}

fn changes(old: &DescriptorPool, new: &DescriptorPool) -> Vec<Change> {
    let contract = |pool: &DescriptorPool| Contract::of(pool.clone());
    diff(&contract(old), &contract(new), &Terms::default())
}

fn bump(changes: &[Change]) -> Bump {
    changes
        .iter()
        .map(|change| change.bump)
        .max()
        .unwrap_or_default()
}

/// Every kind of change made to random contracts: the name, what was done, and both sides.
fn evolutions() -> impl Iterator<Item = (&'static str, String, DescriptorPool, DescriptorPool)> {
    mutation::all().flat_map(|(name, change)| {
        (0..ROUNDS).filter_map(move |round| {
            let mut random = Random::new(round);
            let old = schema::contract(&mut random);
            let mut new = old.clone();
            let said = change(&mut new, 0, &mut random)?;
            Some((
                *name,
                format!("round {round}: {said}"),
                pool(&old)?,
                pool(&new)?,
            ))
        })
    })
}

#[test]
fn nothing_changed_between_a_contract_and_itself() {
    for round in 0..ROUNDS {
        let pool = pool(&schema::contract(&mut Random::new(round))).expect("a contract");
        assert!(changes(&pool, &pool).is_empty(), "round {round}");
    }
}

#[test]
fn the_order_of_declarations_does_not_matter() {
    for round in 0..ROUNDS {
        let old = schema::contract(&mut Random::new(round));
        let mut new = old.clone();
        for file in &mut new.file {
            file.message_type.reverse();
            file.service
                .iter_mut()
                .for_each(|service| service.method.reverse());
            for message in &mut file.message_type {
                message.field.reverse();
            }
            for choice in &mut file.enum_type {
                // A proto3 enum begins with its zero.
                choice.value[1..].reverse();
            }
        }
        let (old, new) = (
            pool(&old).expect("a contract"),
            pool(&new).expect("the same"),
        );
        assert!(changes(&old, &new).is_empty(), "round {round}");
    }
}

#[test]
fn an_addition_is_minor_and_its_reverse_major() {
    let mut seen = 0;
    for (name, said, old, new) in evolutions().filter(|(name, ..)| name.starts_with("add a")) {
        seen += 1;
        assert_eq!(bump(&changes(&old, &new)), Bump::Minor, "{name}, {said}");
        assert_eq!(
            bump(&changes(&new, &old)),
            Bump::Major,
            "{name}, {said}, taken back"
        );
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn where_the_wire_is_untouched_no_message_loses_anything_on_its_way_there_and_back() {
    let (mut untouched, mut passed) = (0, 0);
    for (seed, (name, said, old, new)) in (0..).zip(evolutions()) {
        let changes = changes(&old, &new);
        let wire = changes
            .iter()
            .map(|change| change.effects.wire)
            .max()
            .unwrap_or_default();
        // What is only added is read by old and new alike; it is the new side's data that the old one may not know.
        let ways: &[(&DescriptorPool, &DescriptorPool)] = match wire {
            Effect::None => &[(&old, &new), (&new, &old)],
            Effect::Minor => &[(&old, &new)],
            Effect::Cond | Effect::Major => continue,
        };
        untouched += 1;
        let mut random = Random::new(seed);
        for (from, to) in ways {
            for (sent, read) in both(from, to) {
                for _ in 0..MESSAGES {
                    let bytes = schema::filled(&sent, &mut random).encode_to_vec();
                    let message = DynamicMessage::decode(sent.clone(), bytes.as_slice());
                    let message = message.expect("a message of its own type");
                    passed += 1;
                    if let Err(lost) = round_trip(&message, &sent, &read) {
                        panic!("{name}, {said}: {lost}\n{changes:#?}");
                    }
                }
            }
        }
    }
    assert!(
        untouched > 500 && passed > 5000,
        "{untouched} changes, {passed} messages"
    );
}

/// What each method takes and gives, as both sides have it, as long as both have the method.
fn both(from: &DescriptorPool, to: &DescriptorPool) -> Vec<(MessageDescriptor, MessageDescriptor)> {
    let mut types = Vec::new();
    for (one, other) in from.services().zip(to.services()) {
        for method in one.methods() {
            let same = other
                .methods()
                .find(|candidate| candidate.name() == method.name());
            types.extend(same.iter().map(|same| (method.input(), same.input())));
            types.extend(same.iter().map(|same| (method.output(), same.output())));
        }
    }
    types
}

/// Sends a message to the other side and back: it must be known there in every part, and come back as it went.
fn round_trip(
    message: &DynamicMessage,
    sent: &MessageDescriptor,
    read: &MessageDescriptor,
) -> Result<(), String> {
    let there = DynamicMessage::decode(read.clone(), message.encode_to_vec().as_slice());
    let there = there.map_err(|error| format!("{message} cannot be read: {error}"))?;
    if !is_known(&there) {
        return Err(format!(
            "{message} is read as {there}, with fields that are not known"
        ));
    }
    for field in sent.fields() {
        let same = read
            .get_field_by_name(field.name())
            .filter(|other| other.kind() == field.kind());
        if let Some(same) = same.filter(|other| other.cardinality() == field.cardinality()) {
            let (ours, theirs) = (message.get_field(&field), there.get_field(&same));
            if !matches!(*ours, Value::Message(_) | Value::List(_) | Value::Map(_))
                && ours != theirs
            {
                return Err(format!(
                    "`{}` of {message} is read as {theirs:?}",
                    field.name()
                ));
            }
        }
    }
    let back = DynamicMessage::decode(sent.clone(), there.encode_to_vec().as_slice());
    let back = back.map_err(|error| format!("{message} came back and cannot be read: {error}"))?;
    match back == *message {
        true => Ok(()),
        false => Err(format!("{message} came back as {back}")),
    }
}

/// Whether a message has no field, in any part of it, that its type does not know.
fn is_known(message: &DynamicMessage) -> bool {
    fn value(of: &Value) -> bool {
        match of {
            Value::Message(message) => is_known(message),
            Value::List(values) => values.iter().all(value),
            Value::Map(values) => values.values().all(value),
            _ => true,
        }
    }
    message.unknown_fields().next().is_none() && message.fields().all(|(_, of)| value(of))
}
