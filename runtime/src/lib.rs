//! Couplet: IDL-first inter-process communication for Rust services. What generated code calls and what services depend on.
//!
//! A contract, compiled by `couplet-codegen` in a build script and included by [`include_contract!`], gives a trait to
//! implement, a server for the implementation and a client. [`Server`] serves it and [`Channel`] reaches it; versions,
//! deadlines and breakers are there without a line.
//!
//! The same two stacks work without a socket, which is what tests want:
//!
//! ```
//! use couplet::{Channel, Request, Response, Status, carrier::local::Local};
//! use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
//!
//! struct Catalog;
//!
//! impl Movies for Catalog {
//!     async fn get_movie(&self, request: Request<GetMovieRequest>) -> Result<Response<Movie>, Status> {
//!         Ok(Response::new(Movie::default().with_id(request.get_ref().id)))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Status> {
//! let channel = Channel::local(Local::new().with(MoviesServer::new(Catalog)));
//! let movies = MoviesClient::new(channel);
//! let movie = movies.get_movie(GetMovieRequest::default().with_id(7)).await?;
//! assert_eq!(movie.get_ref().id, 7);
//! # Ok(()) }
//! ```
//!
//! Its rooms: [`call`] is the currency that everything else speaks, [`policy`] decides, [`layer`] waits and asks,
//! [`stack`] knows the order, [`carrier`] moves calls, [`client`] and [`server`] are what users build, [`context`] is the
//! call being served, [`telemetry`] shows calls from outside, [`downgrade`] serves an old contract by a new one, [`saga`] takes several
//! calls back that belong together. [`codegen`] is the door for generated code and for nobody else.
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that panics has told what it knows"
    )
)]

// What is generated names this crate as its users do, and so do suites that other crates run too.
#[cfg(any(test, feature = "http2"))]
extern crate self as couplet;

pub mod balance;
pub mod call;
pub mod carrier;
#[cfg(feature = "http2")]
pub mod client;
mod clock;
pub mod codegen;
pub mod config;
pub mod context;
pub mod discovery;
pub mod downgrade;
#[cfg(test)]
mod fixture;
mod json;
pub mod layer;
pub mod policy;
pub mod saga;
#[cfg(feature = "http2")]
pub mod server;
pub mod stack;
pub mod telemetry;

pub use call::Streaming;
pub use codegen::serve::{Compressed, Trailing};
#[cfg(feature = "macros")]
pub use couplet_macros::service;
pub use layer::fallback::Fallback;
pub use stack::Versioned;
/// The runtime that everything here runs on, so that a program needs no other dependency to start it:
/// `#[couplet::tokio::main(crate = "couplet::tokio")]`.
pub use tokio;
pub use tonic::{Code, Request, Response, Status, metadata};
#[cfg(feature = "http2")]
pub use {client::Channel, server::Server};

/// The examples of the pages in `docs/`.
#[cfg(doctest)]
mod docs {
    #[cfg(feature = "http2")]
    #[doc = include_str!("../../docs/balancing.md")]
    struct Balancing;
    #[doc = include_str!("../../docs/breaker.md")]
    struct Breaker;
    #[cfg(feature = "http2")]
    #[doc = include_str!("../../docs/configuration.md")]
    struct Configuration;
    #[cfg(feature = "http2")]
    #[doc = include_str!("../../docs/connections.md")]
    struct Connections;
    #[doc = include_str!("../../docs/deadlines.md")]
    struct Deadlines;
    #[cfg(all(feature = "dns", feature = "etcd"))]
    #[doc = include_str!("../../docs/discovery.md")]
    struct Discovery;
    #[doc = include_str!("../../docs/fallback.md")]
    struct Fallback;
    #[cfg(feature = "signal")]
    #[doc = include_str!("../../docs/life-cycle.md")]
    struct LifeCycle;
    #[doc = include_str!("../../docs/limits.md")]
    struct Limits;
    #[cfg(all(feature = "http2", feature = "metrics"))]
    #[doc = include_str!("../../docs/observability.md")]
    struct Observability;
    #[doc = include_str!("../../docs/retries.md")]
    struct Retries;
}

/// Includes the code that `couplet-codegen` generated from a contract, in the crate of the contract.
///
/// With a package, it includes that package's items. Without one, it includes every package as a tree of modules
/// (`movies::v1`), which contracts need whose packages refer to each other.
///
/// ```text
/// couplet::include_contract!("movies.v1");
/// ```
#[macro_export]
macro_rules! include_contract {
    () => {
        include!(concat!(env!("OUT_DIR"), "/_contract.rs"));
    };
    ($package:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}
