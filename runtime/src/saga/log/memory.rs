//! A log that is as long-lived as its process.

use std::{
    future::ready,
    sync::{Mutex, PoisonError},
};

use super::{Pending, Record, SagaLog, Unfinished, ledger::Ledger};

/// Keeps sagas in memory. What is under way when the process ends is lost: a step that has run stays as it is.
///
/// Shared among sagas, it lets a [`Recovery`](crate::saga::Recovery) of the same process take up those whose
/// compensations were given up.
#[derive(Debug, Default)]
pub struct MemoryLog {
    ledger: Mutex<Ledger>,
}

impl MemoryLog {
    fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        // A ledger takes note of a record as a whole or not at all.
        act(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SagaLog for MemoryLog {
    fn append(&self, record: Record) -> Pending<'_, ()> {
        let noted = self.with(|ledger| ledger.apply(record));
        Box::pin(ready(noted.map_err(Into::into)))
    }

    fn claim(&self) -> Pending<'_, Vec<Unfinished>> {
        Box::pin(ready(Ok(self.with(Ledger::claim))))
    }
}
