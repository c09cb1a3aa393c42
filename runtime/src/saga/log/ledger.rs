//! What a list of records comes to: the sagas that are not over. Every log keeps one.

use std::collections::BTreeMap;

use super::{Event, Gid, Misfit, OpenStep, Record, Unfinished};

/// The sagas that are not over.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sagas: BTreeMap<Gid, Held>,
}

#[derive(Debug)]
struct Held {
    saga: Unfinished,
    /// The highest step so far, whatever became of it.
    highest: u32,
    /// Whether somebody works on it.
    worked_on: bool,
}

// === Ledger ===

impl Ledger {
    /// Takes note of `record`; of one that makes no sense, nothing.
    pub(super) fn apply(&mut self, record: Record) -> Result<(), Misfit> {
        let Record { gid, event } = record;
        if let Event::Begun { name, on_ambiguous } = event {
            if self.sagas.contains_key(&gid) {
                return Err(Misfit::Twice(gid));
            }
            let saga = Unfinished {
                gid: gid.clone(),
                name,
                on_ambiguous,
                steps: Vec::new(),
            };
            let held = Held {
                saga,
                highest: 0,
                worked_on: true,
            };
            self.sagas.insert(gid, held);
            return Ok(());
        }
        if matches!(event, Event::Committed | Event::RolledBack) {
            let known = self.sagas.remove(&gid);
            return known.map(drop).ok_or(Misfit::NoSaga(gid));
        }
        match self.sagas.get_mut(&gid) {
            Some(held) => held.apply(gid, event),
            None => Err(Misfit::NoSaga(gid)),
        }
    }

    /// Whoever worked on the sagas is gone.
    pub(super) fn abandon(&mut self) {
        for held in self.sagas.values_mut() {
            held.worked_on = false;
        }
    }

    /// Hands out what nobody works on.
    pub(super) fn claim(&mut self) -> Vec<Unfinished> {
        let left = self.sagas.values_mut().filter(|held| !held.worked_on);
        left.map(|held| {
            held.worked_on = true;
            held.saga.clone()
        })
        .collect()
    }

    /// The fewest records that come to the same.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.sagas.values().flat_map(|held| held.records())
    }
}

// === Held ===

impl Held {
    fn apply(&mut self, gid: Gid, event: Event) -> Result<(), Misfit> {
        let steps = &mut self.saga.steps;
        let position = |step| steps.iter().position(|open| open.step == step);
        match event {
            Event::Started { step, .. } if step <= self.highest => {
                return Err(Misfit::Order { gid, step });
            }
            Event::Started { step, undo } => {
                self.highest = step;
                let done = false;
                steps.push(OpenStep { step, undo, done });
            }
            Event::Done { step, undo } => {
                let index = position(step).ok_or(Misfit::NoStep { gid, step })?;
                let done = true;
                steps[index] = OpenStep { step, undo, done };
            }
            Event::Dropped { step } | Event::Compensated { step } => {
                let index = position(step).ok_or(Misfit::NoStep { gid, step })?;
                steps.remove(index);
            }
            Event::Left => self.worked_on = false,
            // These speak of whole sagas, and do not come here.
            Event::Begun { .. } | Event::Committed | Event::RolledBack => {}
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        let saga = &self.saga;
        let mut events = vec![Event::Begun {
            name: saga.name.clone(),
            on_ambiguous: saga.on_ambiguous,
        }];
        for open in &saga.steps {
            let (step, undo) = (open.step, open.undo.clone());
            events.push(Event::Started { step, undo });
            if open.done {
                let undo = open.undo.clone();
                events.push(Event::Done { step, undo });
            }
        }
        let record = |event| Record {
            gid: saga.gid.clone(),
            event,
        };
        events.into_iter().map(record).collect()
    }
}
