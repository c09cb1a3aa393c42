//! Serves `bench.Echo` with couplet.

use std::{error::Error, io};

use couplet::{Server, policy::counter::Counter, stack::ServerCounts};
use couplet_benches::{
    alloc::{self, Counting},
    arguments::Arguments,
    contract::{bare, policies},
    measured::{Figures, answer, figures},
    peers::Echo,
    runtime,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const HELP: &str = "\
Serves bench.Echo with couplet, with the policies of its contract.

usage: echo-server --port P [--host H] [--bare] [--one-thread] [--measured]

  --port P      where to listen; 0 lets the system choose. The first line that is
                printed says where: listening on HOST:PORT
  --host H      the address to listen at; 127.0.0.1
  --bare        without policies: the contract declares no version and no limits
  --one-thread  on one thread, not on one for each processor
  --measured    answers each line of its input with what it has used, and ends
                with its input; without it, it runs until it is killed";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::new(HELP);
    let port: u16 = arguments.needed("--port");
    let host: String = arguments
        .value("--host")
        .unwrap_or_else(|| "127.0.0.1".to_owned());
    let (bare, measured) = (arguments.flag("--bare"), arguments.flag("--measured"));
    let one_thread = arguments.flag("--one-thread");
    arguments.end();
    runtime::run(one_thread, serve(format!("{host}:{port}"), bare, measured))?
}

async fn serve(address: String, bare: bool, measured: bool) -> Result<(), Box<dyn Error>> {
    let builder = match bare {
        true => Server::builder().add(bare::EchoServer::new(Echo)),
        false => Server::builder().add(policies::EchoServer::new(Echo)),
    };
    let server = builder.bind(address).await?;
    if let Some(address) = server.local_addr() {
        println!("listening on {address}");
    }
    if !measured {
        let _drained = server.run().await;
        return Ok(());
    }
    let counts = server.counts("bench.Echo").cloned().unwrap_or_default();
    let running = tokio::spawn(server.run());
    answer(|_| async { io::Result::Ok(used(&counts)) }).await?;
    running.abort();
    Ok(())
}

/// What the server has used, and what its policies have counted.
fn used(counts: &ServerCounts) -> Figures {
    let sum = |counter: &Counter| counter.sum() as f64;
    figures([
        ("allocations", alloc::count() as f64),
        ("deadline.bounded", sum(&counts.deadline.bounded)),
        ("deadline.expired", sum(&counts.deadline.expired)),
        ("version.fitting", sum(&counts.version.fitting)),
        ("version.refused", sum(&counts.version.refused)),
    ])
}
