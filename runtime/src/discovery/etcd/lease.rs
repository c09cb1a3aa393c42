//! Keeps one endpoint under a lease: grants it, renews it, and takes a new one when etcd does not know it any more.
//!
//! ```text
//!   take ──▶ renewed every third of it ──▶ etcd does not know it ──▶ take again, with pauses
//!                  │ told to withdraw
//!                  ▼
//!               revoked
//! ```
//!
//! Whether a lease has ended is for etcd to say, not for this clock: where etcd was away and came back with its data, it gives
//! every lease its full time again.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};
use tonic::{Code, Status};

use super::{
    PATIENCE, PAUSES,
    api::{LeaseKeepAliveRequest, PutRequest},
    client::{Client, silence},
};
use crate::{client::stream, discovery::RegistryError};

/// A place in etcd that an endpoint is to have.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) client: Arc<Client>,
    /// The registry, for people.
    pub(super) registry: String,
    pub(super) key: String,
    pub(super) value: String,
    /// How long the lease is to be.
    pub(super) lease: Duration,
}

/// A lease, with the key under it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    number: i64,
    /// The time between two renewals.
    beat: Duration,
}

/// How a stream of renewals ended.
enum Renewal {
    /// etcd does not know the lease.
    Lost,
    /// Nobody could be asked.
    Broken(Status),
}

impl Seat {
    /// Writes the key under a new lease.
    ///
    /// # Errors
    /// If etcd is away or refuses.
    pub(super) async fn take(&self) -> Result<Lease, Status> {
        let seconds = i64::try_from(self.lease.as_secs()).unwrap_or(i64::MAX);
        let granted = self.client.grant(seconds.max(1)).await?;
        let put = PutRequest::default()
            .with_key(self.key.as_bytes())
            .with_value(self.value.as_bytes())
            .with_lease(granted.id);
        self.client.put(put).await?;
        let seconds = u32::try_from(granted.ttl).unwrap_or(u32::MAX).max(1);
        Ok(Lease {
            number: granted.id,
            beat: Duration::from_secs(1) * seconds / 3,
        })
    }

    /// Keeps the key there until told to withdraw it.
    ///
    /// # Errors
    /// If it cannot be withdrawn.
    pub(super) async fn keep(
        self,
        mut lease: Lease,
        mut stopped: oneshot::Receiver<()>,
    ) -> Result<(), RegistryError> {
        loop {
            tokio::select! {
                _ = &mut stopped => return self.leave(lease).await,
                () = self.renew(lease) => {}
            }
            let Self { registry, key, .. } = &self;
            tracing::warn!(%registry, %key, "the lease is lost; the endpoint registers again");
            tokio::select! {
                // What is under way ends by itself, with its lease.
                _ = &mut stopped => return Ok(()),
                next = self.take_again() => lease = next,
            }
        }
    }

    /// Renews for as long as etcd knows the lease.
    async fn renew(&self, lease: Lease) {
        let mut failures = 0;
        loop {
            match self.renewing(lease, &mut failures).await {
                Renewal::Lost => return,
                Renewal::Broken(status) => self.pause(&status, &mut failures).await,
            }
        }
    }

    async fn renewing(&self, lease: Lease, failures: &mut u32) -> Renewal {
        let request = || LeaseKeepAliveRequest::default().with_id(lease.number);
        let (asking, asked) = stream::channel(2);
        // Whoever does not take it ends the call, which is seen there.
        let _ = asking.send(request()).await;
        let mut told = match self.client.keep_alive(asked).await {
            Ok(told) => told,
            Err(status) => return Renewal::Broken(status),
        };
        loop {
            let patience = PATIENCE.min(lease.beat);
            match timeout(patience, told.message()).await {
                Ok(Ok(Some(answer))) if answer.ttl <= 0 => return Renewal::Lost,
                Ok(Ok(Some(_))) => *failures = 0,
                Ok(Ok(None)) => return Renewal::Broken(Status::unavailable("it ended the stream")),
                Ok(Err(status)) => return Renewal::Broken(status),
                Err(_) => return Renewal::Broken(silence(patience)),
            }
            sleep(lease.beat).await;
            let _ = asking.send(request()).await;
        }
    }

    async fn take_again(&self) -> Lease {
        let mut failures = 0;
        loop {
            match self.take().await {
                Ok(lease) => return lease,
                Err(status) => self.pause(&status, &mut failures).await,
            }
        }
    }

    async fn pause(&self, status: &Status, failures: &mut u32) {
        self.client.forgets(status);
        if *failures == 0 {
            let Self { registry, key, .. } = self;
            tracing::warn!(%registry, %key, why = status.message(), "the registration cannot be renewed");
        }
        sleep(PAUSES.wait(*failures, fastrand::f64())).await;
        *failures += 1;
    }

    async fn leave(&self, lease: Lease) -> Result<(), RegistryError> {
        match self.client.revoke(lease.number).await {
            // It has ended, and the key with it.
            Err(status) if status.code() == Code::NotFound => Ok(()),
            Err(status) => Err(self.error(&status)),
            Ok(()) => Ok(()),
        }
    }

    /// What people are told of `status`.
    pub(super) fn error(&self, status: &Status) -> RegistryError {
        RegistryError::new(&self.registry, &self.key, status.message())
    }
}
