//! What several sources say together: the narrower wins, field by field, and what each value comes from is kept.

use super::{
    Origin,
    fields::{self, METHOD},
    names::Named,
    value::{Item, Kind},
};
use crate::call::{BreakerMode, BreakerPolicy, Disabled, Policies};

/// What some sources together say of one method. Merging is associative.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged {
    /// For every field of the table, in its order.
    pub(super) values: Vec<Option<(Item, Origin)>>,
    /// For every group, who said it last.
    pub(super) groups: Vec<Option<Origin>>,
    /// Whether failed calls are repeated, or all, if either was said: who said it last replaces the other.
    repeats: Option<Repeats>,
    /// For every policy that can be disabled, whether it is, and who spoke of it last.
    disabled: Vec<Option<(bool, Origin)>>,
    compensated_by: Option<&'static str>,
}

/// What is disabled by a mode of its own, and keeps the rest of what is said of it.
const BREAKER: &str = "circuitBreaker";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Retry,
    Hedging,
}

// === Merged ===

impl Merged {
    /// What one source says.
    pub(super) fn of(policies: &Policies, origin: &Origin) -> Self {
        let fields = METHOD.iter().flat_map(|group| group.fields);
        let values = fields.map(|field| match field.kind {
            // Kept policy by policy.
            Kind::Policies => None,
            _ => Some(((field.get)(policies)?, origin.clone())),
        });
        let off = policies.disabled.unwrap_or(Disabled::NONE);
        let disabled = Disabled::ALL.iter().map(|(name, one)| {
            let spoken = off.has(*one) || fields::says(policies, name);
            spoken.then(|| (off.has(*one), origin.clone()))
        });
        let groups = METHOD.iter();
        let groups = groups.map(|group| (group.has)(policies).then(|| origin.clone()));
        Self {
            values: values.collect(),
            groups: groups.collect(),
            repeats: match (policies.retry, policies.hedging) {
                (Some(_), _) => Some(Repeats::Retry),
                (None, Some(_)) => Some(Repeats::Hedging),
                (None, None) => None,
            },
            disabled: disabled.collect(),
            compensated_by: policies.compensated_by,
        }
    }

    /// The same under a source that is narrower.
    pub(super) fn under(mut self, narrower: Self) -> Self {
        replace(&mut self.values, narrower.values);
        replace(&mut self.groups, narrower.groups);
        replace(&mut self.disabled, narrower.disabled);
        self.repeats = narrower.repeats.or(self.repeats);
        self.compensated_by = narrower.compensated_by.or(self.compensated_by);
        self
    }

    /// What holds.
    pub(super) fn policies(&self) -> Policies {
        let mut policies = Policies {
            compensated_by: self.compensated_by,
            ..Policies::UNSET
        };
        let mut values = self.values.iter();
        for (group, said) in METHOD.iter().zip(&self.groups) {
            let values = values.by_ref().take(group.fields.len());
            let holds = self.may_hold(group.json) || group.json == BREAKER;
            let holds = holds && said.is_some();
            if holds {
                (group.open)(&mut policies);
            }
            for (field, value) in group.fields.iter().zip(values) {
                if let (true, Some((item, _))) = (holds && self.may_hold(field.name), value) {
                    (field.set)(&mut policies, *item);
                }
            }
        }
        if self.disabled().any(|(one, _)| one == Disabled::BREAKER) {
            // One stands before every method, whether or not anybody speaks of it.
            let breaker = policies.breaker.unwrap_or(BreakerPolicy::UNSET);
            policies.breaker = Some(breaker.mode(BreakerMode::Disabled));
        }
        policies
    }

    /// Puts a channel's cap in the place of more attempts than that.
    pub(super) fn cap(&mut self, most: u32) {
        let fields = METHOD.iter().flat_map(|group| group.fields);
        for (field, value) in fields.zip(&mut self.values) {
            if let (Kind::Capped(..), Some((Item::Count(count), _))) = (field.kind, value) {
                *count = (*count).min(most);
            }
        }
    }

    /// The policies that are disabled, and who says so.
    pub(super) fn disabled(&self) -> impl Iterator<Item = (Disabled, &Origin)> {
        let all = Disabled::ALL.iter().zip(&self.disabled);
        all.filter_map(|((_, one), said)| match said {
            Some((true, origin)) => Some((*one, origin)),
            _ => None,
        })
    }

    /// Whether what is said of the policy of this name can hold: nobody disabled it, and none of its kind replaced it.
    pub(super) fn may_hold(&self, name: &str) -> bool {
        let is_disabled = Disabled::by_name(name)
            .is_some_and(|named| self.disabled().any(|(one, _)| one == named));
        !is_disabled && !self.is_replaced(name)
    }

    /// Whether a group gave way to the other of its kind.
    fn is_replaced(&self, group: &str) -> bool {
        match self.repeats {
            Some(Repeats::Retry) => group == "hedgingPolicy",
            Some(Repeats::Hedging) => group == "retryPolicy",
            None => false,
        }
    }
}

/// Puts what the narrower says in the place of what the wider says.
fn replace<T>(wide: &mut [Option<T>], narrow: Vec<Option<T>>) {
    let pairs = wide.iter_mut().zip(narrow);
    for (wide, narrow) in pairs.filter(|(_, narrow)| narrow.is_some()) {
        *wide = narrow;
    }
}
