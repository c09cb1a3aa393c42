//! `memory:///name`: what registered in this process, for tests and for programs that are several services in one.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{
    Endpoint, Registering, Registration, Registry, Resolver, Watch, resolver::watched,
    scheme::Fault,
};

/// The endpoints of one table, by number in the order of their registration.
type Table = BTreeMap<u64, Endpoint>;

static PROCESS: LazyLock<Arc<Shared>> = LazyLock::new(Arc::default);

/// A table in this process that servers register in and clients resolve from.
///
/// [`new`](Self::new) makes one of its own; the target `memory:///movies.v1.Movies` means the one of the process.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    shared: Arc<Shared>,
    /// Whose endpoints are resolved; empty for all.
    service: String,
}

#[derive(Debug)]
struct Shared {
    next: Mutex<u64>,
    table: watch::Sender<Table>,
}

/// A row, until it is dropped.
struct Row(Arc<Shared>, u64);

impl Default for Shared {
    fn default() -> Self {
        Self {
            next: Mutex::default(),
            table: watch::Sender::new(Table::new()),
        }
    }
}

// === Memory ===

impl Memory {
    /// An empty table of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// What resolves the endpoints of `service` in this table.
    #[must_use]
    pub fn service(&self, service: impl Into<String>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            service: service.into(),
        }
    }

    pub(super) fn parse(rest: &str) -> Result<Self, Fault> {
        let service = rest.strip_prefix('/').unwrap_or(rest);
        if service.is_empty() {
            return Err(Fault::Malformed("it names no service".to_owned()));
        }
        Ok(Self {
            shared: Arc::clone(&PROCESS),
            service: service.to_owned(),
        })
    }

    pub(super) fn parse_registry(rest: &str) -> Result<Self, Fault> {
        match rest {
            "" | "/" => Ok(Self {
                shared: Arc::clone(&PROCESS),
                service: String::new(),
            }),
            _ => Err(Fault::Malformed(
                "servers register all that they serve: name none (memory:///)".to_owned(),
            )),
        }
    }
}

impl Resolver for Memory {
    fn target(&self) -> String {
        format!("memory:///{}", self.service)
    }

    fn watch(&self) -> Watch {
        let mut table = self.shared.table.subscribe();
        let service = self.service.clone();
        watched(|publisher| async move {
            loop {
                publisher.fresh(of(&service, &table.borrow_and_update()));
                if table.changed().await.is_err() {
                    return;
                }
            }
        })
    }
}

/// The endpoints of `service`, or all.
fn of(service: &str, table: &Table) -> Vec<Endpoint> {
    let fits = |endpoint: &&Endpoint| service.is_empty() || endpoint.service == service;
    table.values().filter(fits).cloned().collect()
}

impl Registry for Memory {
    fn target(&self) -> String {
        "memory:///".to_owned()
    }

    fn register(&self, endpoint: Endpoint) -> Registering<'_> {
        let row = Row::insert(&self.shared, endpoint);
        Box::pin(async {
            Ok(Registration::kept(|stopped| async move {
                let _row = row;
                // Told to withdraw or left alone: the row goes either way.
                let _ = stopped.await;
                Ok(())
            }))
        })
    }
}

// === Row ===

impl Row {
    fn insert(shared: &Arc<Shared>, endpoint: Endpoint) -> Self {
        let mut next = shared.next();
        *next += 1;
        let number = *next;
        shared.table.send_modify(|table| {
            table.insert(number, endpoint);
        });
        Self(Arc::clone(shared), number)
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.0.table.send_modify(|table| {
            table.remove(&self.1);
        });
    }
}

impl Shared {
    fn next(&self) -> MutexGuard<'_, u64> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
