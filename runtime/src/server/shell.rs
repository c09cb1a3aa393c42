//! Several releases of a service as one HTTP service, for the routers of tonic and axum, which take generated servers too.

use std::{
    convert::Infallible,
    fmt,
    marker::PhantomData,
    task::{Context, Poll},
};

use http::Request;
use tonic::{body::Body as AnyBody, server::NamedService};
use tower_service::Service as HttpService;

use crate::{
    carrier::http2::serve::{Foreign, Messages, Mounts, Routes},
    codegen::{HttpBody, serve},
    stack::{Mount, ServerSettings, Versioned, VersionedError},
};

/// What a [`Versioned`] is to other servers' routers. Cheap to clone.
pub struct VersionedShell<C> {
    routes: Foreign,
    named_as: PhantomData<fn() -> C>,
}

impl<C> Versioned<C> {
    /// The same for the router of another server, such as tonic's or axum's.
    ///
    /// # Errors
    /// If the implementations do not go together.
    pub fn into_shell(self) -> Result<VersionedShell<C>, VersionedError> {
        let mounted = self.mount(&ServerSettings::default())?;
        let mut routes = Routes::default();
        // It is the only one.
        let _ = routes.add(mounted.service, mounted.routes);
        let messages = Messages::default();
        Ok(VersionedShell {
            routes: Foreign::routes(Mounts { routes, messages }),
            named_as: PhantomData,
        })
    }
}

impl<C> Clone for VersionedShell<C> {
    fn clone(&self) -> Self {
        Self {
            routes: self.routes.clone(),
            named_as: PhantomData,
        }
    }
}

impl<C> fmt::Debug for VersionedShell<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VersionedShell")
    }
}

impl<C: NamedService> NamedService for VersionedShell<C> {
    const NAME: &'static str = C::NAME;
}

impl<C, B: HttpBody> HttpService<Request<B>> for VersionedShell<C> {
    type Response = serve::HttpResponse;
    type Error = Infallible;
    type Future = serve::HttpFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.routes.pass(request.map(AnyBody::new))
    }
}
