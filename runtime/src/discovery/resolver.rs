//! The client's side: what watches a name, and how it tells what it sees.

use std::{fmt, future::Future, sync::Arc};

use tokio::sync::watch;

use super::{Endpoint, Snapshot};

/// Watches one name. What it sees comes as full snapshots; whoever is slow sees the last one.
///
/// Of your own: implement this, and give it to [`Channel::resolving`](crate::client::Channel::resolving).
pub trait Resolver: fmt::Debug + Send + Sync + 'static {
    /// What is watched, for people: `etcd://10.0.0.1:2379/movies.v1.Movies`.
    fn target(&self) -> String;

    /// Begins to watch, within a tokio runtime. The watching ends when nobody holds the receiver any more.
    fn watch(&self) -> Watch;
}

/// What a resolver sees: the snapshot of the moment, and when it changes.
pub type Watch = watch::Receiver<Snapshot>;

/// Tells those who watch.
#[derive(Debug)]
pub struct Publisher(watch::Sender<Snapshot>);

/// Watches by a task that runs `watching` for as long as somebody holds what this gives.
pub fn watched<W, F>(watching: W) -> Watch
where
    W: FnOnce(Publisher) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = watch::channel(Snapshot::pending());
    let alone = sender.clone();
    let watching = watching(Publisher(sender));
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = alone.closed() => {}
            () = watching => {}
        }
    });
    receiver
}

// === Publisher ===

impl Publisher {
    /// These are the endpoints now.
    pub fn fresh(&self, endpoints: Vec<Endpoint>) {
        self.0.send_if_modified(|snapshot| {
            let next = snapshot.updated(endpoints);
            let same = snapshot.is_fresh() && snapshot.has_those_of(&next);
            *snapshot = next;
            !same
        });
    }

    /// These are the endpoints now, as far as the source can be asked: of the rest, they are what it said last.
    pub fn partly(&self, endpoints: Vec<Endpoint>, why: impl Into<Arc<str>>) {
        let why = why.into();
        self.0.send_if_modified(|snapshot| {
            let mut next = snapshot.updated(endpoints);
            let same = snapshot.trouble() == Some(&why) && snapshot.has_those_of(&next);
            if snapshot.trouble().is_none() {
                tracing::warn!(%why, endpoints = next.endpoints.len(), "a part of the last good view stands");
            }
            next.freshness = snapshot.freshness.clone();
            *snapshot = next.stale(why);
            !same
        });
    }

    /// The source cannot be asked; what it said last stands.
    pub fn stale(&self, why: impl Into<Arc<str>>) {
        let why = why.into();
        self.0.send_if_modified(|snapshot| {
            let known = snapshot.trouble() == Some(&why);
            if snapshot.trouble().is_none() {
                tracing::warn!(%why, endpoints = snapshot.endpoints.len(), "the last good view stands");
            }
            *snapshot = snapshot.stale(why);
            !known
        });
    }
}
