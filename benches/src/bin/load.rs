//! Puts load on `bench.Echo` with the client of one peer.

use std::{error::Error, io};

use couplet::{Channel, client::Stack, policy::counter::Counter};
use couplet_benches::{
    alloc::Counting,
    arguments::Arguments,
    contract::{bare, plain::echo_client::EchoClient, policies},
    load::{Load, Peer},
    measured::{Figures, answer, figures},
    runtime,
};
use tonic::transport::Endpoint;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const HELP: &str = "\
Puts load on bench.Echo over one channel, as the lines of its input say:

  unary 100 16 2s      calls with 100 bytes each way, 16 at once, for 2 seconds
  stream 50x100 1 500  500 calls in all, one at a time, each answered with 50
                       messages of 100 bytes
  counts               what the policies have counted so far

usage: load --peer couplet|bare|tonic --port P [--one-thread]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::new(HELP);
    let peer: String = arguments.needed("--peer");
    let port: u16 = arguments.needed("--port");
    let one_thread = arguments.flag("--one-thread");
    arguments.end();
    let target = format!("http://127.0.0.1:{port}");
    runtime::run(one_thread, async {
        match peer.as_str() {
            "couplet" => {
                let client = policies::EchoClient::new(Channel::connect(target).await?);
                under_load(&client, || counts(client.stack())).await
            }
            "bare" => {
                let client = bare::EchoClient::new(Channel::connect(target).await?);
                under_load(&client, Figures::new).await
            }
            "tonic" => {
                let channel = Endpoint::from_shared(target)?.connect().await?;
                under_load(&EchoClient::new(channel), Figures::new).await
            }
            _ => Err(format!("there is no peer `{peer}`\n\n{HELP}").into()),
        }
    })?
}

async fn under_load(peer: &impl Peer, counts: impl Fn() -> Figures) -> Result<(), Box<dyn Error>> {
    let counts = &counts;
    answer(|line| async move {
        if line == "counts" {
            return Ok(counts());
        }
        let wrong = |_| io::Error::other(format!("`{line}` is no load"));
        let load: Load = line.parse().map_err(wrong)?;
        let outcome = load.run(peer).await.map_err(io::Error::other)?;
        Ok(figures([
            ("calls", outcome.calls as f64),
            ("seconds", outcome.seconds),
            ("p50", outcome.p50),
            ("p99", outcome.p99),
            ("allocations", outcome.allocations as f64),
        ]))
    })
    .await?;
    Ok(())
}

/// What each policy of the client has done.
fn counts(stack: &Stack) -> Figures {
    let counts = stack.counts();
    let sum = |counter: &Counter| counter.sum() as f64;
    let mut figures = figures([
        ("deadline.bounded", sum(&counts.deadline.bounded)),
        ("deadline.expired", sum(&counts.deadline.expired)),
        ("version.fitting", sum(&counts.version.fitting)),
        ("version.refused", sum(&counts.version.refused)),
        ("retry.transparent", sum(&counts.retry.transparent)),
    ]);
    for method in ["Unary", "Stream"] {
        if let Some(breaker) = stack.breaker(method) {
            let counts = breaker.counts(std::time::Instant::now());
            figures.insert(
                format!("breaker.{method}.successes"),
                counts.successes as f64,
            );
            figures.insert(format!("breaker.{method}.failures"), counts.failures as f64);
        }
    }
    figures
}
