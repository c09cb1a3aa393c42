//! gRPC's interop client on couplet: runs one test case, or all of them, against a server.

use std::{fs, io::Write, process::ExitCode, time::Duration};

use couplet::client::ClientTls;
use couplet_tests::{
    flags::{FlagError, Flags},
    interop::{self, Client, Failure, Soak},
};

const FLAGS: &[&str] = &[
    "server_host",
    "server_port",
    "server_host_override",
    "test_case",
    "use_tls",
    "ca_file",
    "soak_iterations",
    "soak_max_failures",
    "soak_per_iteration_max_acceptable_latency_ms",
    "soak_overall_timeout_seconds",
    "soak_request_size",
    "soak_response_size",
    "soak_min_time_ms_between_rpcs",
];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "interop-client: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let flags = Flags::read(std::env::args().skip(1), FLAGS)?;
    let host = flags.value("server_host", "127.0.0.1".to_owned())?;
    let port: u16 = flags.value("server_port", 0)?;
    let case = flags.value("test_case", "large_unary".to_owned())?;
    let tls = tls(&flags)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let client = Client::new(format!("{scheme}://{host}:{port}"), tls, soak(&flags)?)?;
    interop::run(&case, &client).await
}

fn tls(flags: &Flags) -> Result<Option<ClientTls>, Failure> {
    if !flags.value("use_tls", false)? {
        return Ok(None);
    }
    let roots = flags.value("ca_file", String::new())?;
    let tls = ClientTls::new().roots(read(&roots)?);
    let name = flags.value("server_host_override", String::new())?;
    Ok(Some(if name.is_empty() {
        tls
    } else {
        tls.server_name(name)
    }))
}

fn read(path: &str) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| format!("`{path}`: {error}").into())
}

fn soak(flags: &Flags) -> Result<Soak, FlagError> {
    let usual = Soak::default();
    let millis = |name, otherwise: Duration| {
        let otherwise = u64::try_from(otherwise.as_millis()).unwrap_or(u64::MAX);
        flags.value(name, otherwise).map(Duration::from_millis)
    };
    Ok(Soak {
        iterations: flags.value("soak_iterations", usual.iterations)?,
        max_failures: flags.value("soak_max_failures", usual.max_failures)?,
        max_latency: millis(
            "soak_per_iteration_max_acceptable_latency_ms",
            usual.max_latency,
        )?,
        overall: Duration::from_secs(
            flags.value("soak_overall_timeout_seconds", usual.overall.as_secs())?,
        ),
        request_size: flags.value("soak_request_size", usual.request_size)?,
        response_size: flags.value("soak_response_size", usual.response_size)?,
        pace: millis("soak_min_time_ms_between_rpcs", usual.pace)?,
    })
}
