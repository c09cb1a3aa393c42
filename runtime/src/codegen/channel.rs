//! How a generated client comes by its stack.

use crate::{
    call::Service,
    client::{Channel, ConnectError, Stack},
};

/// A channel to `target`, connected.
///
/// # Errors
/// If it cannot be understood or reached.
pub async fn connect(target: &str) -> Result<Channel, ConnectError> {
    Channel::connect(target).await
}

/// The layers for the calls of `service` over `channel`.
pub fn stack(channel: Channel, service: &'static Service) -> Stack {
    channel.stack(service)
}
