//! Follows the endpoints of one service: reads all of them, then hears what changes, and begins anew whenever that ends.
//!
//! It always begins with all of them. Going on from where the last watch ended would be less to read, but an etcd that was
//! replaced by an empty one counts from the start again, and would be silent until it got there.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};
use tonic::Status;

use super::{
    PAUSES,
    api::{Event, event::EventType},
    changes::{Change, Changes},
    client::Client,
    list::list,
    rows::{Reader, Rows},
};
use crate::discovery::Publisher;

/// The least time from one snapshot to the next, so that thousands of changes at once make a few of them.
const GATHER: Duration = Duration::from_millis(50);

/// Follows one service.
#[derive(Debug)]
pub(super) struct Follower {
    client: Arc<Client>,
    publisher: Publisher,
    reader: Reader,
    rows: Rows,
    /// When what changed is told, if anything has.
    due: Option<Instant>,
    /// Attempts in a row that failed.
    failures: u32,
}

impl Follower {
    pub(super) fn new(client: Arc<Client>, publisher: Publisher, reader: Reader) -> Self {
        Self {
            client,
            publisher,
            reader,
            rows: Rows::default(),
            due: None,
            failures: 0,
        }
    }

    /// Follows for ever.
    pub(super) async fn run(mut self) {
        loop {
            // Without a failure, etcd forgot what was to be heard: all is read anew at once.
            let Err(status) = self.follow().await else {
                continue;
            };
            self.client.forgets(&status);
            let Reader { registry, keys, .. } = &self.reader;
            let why = format!("{registry}: {keys}: {}", status.message());
            self.publisher.stale(why);
            sleep(PAUSES.wait(self.failures, fastrand::f64())).await;
            self.failures += 1;
        }
    }

    async fn follow(&mut self) -> Result<(), Status> {
        let (listed, revision) = list(&self.client, &self.reader).await?;
        let mut changes = Changes::open(&self.client, &self.reader.keys, revision + 1).await?;
        self.failures = 0;
        self.rows.list(listed, Instant::now());
        self.publish();
        loop {
            let due = [self.due, self.rows.due()].into_iter().flatten().min();
            tokio::select! {
                change = changes.next() => match change? {
                    Change::Events(events) => self.apply(events),
                    Change::Compacted => return Ok(()),
                },
                () = until(due) => {
                    self.rows.expire(Instant::now());
                    self.publish();
                }
            }
        }
    }

    fn apply(&mut self, events: Vec<Event>) {
        for event in events {
            let kind = event.r#type();
            let Some(pair) = event.kv else {
                continue;
            };
            match kind {
                EventType::Delete => self.rows.delete(&pair.key),
                _ => self.rows.put(self.reader.read(pair)),
            }
        }
        self.due.get_or_insert_with(|| Instant::now() + GATHER);
    }

    fn publish(&mut self) {
        self.due = None;
        let endpoints = self.rows.endpoints(&self.reader);
        self.publisher.fresh(endpoints);
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
