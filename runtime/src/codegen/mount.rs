//! A contract as an HTTP service, for the routers of tonic and axum.

use std::{convert::Infallible, error::Error, future::Future, pin::Pin};

use bytes::Bytes;
use http::{Request, Response};

use super::Contract;
use crate::{
    carrier::http2::serve::mounted,
    stack::{self, ServerSettings},
};

/// Any body of an HTTP request that a router hands over.
pub trait HttpBody:
    http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static
{
}

impl<B> HttpBody for B
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
}

/// What a router gets back.
pub type HttpResponse = Response<tonic::body::Body>;

/// The answer on its way.
pub type HttpFuture = Pin<Box<dyn Future<Output = Result<HttpResponse, Infallible>> + Send>>;

/// Answers `request` with `contract`, inside the server's layers.
pub fn http<C: Contract, B: HttpBody>(contract: C, request: Request<B>) -> HttpFuture {
    Box::pin(async move {
        let counts = contract.counts();
        let layers = stack::server(contract, &ServerSettings::default(), &counts);
        Ok(mounted(C::SERVICE, &layers, request).await)
    })
}
