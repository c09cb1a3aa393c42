//! The server's side: a table that is asked over the wire.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::sleep_until};
use tonic::{Request, Response, Status};

use super::{
    api::{
        RegisterRequest, RegisterResponse, Registry, Row, WatchRequest, WatchResponse,
        WithdrawRequest, WithdrawResponse,
    },
    table::{Asked, Refusal, Table},
};
use crate::{
    call::Streaming,
    client::stream::{self, Sender},
    clock,
};

/// How long a registry is young: by then, all that is renewed was renewed (`keep::LONGEST`).
const YOUTH: Duration = Duration::from_secs(15);
/// The least time between two messages to one who watches, so that many changes are one.
const PACE: Duration = Duration::from_millis(20);
/// How much is said in one message, in bytes of rows: well below what a channel takes.
const PAGE: usize = 1 << 20;

/// A registry in the memory of this server.
#[derive(Clone)]
pub(crate) struct Embedded(Arc<Shared>);

struct Shared {
    table: Mutex<Table>,
    /// Grows with every change.
    revision: watch::Sender<u64>,
    born: Instant,
}

// === Embedded ===

impl Embedded {
    /// Knows nobody yet.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            table: Mutex::default(),
            revision: watch::Sender::new(0),
            born: clock::now(),
        }))
    }
}

impl Registry for Embedded {
    async fn register(
        &self,
        request: Request<RegisterRequest>,
    ) -> Result<Response<RegisterResponse>, Status> {
        let asked = request.into_inner();
        let row = Asked {
            id: &asked.id,
            text: &asked.endpoint,
            owner: asked.owner,
            lease_ms: asked.lease_ms,
        };
        let put = self.0.table().put(row, clock::now());
        match put {
            Ok(news) => {
                self.0.tell(news);
                Ok(Response::new(RegisterResponse::default()))
            }
            Err(refusal @ Refusal::Full) => Err(Status::resource_exhausted(refusal.to_string())),
            Err(refusal) => Err(Status::invalid_argument(refusal.to_string())),
        }
    }

    async fn withdraw(
        &self,
        request: Request<WithdrawRequest>,
    ) -> Result<Response<WithdrawResponse>, Status> {
        let asked = request.into_inner();
        let known = self.0.table().remove(&asked.id, asked.owner);
        self.0.tell(known);
        Ok(Response::new(WithdrawResponse::default()))
    }

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Streaming<WatchResponse>>, Status> {
        let (sender, changes) = stream::channel(1);
        let watcher = Watcher {
            shared: Arc::clone(&self.0),
            service: request.into_inner().service,
            sent: HashMap::new(),
            sender,
        };
        crate::context::spawn(watcher.run());
        Ok(Response::new(changes))
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Embedded")
    }
}

// === Shared ===

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, news: bool) {
        if news {
            self.revision.send_modify(|revision| *revision += 1);
        }
    }

    /// Returns when something changed, be it that a lease is over.
    async fn changed(&self, revision: &mut watch::Receiver<u64>) {
        loop {
            let end = self.table().next_end();
            let over = async {
                match end {
                    Some(end) => sleep_until(end.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = revision.changed() => return,
                () = over => {
                    let expired = self.table().expire(clock::now());
                    self.tell(expired);
                }
            }
        }
    }
}

/// The same in parts, each as large as a message may be.
fn pages<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        let (mut page, mut bytes) = (Vec::new(), 0);
        while let Some(item) = items.next_if(|item| page.is_empty() || bytes + size(item) <= PAGE) {
            bytes += size(&item);
            page.push(item);
        }
        (!page.is_empty()).then_some(page)
    })
}

// === Watcher ===

/// Somebody who watches, and what they know.
struct Watcher {
    shared: Arc<Shared>,
    service: String,
    sent: HashMap<String, Arc<str>>,
    sender: Sender<WatchResponse>,
}

impl Watcher {
    async fn run(mut self) {
        let mut revision = self.shared.revision.subscribe();
        loop {
            revision.mark_unchanged();
            for change in self.changes() {
                if self.sender.send(change).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                biased;
                () = self.sender.closed() => return,
                () = self.grown(), if self.is_young() => {}
                () = self.shared.changed(&mut revision) => tokio::time::sleep(PACE).await,
            }
        }
    }

    fn is_young(&self) -> bool {
        clock::now().saturating_duration_since(self.shared.born) < YOUTH
    }

    async fn grown(&self) {
        sleep_until((self.shared.born + YOUTH).into()).await;
    }

    /// What this one does not know yet. At least one message, which says whether the registry is young.
    fn changes(&mut self) -> Vec<WatchResponse> {
        let (mut known, mut there) = (Vec::new(), HashSet::new());
        for (id, text) in self.shared.table().of(&self.service) {
            there.insert(id.clone());
            if self.sent.get(id) != Some(text) {
                self.sent.insert(id.clone(), Arc::clone(text));
                known.push(
                    Row::default()
                        .with_id(id.clone())
                        .with_endpoint(text.to_string()),
                );
            }
        }
        let gone = self.sent.keys().filter(|id| !there.contains(*id));
        let forgotten: Vec<_> = gone.cloned().collect();
        self.sent.retain(|id, _| there.contains(id));
        let known = pages(known, |row| row.id.len() + row.endpoint.len());
        let known = known.map(|rows| WatchResponse::default().with_known(rows));
        let forgotten = pages(forgotten, String::len);
        let forgotten = forgotten.map(|ids| WatchResponse::default().with_forgotten(ids));
        // Until all is told, nothing is known to be missing.
        let told = known.chain(forgotten).map(|change| change.with_young(true));
        let last = WatchResponse::default().with_young(self.is_young());
        told.chain([last]).collect()
    }
}
