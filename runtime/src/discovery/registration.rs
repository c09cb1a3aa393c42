//! The server's side: what keeps an endpoint known, and for how long.

use std::{fmt, future::Future, pin::Pin};

use tokio::{sync::oneshot, task::JoinHandle};

use super::Endpoint;

/// Keeps endpoints known to whoever resolves.
pub trait Registry: fmt::Debug + Send + Sync + 'static {
    /// What it is, for people: `etcd://10.0.0.1:2379`.
    fn target(&self) -> String;

    /// Makes `endpoint` known, and keeps it so until the registration is withdrawn or dropped. If the registry is away
    /// then, it is asked again until it is back.
    ///
    /// # Errors
    /// If the registry is away or refuses: the text names it, the key, and the reason.
    fn register(&self, endpoint: Endpoint) -> Registering<'_>;
}

/// A registration on its way.
pub type Registering<'a> =
    Pin<Box<dyn Future<Output = Result<Registration, RegistryError>> + Send + 'a>>;

/// Why an endpoint is not known to a registry, or is still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{registry}: {key}: {why}")]
#[non_exhaustive]
pub struct RegistryError {
    /// The registry.
    pub registry: String,
    /// What was to be written.
    pub key: String,
    /// Why it was not.
    pub why: String,
}

/// An endpoint that is known. Dropped, it is no longer renewed, and is forgotten when its lease ends.
#[derive(Debug)]
#[must_use = "an endpoint whose registration is dropped is forgotten"]
pub struct Registration {
    stop: Option<oneshot::Sender<()>>,
    keeper: JoinHandle<Result<(), RegistryError>>,
}

// === RegistryError ===

impl RegistryError {
    /// Says that `registry` did not take `key`, and why.
    pub fn new(
        registry: impl Into<String>,
        key: impl Into<String>,
        why: impl fmt::Display,
    ) -> Self {
        Self {
            registry: registry.into(),
            key: key.into(),
            why: why.to_string(),
        }
    }
}

// === Registration ===

impl Registration {
    /// What is kept up by `keep`, on a task of its own. It is told when to withdraw, ends when it has, and is aborted when
    /// the registration is dropped.
    pub fn kept<K, F>(keep: K) -> Self
    where
        K: FnOnce(oneshot::Receiver<()>) -> F,
        F: Future<Output = Result<(), RegistryError>> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self {
            stop: Some(stop),
            keeper: tokio::spawn(keep(stopped)),
        }
    }

    /// Withdraws the endpoint: when this returns, whoever resolves anew does not find it.
    ///
    /// # Errors
    /// If the registry cannot be asked. The lease ends by itself then.
    pub async fn withdraw(mut self) -> Result<(), RegistryError> {
        if let Some(stop) = self.stop.take() {
            // Whoever does not listen any more has ended.
            let _ = stop.send(());
        }
        match (&mut self.keeper).await {
            Ok(outcome) => outcome,
            // Its runtime ends, and the lease with it.
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
