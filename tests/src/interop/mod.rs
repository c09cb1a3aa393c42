//! gRPC's interop service and its published test cases, on couplet.
//!
//! What a case does and which numbers it sends is in gRPC's `doc/interop-test-descriptions.md`; every implementation of
//! gRPC has the same cases, so that any client can be held against any server.

mod case;
mod compressed;
mod echo;
mod metadata;
mod service;
mod soak;
mod status;
mod streams;
mod unary;

use std::{future::Future, pin::Pin};

pub use self::{case::Client, echo::Echo, service::Interop, soak::Soak};
pub use crate::contracts::grpc::testing as proto;

/// Why a case failed.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The end of a case.
pub type Outcome = Result<(), Failure>;

type Case = for<'a> fn(&'a Client) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Every case, by its name. To add one: write it in the file it belongs to, and add its line.
const CASES: &[(&str, Case)] = &[
    ("empty_unary", |client| Box::pin(unary::empty(client))),
    ("large_unary", |client| Box::pin(unary::large(client))),
    ("client_streaming", |client| {
        Box::pin(streams::client_streaming(client))
    }),
    ("server_streaming", |client| {
        Box::pin(streams::server_streaming(client))
    }),
    ("ping_pong", |client| Box::pin(streams::ping_pong(client))),
    ("empty_stream", |client| Box::pin(streams::empty(client))),
    ("cancel_after_begin", |client| {
        Box::pin(streams::cancel_after_begin(client))
    }),
    ("cancel_after_first_response", |client| {
        Box::pin(streams::cancel_after_first_response(client))
    }),
    ("timeout_on_sleeping_server", |client| {
        Box::pin(streams::timeout(client))
    }),
    ("custom_metadata", |client| {
        Box::pin(metadata::custom(client))
    }),
    ("status_code_and_message", |client| {
        Box::pin(status::code_and_message(client))
    }),
    ("special_status_message", |client| {
        Box::pin(status::special_message(client))
    }),
    ("unimplemented_method", |client| {
        Box::pin(status::unimplemented_method(client))
    }),
    ("unimplemented_service", |client| {
        Box::pin(status::unimplemented_service(client))
    }),
    ("client_compressed_unary", |client| {
        Box::pin(compressed::client_unary(client))
    }),
    ("server_compressed_unary", |client| {
        Box::pin(compressed::server_unary(client))
    }),
    ("client_compressed_streaming", |client| {
        Box::pin(compressed::client_streaming(client))
    }),
    ("server_compressed_streaming", |client| {
        Box::pin(compressed::server_streaming(client))
    }),
    ("rpc_soak", |client| Box::pin(soak::one_channel(client))),
    ("channel_soak", |client| {
        Box::pin(soak::channel_per_call(client))
    }),
];

/// The names of the cases.
pub fn cases() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|(name, _)| *name)
}

/// Runs one case.
///
/// # Errors
/// If the server did not do what the case expects, or there is no such case.
pub async fn run(name: &str, client: &Client) -> Outcome {
    match CASES.iter().find(|(known, _)| *known == name) {
        Some((_, case)) => case(client).await,
        None => {
            let known: Vec<&str> = cases().collect();
            Err(format!("unknown test case `{name}`; known: {}", known.join(", ")).into())
        }
    }
}
