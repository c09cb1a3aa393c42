//! The server's side: refuses a client that does not fit by the head of its call, and says the server's release.

use std::sync::Arc;

use tonic::Status;

use super::{
    Counts,
    refusal::{malformed, refuse, refuse_unsaid},
};
use crate::{
    call::{Announced, Call, ClientVersion, Invoke, Reply, Service},
    policy::version::admits,
};

/// The server's side.
#[derive(Debug)]
pub struct Serving<I> {
    pub(super) inner: I,
    pub(super) counts: Arc<Counts>,
}

// === Serving ===

impl<I> Serving<I> {
    /// Refuses the calls of `inner` that come from clients which do not fit.
    pub fn new(inner: I, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }

    fn check(&self, call: &Call) -> Result<(), Status> {
        let (service, client) = (call.method.service, &call.announced);
        let server = &service.release().server.range;
        if !matches!(client, Announced::Malformed(_)) {
            let version = client.range().map(|client| &client.version);
            self.counts.meet(service, call.peer.as_deref(), version);
        }
        let client = match client {
            Announced::Own(said) => &said.range,
            Announced::Peer(client) => client,
            Announced::Unsaid => {
                self.counts.unsaid.add();
                return self.unsaid(service);
            }
            Announced::Malformed(why) => {
                self.counts.refused.add();
                return Err(malformed(why));
            }
        };
        admits(client, server).map_err(|misfit| {
            self.counts.refused.add();
            refuse(service, client, server, misfit)
        })?;
        self.counts.fitting.add();
        Ok(())
    }

    /// What becomes of a caller that does not say its version.
    fn unsaid(&self, service: &'static Service) -> Result<(), Status> {
        match service.meeting.client_version {
            ClientVersion::Optional => Ok(()),
            ClientVersion::Required => {
                self.counts.refused.add();
                Err(refuse_unsaid(service, &[&service.release().server.range]))
            }
        }
    }
}

impl<I: Invoke> Invoke for Serving<I> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let service = call.method.service;
        if !service.is_versioned() {
            return self.inner.invoke(call).await;
        }
        let said = &service.release().server;
        let answer = match self.check(&call) {
            Ok(()) => self.inner.invoke(call).await,
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(reply) => Ok(Reply {
                announced: Announced::Own(said),
                ..reply
            }),
            Err(mut status) => {
                said.put_into(status.metadata_mut());
                Err(status)
            }
        }
    }
}
