//! What a balancer asks of the way to one endpoint.

use std::{future::Future, time::Duration};

use tonic::Status;

use crate::call::Invoke;

/// The way to one endpoint, such as its HTTP/2 connections.
pub trait Reach: Invoke + 'static {
    /// Connects, or waits for whoever is at it. Returns at once where there is a connection.
    ///
    /// # Errors
    /// Why there is none.
    fn connect(&self) -> impl Future<Output = Result<(), Status>> + Send;

    /// Returns when there is no connection any more.
    fn lost(&self) -> impl Future<Output = ()> + Send;

    /// How long to wait until connecting is tried again: after it failed, and, by chance, after a connection was lost, so
    /// that not all clients of an endpoint come back at once.
    fn pause(&self) -> Duration;

    /// Leaves the connections; calls under way go on. The next call, or the next [`connect`](Self::connect), opens one.
    fn leave(&self) {}
}
