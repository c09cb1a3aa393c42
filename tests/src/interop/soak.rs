//! The same call many times over: on one channel, and each on a channel of its own.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{
    Client, Failure, Outcome,
    case::{expect, zeros},
    proto::{SimpleRequest, TestServiceClient},
    unary::size,
};

/// How long the soak cases run, and what they forgive.
#[derive(Debug, Clone)]
pub struct Soak {
    /// How many calls.
    pub iterations: u32,
    /// How many of them may fail.
    pub max_failures: u32,
    /// How long one may take before it counts as failed.
    pub max_latency: Duration,
    /// How long all of them may take.
    pub overall: Duration,
    /// Bytes in a request.
    pub request_size: usize,
    /// Bytes in a response.
    pub response_size: i32,
    /// The least time from the start of one call to the start of the next.
    pub pace: Duration,
}

/// What gRPC's own clients take where nothing else is said.
impl Default for Soak {
    fn default() -> Self {
        Self {
            iterations: 10,
            max_failures: 0,
            max_latency: Duration::from_secs(1),
            overall: Duration::from_secs(10),
            request_size: 271_828,
            response_size: 314_159,
            pace: Duration::ZERO,
        }
    }
}

/// All calls on the client's channel.
pub(super) async fn one_channel(client: &Client) -> Outcome {
    soak(client, || Ok(client.test.clone())).await
}

/// Each call on a channel that was not there before.
pub(super) async fn channel_per_call(client: &Client) -> Outcome {
    soak(client, || Ok(TestServiceClient::new(client.anew()?))).await
}

async fn soak(client: &Client, stub: impl Fn() -> Result<TestServiceClient, Failure>) -> Outcome {
    let soak = &client.soak;
    let end = Instant::now() + soak.overall;
    let mut failures = Vec::new();
    for iteration in 0..soak.iterations {
        let started = Instant::now();
        let stub = stub()?;
        let outcome = timeout_at(end, once(&stub, soak)).await.map_err(|_| {
            format!(
                "only {iteration} of {} calls within {:?}",
                soak.iterations, soak.overall
            )
        })?;
        let latency = started.elapsed();
        if let Err(failure) = outcome {
            failures.push(failure.to_string());
        } else if latency > soak.max_latency {
            failures.push(format!("call {iteration} took {latency:?}"));
        }
        tokio::time::sleep_until(started + soak.pace).await;
    }
    match u32::try_from(failures.len()) {
        Ok(count) if count <= soak.max_failures => Ok(()),
        _ => Err(format!("{} calls failed: {}", failures.len(), failures.join("; ")).into()),
    }
}

async fn once(stub: &TestServiceClient, soak: &Soak) -> Result<(), Failure> {
    let request = SimpleRequest {
        response_size: soak.response_size,
        payload: Some(zeros(soak.request_size)),
        ..SimpleRequest::default()
    };
    let answer = stub.unary_call(request).await?.into_inner();
    expect(
        "the size of the payload",
        size(answer.payload.as_ref()),
        soak.response_size,
    )
}
