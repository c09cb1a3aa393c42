//! gRPC's interop server on couplet: serves the test service on loopback and prints its port.

use std::{io::Write, process::ExitCode};

use couplet::{Server, call::Encoding};
use couplet_tests::{
    flags::Flags,
    interop::{Echo, Failure, Interop, proto::TestServiceServer},
};

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "interop-server: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Failure> {
    let flags = Flags::read(std::env::args().skip(1), &["port", "use_tls"])?;
    let port: u16 = flags.value("port", 0)?;
    let server = Server::builder()
        .add(Echo(TestServiceServer::new(Interop)))
        .send_compressed(Encoding::Gzip)
        .health()
        .reflection()
        .bind(format!("127.0.0.1:{port}"))
        .await?;
    let address = server.local_addr().ok_or("a socket without an address")?;
    writeln!(std::io::stdout(), "{}", address.port())?;
    let _ = server.run().await;
    Ok(())
}
