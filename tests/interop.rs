//! gRPC's interop cases: couplet against itself, and against gRPC's own Python programs, both ways.

use std::process::Command;

use couplet_tests::{
    interop::cases,
    program::{Server, run},
};

fn couplet_server() -> Server {
    Server::start(&mut Command::new(env!("CARGO_BIN_EXE_interop-server")), "")
}

fn couplet_client() -> Command {
    let mut client = Command::new(env!("CARGO_BIN_EXE_interop-client"));
    // A busy machine is no failure of the soak cases.
    client.arg("--soak_per_iteration_max_acceptable_latency_ms=10000");
    client.arg("--soak_overall_timeout_seconds=50");
    client
}

/// Runs each case with a client of its own, and tells all that failed.
fn assert_pass<'a>(
    cases: impl IntoIterator<Item = &'a str>,
    client: impl Fn() -> Command,
    server: &Server,
) {
    let failure = |case: &str| {
        let ended = run(client()
            .arg("--server_host=127.0.0.1")
            .arg(format!("--server_port={}", server.port))
            .arg(format!("--test_case={case}")));
        (!ended.success).then(|| format!("{case}: {}", ended.said))
    };
    let failures: Vec<String> = cases.into_iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// C-core `timeout_on_sleeping_server`.
#[test]
fn couplet_passes_every_case_against_itself() {
    assert_eq!(cases().count(), 20);
    assert_pass(cases(), couplet_client, &couplet_server());
}

#[test]
fn a_case_that_is_not_there_fails() {
    let ended = run(couplet_client().args(["--server_port=1", "--test_case=no_such_case"]));
    assert!(!ended.success);
    assert!(
        ended
            .said
            .contains("unknown test case `no_such_case`; known: empty_unary,"),
        "{}",
        ended.said
    );
}

#[test]
fn a_case_without_a_server_fails() {
    let ended = run(couplet_client().args(["--server_port=1", "--test_case=empty_unary"]));
    assert!(!ended.success);
    assert!(
        ended.said.contains("UNAVAILABLE") || ended.said.contains("unavailable"),
        "{}",
        ended.said
    );
}

/// Against gRPC's Python programs, which have all cases but those of compression and soak.
mod foreign {
    use super::*;
    use couplet_tests::peers::{credential, peer};

    /// Who gRPC's test certificate says that it is.
    const NAME: &str = "--server_host_override=foo.test.google.fr";

    fn shared_cases() -> Vec<&'static str> {
        let shared: Vec<_> = cases()
            .filter(|case| !case.contains("compressed") && !case.ends_with("soak"))
            .collect();
        assert_eq!(shared.len(), 14);
        shared
    }

    fn with_file(command: &mut Command, flag: &str, name: &str) {
        command.arg(format!("--{flag}={}", credential(name).display()));
    }

    fn secure_server() -> Server {
        let mut server = Command::new(env!("CARGO_BIN_EXE_interop-server"));
        server.arg("--use_tls=true");
        with_file(&mut server, "tls_cert_file", "server1.pem");
        with_file(&mut server, "tls_key_file", "server1.key");
        Server::start(&mut server, "")
    }

    fn secure_client() -> Command {
        let mut client = couplet_client();
        client.args(["--use_tls=true", NAME]);
        with_file(&mut client, "ca_file", "ca.pem");
        client
    }

    /// C-core `timeout_on_sleeping_server`.
    #[test]
    fn couplet_serves_grpcs_python_client() {
        assert_pass(
            shared_cases(),
            || peer("grpc-python-client"),
            &couplet_server(),
        );
    }

    /// C-core `timeout_on_sleeping_server`.
    #[test]
    fn couplet_calls_grpcs_python_server() {
        let server = Server::start(&mut peer("grpc-python-server"), "");
        assert_pass(shared_cases(), couplet_client, &server);
    }

    #[test]
    fn couplet_serves_grpcs_python_client_over_tls() {
        let client = || {
            let mut client = peer("grpc-python-client");
            client.args(["--use_tls=true", "--use_test_ca=true", NAME]);
            client
        };
        assert_pass(shared_cases(), client, &secure_server());
    }

    #[test]
    fn couplet_calls_grpcs_python_server_over_tls() {
        let server = Server::start(peer("grpc-python-server").arg("--use_tls=true"), "");
        assert_pass(shared_cases(), secure_client, &server);
    }

    #[test]
    fn couplet_passes_every_case_against_itself_over_tls() {
        assert_pass(cases(), secure_client, &secure_server());
    }
}
