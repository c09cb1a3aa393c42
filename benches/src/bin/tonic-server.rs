//! Serves `bench.Echo` with plain tonic.

use std::{error::Error, io, net::SocketAddr};

use couplet_benches::{
    alloc::{self, Counting},
    arguments::Arguments,
    contract::plain::echo_server::EchoServer,
    measured::{answer, figures},
    peers::Echo,
    runtime,
};
use tonic::transport::{Server, server::TcpIncoming};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const HELP: &str = "\
Serves bench.Echo with plain tonic, all settings as tonic has them.

usage: tonic-server --port P [--one-thread] [--measured]

The arguments are those of echo-server.";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::new(HELP);
    let port: u16 = arguments.needed("--port");
    let one_thread = arguments.flag("--one-thread");
    let measured = arguments.flag("--measured");
    arguments.end();
    runtime::run(one_thread, serve(port, measured))?
}

async fn serve(port: u16, measured: bool) -> Result<(), Box<dyn Error>> {
    // Without nodelay, which `serve_with_incoming` does not set by itself, tonic would look slow.
    let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    let incoming = incoming.with_nodelay(Some(true));
    println!("listening on {}", incoming.local_addr()?);
    let server = Server::builder().add_service(EchoServer::new(Echo));
    let running = server.serve_with_incoming(incoming);
    if !measured {
        return Ok(running.await?);
    }
    let running = tokio::spawn(running);
    answer(|_| async { io::Result::Ok(figures([("allocations", alloc::count() as f64)])) }).await?;
    running.abort();
    Ok(())
}
