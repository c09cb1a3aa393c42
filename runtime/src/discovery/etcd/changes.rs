//! Hears what happens to the keys of one service, and notices when there is nobody to hear any more.
//!
//! A stream that is silent for a while is asked for its progress, which etcd answers at once. The revision in that answer is
//! not used: before 3.4.25 and 3.5.8 etcd gave it ahead of events that it had not yet sent (etcd-io/etcd #15220).

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::Status;

use super::{
    PATIENCE,
    api::{
        Event, WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse,
        watch_request::RequestUnion,
    },
    client::{Client, silence},
    list::end_of,
};
use crate::{
    call::Streaming,
    client::stream::{self, Sender},
};

/// How long a stream may be silent until it is asked for its progress.
const QUIET: Duration = Duration::from_secs(5);

/// The changes below one key.
#[derive(Debug)]
pub(super) struct Changes {
    asking: Sender<WatchRequest>,
    told: Streaming<WatchResponse>,
    /// Whether its progress was asked for.
    asked: bool,
    /// When that is to be asked, or was to be answered.
    due: Instant,
}

/// What is heard.
#[derive(Debug)]
pub(super) enum Change {
    /// This happened.
    Events(Vec<Event>),
    /// What happened is not known any more: all is to be read anew.
    Compacted,
}

impl Changes {
    /// Hears what happens from `revision` on.
    ///
    /// # Errors
    /// If etcd cannot be asked.
    pub(super) async fn open(client: &Client, keys: &str, revision: i64) -> Result<Self, Status> {
        let create = WatchCreateRequest::default()
            .with_key(keys.as_bytes())
            .with_range_end(end_of(keys))
            .with_start_revision(revision)
            // Many changes at once come in parts that a channel takes.
            .with_fragment(true);
        let (asking, asked) = stream::channel(2);
        let create =
            WatchRequest::default().with_request_union(RequestUnion::CreateRequest(create));
        // Whoever does not take it ends the call, which is seen there.
        let _ = asking.send(create).await;
        Ok(Self {
            asking,
            told: client.watch(asked).await?,
            asked: false,
            due: Instant::now() + QUIET,
        })
    }

    /// Waits for what happens next. Dropped while it waits, it misses nothing.
    ///
    /// # Errors
    /// If the watch has ended, or etcd is silent.
    pub(super) async fn next(&mut self) -> Result<Change, Status> {
        loop {
            let answer = match timeout_at(self.due, self.told.message()).await {
                Ok(answer) => answer?.ok_or_else(|| Status::unavailable("it ended the watch"))?,
                Err(_) if self.asked => return Err(silence(PATIENCE)),
                Err(_) => {
                    self.ask().await;
                    continue;
                }
            };
            self.asked = false;
            self.due = Instant::now() + QUIET;
            if answer.compact_revision > 0 {
                return Ok(Change::Compacted);
            }
            if answer.canceled {
                let why = format!("it ended the watch: {}", answer.cancel_reason);
                return Err(Status::unavailable(why));
            }
            if !answer.events.is_empty() {
                return Ok(Change::Events(answer.events));
            }
        }
    }

    async fn ask(&mut self) {
        self.asked = true;
        self.due = Instant::now() + PATIENCE;
        let progress = RequestUnion::ProgressRequest(WatchProgressRequest::default());
        let progress = WatchRequest::default().with_request_union(progress);
        // That nobody takes it is noticed by the answer that does not come.
        let _ = self.asking.send(progress).await;
    }
}
