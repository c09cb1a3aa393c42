//! What has run, remembered in the server's own memory, for a time.

use std::{
    collections::{BTreeSet, HashMap},
    future::{Future, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tonic::Status;

use super::{
    Entry, Permit, Store,
    stage::{self, Decision, Effect, Stage},
};
use crate::{
    clock,
    saga::{Gid, SagaId},
};

type Key = (Gid, u32);

/// Remembers in memory, for one server. Cheap to clone; clones remember together.
///
/// It knows nothing of what ran before the server started, nor of what is older than its `expiry`. So a compensation of
/// which it knows no action is run, for the action may be forgotten, and has to bear that there is nothing to take back.
/// Where the work itself is kept in the same memory, [`complete`](Self::complete) says so.
#[derive(Debug, Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

/// Leave to run, given by [`Memory`].
#[derive(Debug)]
pub struct MemoryPermit {
    shared: Arc<Shared>,
    id: SagaId,
    effect: Effect,
}

#[derive(Debug)]
struct Shared {
    capacity: usize,
    expiry: Duration,
    rows: Mutex<Rows>,
}

#[derive(Debug)]
struct Rows {
    stages: HashMap<Key, (Stage, Instant)>,
    /// Every row once, by its last change.
    by_age: BTreeSet<(Instant, Key)>,
    memory: stage::Memory,
}

// === Memory ===

impl Default for Memory {
    /// 262,144 steps, each for an hour after its last change.
    fn default() -> Self {
        Self::new(262_144, Duration::from_secs(3600))
    }
}

impl Memory {
    /// Remembers at most `capacity` steps, each for `expiry` after its last change: choose it longer than an action can be
    /// late and a compensation repeated. Nothing is forgotten before its time: when it is full, new steps are refused with
    /// RESOURCE_EXHAUSTED.
    pub fn new(capacity: usize, expiry: Duration) -> Self {
        let rows = Rows {
            stages: HashMap::new(),
            by_age: BTreeSet::new(),
            memory: stage::Memory::Lossy,
        };
        Self {
            shared: Arc::new(Shared {
                capacity,
                // A row that runs is looked at once in that time.
                expiry: expiry.max(Duration::from_millis(1)),
                rows: Mutex::new(rows),
            }),
        }
    }

    /// What it does not know never happened: what the actions do is lost with this process too. A compensation of which no
    /// action is known is then answered without being run, until the first step is forgotten for its age.
    pub fn complete(self) -> Self {
        self.shared.rows().memory = stage::Memory::Complete;
        self
    }
}

impl Store for Memory {
    type Permit = MemoryPermit;

    fn enter(
        &self,
        id: &SagaId,
    ) -> impl Future<Output = Result<Entry<MemoryPermit>, Status>> + Send {
        ready(
            self.shared
                .enter(id, clock::now())
                .map(|decision| match decision {
                    Decision::Run => Entry::Run(MemoryPermit {
                        shared: Arc::clone(&self.shared),
                        id: id.clone(),
                        effect: Effect::Unknown,
                    }),
                    Decision::AlreadyDone => Entry::AlreadyDone,
                    Decision::Nothing => Entry::Nothing,
                    Decision::TooLate => Entry::TooLate,
                    Decision::Busy => Entry::Busy,
                }),
        )
    }
}

// === Shared ===

impl Shared {
    fn enter(&self, id: &SagaId, now: Instant) -> Result<Decision, Status> {
        let key = (id.gid.clone(), id.step);
        let mut rows = self.rows();
        rows.forget(now, self.expiry);
        let known = rows.stages.get(&key).map(|(stage, _)| *stage);
        if known.is_none() && rows.stages.len() >= self.capacity {
            let text = format!(
                "the barrier remembers {} steps and has no room",
                self.capacity
            );
            return Err(Status::resource_exhausted(text));
        }
        let (decision, next) = stage::enter(known, id.op, rows.memory);
        if let Some(next) = next.filter(|next| known != Some(*next)) {
            rows.put(key, next, now);
        }
        Ok(decision)
    }

    fn leave(&self, id: &SagaId, effect: Effect, now: Instant) {
        let key = (id.gid.clone(), id.step);
        self.rows().put(key, stage::leave(id.op, effect), now);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        // The worst that a panic in between leaves is a row that is forgotten late.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn put(&mut self, key: Key, stage: Stage, now: Instant) {
        if let Some((_, before)) = self.stages.insert(key.clone(), (stage, now)) {
            self.by_age.remove(&(before, key.clone()));
        }
        self.by_age.insert((now, key));
    }

    /// Forgets what has not changed for `expiry`.
    fn forget(&mut self, now: Instant, expiry: Duration) {
        while let Some((changed, _)) = self.by_age.first()
            && now.saturating_duration_since(*changed) >= expiry
            && let Some((_, key)) = self.by_age.pop_first()
        {
            match self.stages.remove(&key) {
                // What runs that long is not over, whatever its age.
                Some((stage @ (Stage::Acting | Stage::Compensating), _)) => {
                    self.put(key, stage, now);
                }
                _ => self.memory = stage::Memory::Lossy,
            }
        }
    }
}

// === MemoryPermit ===

impl Permit for MemoryPermit {
    fn complete(mut self) -> impl Future<Output = Result<(), Status>> + Send {
        self.effect = Effect::Whole;
        drop(self);
        ready(Ok(()))
    }
}

impl Drop for MemoryPermit {
    fn drop(&mut self) {
        self.shared.leave(&self.id, self.effect, clock::now());
    }
}
