//! gRPC's interop client on couplet: runs one test case, or all of them, against a server.

use std::{io::Write, process::ExitCode, time::Duration};

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
    "use_test_ca",
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
    let client = Client::new(format!("http://{host}:{port}"), soak(&flags)?)?;
    interop::run(&case, &client).await
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
