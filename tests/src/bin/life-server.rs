//! A server with a whole life: it serves on loopback and prints its port, and on SIGTERM it drains, writes down what
//! became of its calls, and ends.

use std::{io::Write, path::PathBuf, process::ExitCode, time::Duration};

use couplet::{
    Server,
    server::{Drained, signal},
};
use couplet_tests::{flags::Flags, interop::Failure, ledger::Ledger};
use movies_api::MoviesServer;

const FLAGS: &[&str] = &["ledger", "delay_ms"];

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(drained) if drained == Drained::default() => ExitCode::SUCCESS,
        Ok(drained) => failed(&format!("{drained:?}")),
        Err(failure) => failed(&failure.to_string()),
    }
}

fn failed(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "life-server: {why}");
    ExitCode::FAILURE
}

async fn serve() -> Result<Drained, Failure> {
    let flags = Flags::read(std::env::args().skip(1), FLAGS)?;
    let path: PathBuf = flags.value("ledger", PathBuf::new())?;
    let delay: u64 = flags.value("delay_ms", 0)?;
    let ledger = Ledger::default();
    let server = Server::builder()
        .add(MoviesServer::new(ledger.clone()))
        .admin("127.0.0.1:0")
        .max_concurrent_streams(30)
        .drain_delay(Duration::from_millis(delay))
        .bind("127.0.0.1:0")
        .await?;
    let address = server.local_addr().ok_or("a socket without an address")?;
    let admin = server.admin_addr().ok_or("a server without a plain side")?;
    writeln!(
        std::io::stdout(),
        "{} admin {}",
        address.port(),
        admin.port()
    )?;
    let drained = server.run_until(signal::terminated()).await;
    ledger.write(&path)?;
    Ok(drained)
}
