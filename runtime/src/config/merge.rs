//! What several sources say together: the narrower wins, field by field, and what each value comes from is kept.

use super::{Origin, fields::METHOD, value::Item};
use crate::call::Policies;

/// What some sources together say of one method. Merging is associative.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged {
    /// For every field of the table, in its order.
    pub(super) values: Vec<Option<(Item, Origin)>>,
    /// For every group, who said it last.
    pub(super) groups: Vec<Option<Origin>>,
    /// Whether failed calls are repeated, or all, if either was said: who said it last replaces the other.
    repeats: Option<Repeats>,
    compensated_by: Option<&'static str>,
}

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
        let values = fields.map(|field| Some(((field.get)(policies)?, origin.clone())));
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
            compensated_by: policies.compensated_by,
        }
    }

    /// The same under a source that is narrower.
    pub(super) fn under(mut self, narrower: Self) -> Self {
        let pairs = self.values.iter_mut().zip(narrower.values);
        for (wide, narrow) in pairs.filter(|(_, narrow)| narrow.is_some()) {
            *wide = narrow;
        }
        let pairs = self.groups.iter_mut().zip(narrower.groups);
        for (wide, narrow) in pairs.filter(|(_, narrow)| narrow.is_some()) {
            *wide = narrow;
        }
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
            let holds = said.is_some() && !self.is_replaced(group.json);
            if holds {
                (group.open)(&mut policies);
            }
            for (field, value) in group.fields.iter().zip(values) {
                if let (true, Some((item, _))) = (holds, value) {
                    (field.set)(&mut policies, *item);
                }
            }
        }
        policies
    }

    /// Whether a group gave way to the other of its kind.
    pub(super) fn is_replaced(&self, group: &str) -> bool {
        match self.repeats {
            Some(Repeats::Retry) => group == "hedgingPolicy",
            Some(Repeats::Hedging) => group == "retryPolicy",
            None => false,
        }
    }
}
