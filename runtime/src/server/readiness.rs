//! Whether a server is ready for calls and, if not, why: the one state that `/readyz` and the health service tell.
//!
//! ```text
//!   starting ── runs ──▶ serving ── shutdown ──▶ draining
//!                          ready here, while every condition is met
//! ```

use std::{collections::BTreeMap, fmt, sync::Arc};

use tokio::sync::watch;

/// Whether a server is ready: it serves, it does not drain, and every condition is met. Clones are one and the same.
///
/// ```
/// use couplet::server::Readiness;
///
/// let readiness = Readiness::default();
/// let database = readiness.condition("database");
/// let why = readiness.check().unwrap_err();
/// assert_eq!(why.to_string(), "starting; database: not met yet");
/// database.met();
/// database.unmet("the pool is empty");
/// # drop(couplet::Server::builder().readiness(readiness));
/// ```
#[derive(Debug, Clone)]
pub struct Readiness(Arc<watch::Sender<State>>);

/// Something that has to be so for a server to be ready, such as a connection to its database. Not met at first.
///
/// A condition that goes out of scope stays as it was said last.
#[derive(Debug, Clone)]
pub struct Condition {
    name: Arc<str>,
    state: Arc<watch::Sender<State>>,
}

/// Why a server is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady(Vec<String>);

/// How far the server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Starting,
    Serving,
    Draining,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// The conditions that are not met, and why.
    unmet: BTreeMap<Arc<str>, String>,
}

// === Readiness ===

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }
}

impl Readiness {
    /// One more thing that has to be so, by a name that is told where it is not.
    pub fn condition(&self, name: impl Into<String>) -> Condition {
        let condition = Condition {
            name: name.into().into(),
            state: Arc::clone(&self.0),
        };
        condition.unmet("not met yet");
        condition
    }

    /// Whether the server is ready now.
    ///
    /// # Errors
    /// Every reason why it is not.
    pub fn check(&self) -> Result<(), NotReady> {
        self.0.borrow().check()
    }

    /// Waits until the server is ready. Can be cancelled without a loss.
    pub async fn ready(&self) {
        // The sender is held by `self`, so this ends by being ready alone.
        let _ = self
            .0
            .subscribe()
            .wait_for(|state| state.check().is_ok())
            .await;
    }

    /// What hears of changes, and whether the server is ready after each.
    pub(super) fn hearer(&self) -> Hearer {
        Hearer(self.0.subscribe())
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.0.send_modify(|state| state.phase = phase);
    }
}

/// Hears of changes.
#[derive(Debug)]
pub(super) struct Hearer(watch::Receiver<State>);

impl Hearer {
    /// Waits for a change, and says whether the server is ready since then.
    pub(super) async fn changed(&mut self) -> bool {
        if self.0.changed().await.is_err() {
            // Nobody is left to change anything.
            std::future::pending::<()>().await;
        }
        self.0.borrow_and_update().check().is_ok()
    }
}

// === Condition ===

impl Condition {
    /// It is so.
    pub fn met(&self) {
        let met = |state: &mut State| state.unmet.remove(&self.name).is_some();
        self.state.send_if_modified(met);
    }

    /// It is not so, and why.
    pub fn unmet(&self, why: impl Into<String>) {
        let why = why.into();
        self.state.send_if_modified(|state| {
            let said = state.unmet.insert(Arc::clone(&self.name), why.clone());
            said != Some(why)
        });
    }
}

// === State ===

impl State {
    fn check(&self) -> Result<(), NotReady> {
        let phase = match self.phase {
            Phase::Starting => Some("starting".to_owned()),
            Phase::Serving => None,
            Phase::Draining => Some("draining".to_owned()),
        };
        let unmet = self
            .unmet
            .iter()
            .map(|(name, why)| format!("{name}: {why}"));
        let reasons: Vec<_> = phase.into_iter().chain(unmet).collect();
        if reasons.is_empty() {
            return Ok(());
        }
        Err(NotReady(reasons))
    }
}

// === NotReady ===

impl fmt::Display for NotReady {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for NotReady {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_is_ready_while_it_serves_and_every_condition_is_met() {
        let readiness = Readiness::default();
        let why = || readiness.check().err().map(|why| why.to_string());
        assert_eq!(why().as_deref(), Some("starting"));
        let database = readiness.condition("database");
        let cache = readiness.condition("cache");
        readiness.enter(Phase::Serving);
        cache.met();
        assert_eq!(why().as_deref(), Some("database: not met yet"));
        database.met();
        readiness.ready().await;

        let mut hearer = readiness.hearer();
        cache.unmet("cold");
        assert!(!hearer.changed().await);
        assert_eq!(why().as_deref(), Some("cache: cold"));
        readiness.enter(Phase::Draining);
        cache.met();
        assert!(!hearer.changed().await);
        assert_eq!(why().as_deref(), Some("draining"));
    }
}
