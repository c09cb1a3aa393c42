//! Keeps one endpoint known: says it again before its lease is over, whatever became of the registry meanwhile.

use std::time::Duration;

use tokio::{sync::oneshot, time::sleep};
use tonic::Code;

use super::{
    super::{Endpoint, RegistryError},
    Central, PAUSES,
    api::{RegisterRequest, RegistryClient, WithdrawRequest},
};

/// The longest time between two renewals.
const LONGEST: Duration = Duration::from_secs(5);

/// An endpoint and its place in the registry.
pub(super) struct Seat {
    central: Central,
    client: RegistryClient,
    id: String,
    owner: u64,
    text: String,
}

impl Seat {
    pub(super) fn new(central: Central, endpoint: &Endpoint) -> Self {
        Self {
            client: RegistryClient::new(&central.channel),
            central,
            id: format!("{}/{}", endpoint.service, endpoint.address),
            owner: fastrand::u64(..),
            text: endpoint.to_json(),
        }
    }

    /// Makes it known for one more lease.
    ///
    /// # Errors
    /// If the registry is away, or refuses.
    pub(super) async fn renew(&self) -> Result<(), RegistryError> {
        let lease = u32::try_from(self.central.lease.as_millis()).unwrap_or(u32::MAX);
        let request = RegisterRequest::default()
            .with_id(&self.id)
            .with_endpoint(&self.text)
            .with_lease_ms(lease)
            .with_owner(self.owner);
        let registered = self.client.register(request).await;
        registered.map(drop).map_err(|status| {
            let why = match status.code() {
                Code::Unimplemented => {
                    "the server there serves no registry; build it with `.registry()`".to_owned()
                }
                _ => status.message().to_owned(),
            };
            self.central.error(&self.id, why)
        })
    }

    /// Renews it until it is to be withdrawn.
    pub(super) async fn keep(
        self,
        mut stopped: oneshot::Receiver<()>,
    ) -> Result<(), RegistryError> {
        let mut failures = 0;
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                () = sleep(self.pause(failures)) => {}
            }
            match self.renew().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(%error, "an endpoint is not renewed");
                    }
                    failures += 1;
                }
            }
        }
        let request = WithdrawRequest::default()
            .with_id(&self.id)
            .with_owner(self.owner);
        let withdrawn = self.client.withdraw(request).await;
        withdrawn
            .map(drop)
            .map_err(|status| self.central.error(&self.id, status.message()))
    }

    /// A third of the lease, or less while the registry is away. Never so long that a registry which started again is no
    /// longer young.
    fn pause(&self, failures: u32) -> Duration {
        let third = (self.central.lease / 3).min(LONGEST);
        match failures {
            0 => third,
            failures => PAUSES.wait(failures - 1, fastrand::f64()).min(third),
        }
    }
}
