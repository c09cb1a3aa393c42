//! What the cases start from: a client of the two services, and how they state what they expect.

use std::fmt;

use couplet::{Channel, Code, Status, client::ClientTls};

use super::{
    Failure, Outcome, Soak,
    proto::{Payload, TestServiceClient, UnimplementedServiceClient},
};

/// What the cases call.
#[derive(Debug)]
pub struct Client {
    target: String,
    tls: Option<ClientTls>,
    /// The service that servers have.
    pub test: TestServiceClient,
    /// The service that no server has.
    pub unimplemented: UnimplementedServiceClient,
    /// How long the soak cases run.
    pub soak: Soak,
}

impl Client {
    /// A client of the server at `target`, such as `http://127.0.0.1:50051`, `https` with `tls`. It connects with the first call.
    ///
    /// # Errors
    /// If that is nothing to connect to.
    pub fn new(target: String, tls: Option<ClientTls>, soak: Soak) -> Result<Self, Failure> {
        let channel = channel(&target, tls.as_ref())?;
        Ok(Self {
            test: TestServiceClient::new(channel.clone()),
            unimplemented: UnimplementedServiceClient::new(channel),
            target,
            tls,
            soak,
        })
    }

    /// A channel that was not there before, with connections of its own.
    pub(super) fn anew(&self) -> Result<Channel, Failure> {
        channel(&self.target, self.tls.as_ref())
    }
}

fn channel(target: &str, tls: Option<&ClientTls>) -> Result<Channel, Failure> {
    let builder = Channel::builder(target);
    let builder = match tls {
        Some(tls) => builder.tls(tls.clone()),
        None => builder,
    };
    Ok(builder.lazy()?)
}

/// A payload of zeros.
pub(super) fn zeros(size: usize) -> Payload {
    Payload {
        body: vec![0; size],
        ..Payload::default()
    }
}

/// Fails unless what came is what was expected.
pub(super) fn expect<T: PartialEq + fmt::Debug>(what: &str, came: T, expected: T) -> Outcome {
    if came == expected {
        return Ok(());
    }
    Err(format!("{what} is {came:?}, and {expected:?} was expected").into())
}

/// Fails unless the call ended with `code`.
pub(super) fn expect_code<T>(came: Result<T, Status>, code: Code) -> Result<Status, Failure> {
    match came {
        Ok(_) => Err(format!("the call went well, and {code:?} was expected").into()),
        Err(status) if status.code() == code => Ok(status),
        Err(status) => {
            Err(format!("the call ended with {status}, and {code:?} was expected").into())
        }
    }
}
