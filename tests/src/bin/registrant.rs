//! Registers one endpoint and keeps it registered, until its input ends or it is killed: `registrant REGISTRY ADDRESS SERVICE`.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use couplet::discovery::{Endpoint, registry};
use couplet_tests::interop::Failure;

#[tokio::main]
async fn main() -> ExitCode {
    match keep().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "registrant: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn keep() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [target, address, service] = &words[..] else {
        return Err("write registrant REGISTRY ADDRESS SERVICE"
            .to_owned()
            .into());
    };
    let mut endpoint = Endpoint::new(address);
    endpoint.service.clone_from(service);
    let registration = registry(target)?.register(endpoint).await?;
    writeln!(std::io::stdout(), "registered {address}")?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    registration.withdraw().await?;
    Ok(())
}
