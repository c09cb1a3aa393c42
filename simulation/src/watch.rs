//! What stands around a host's services: it counts the attempts that arrive, and fails them while the host is erring.

use std::{
    future::ready,
    sync::Arc,
    task::{Context, Poll},
};

use couplet::{Status, server::Routed};
use http::{Request, Response};
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Host, host::Machine, network::Network};

/// Watches what arrives at one host.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    machine: Arc<Machine>,
    network: Arc<Network>,
}

/// A host's services, watched.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    inner: Routed,
    watch: Watch,
}

impl Watch {
    pub(crate) fn new(host: &Host) -> Self {
        Self {
            machine: Arc::clone(host.machine()),
            network: Arc::clone(host.world().network()),
        }
    }
}

impl Layer<Routed> for Watch {
    type Service = Watched;

    fn layer(&self, inner: Routed) -> Watched {
        let watch = self.clone();
        Watched { inner, watch }
    }
}

impl Service<Request<Body>> for Watched {
    type Response = Response<Body>;
    type Error = <Routed as Service<Request<Body>>>::Error;
    type Future = <Routed as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Watch { machine, network } = &self.watch;
        let path = request.uri().path();
        network.note("attempt", [&machine.name, path], &[]);
        match machine.arrive(network.now()) {
            Some(code) => {
                let failed = Status::new(code, format!("`{}` is erring", machine.name));
                Box::pin(ready(Ok(failed.into_http())))
            }
            None => self.inner.call(request),
        }
    }
}
