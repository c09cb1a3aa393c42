//! gRPC's interop server on couplet: serves the test service on loopback and prints its port.

use std::{fs, io::Write, process::ExitCode};

use couplet::{Server, call::Encoding, server::ServerTls};
use couplet_tests::{
    flags::Flags,
    interop::{Echo, Failure, Interop, proto::TestServiceServer},
};

const FLAGS: &[&str] = &["port", "use_tls", "tls_cert_file", "tls_key_file"];

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
    let flags = Flags::read(std::env::args().skip(1), FLAGS)?;
    let port: u16 = flags.value("port", 0)?;
    let mut builder = Server::builder();
    if flags.value("use_tls", false)? {
        let file = |flag| -> Result<Vec<u8>, Failure> {
            let path = flags.value(flag, String::new())?;
            fs::read(&path).map_err(|error| format!("`--{flag}={path}`: {error}").into())
        };
        builder = builder.tls(ServerTls::new(
            file("tls_cert_file")?,
            file("tls_key_file")?,
        )?);
    }
    let server = builder
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
