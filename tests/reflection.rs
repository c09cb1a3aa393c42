//! What a tool learns of a server that it has no contract of.

/// With `buf curl`, which asks the server for its descriptors and speaks gRPC with what it learned.
mod foreign {
    use std::process::Command;

    use couplet_tests::{
        peers::peer,
        program::{Ended, Server, run},
    };

    const SERVICE: &str = "grpc.testing.TestService";

    fn server() -> Server {
        Server::start(&mut Command::new(env!("CARGO_BIN_EXE_interop-server")))
    }

    fn curl(protocol: &str, arguments: &[&str], url: &str) -> Ended {
        let mut command = peer("buf");
        command.args(["curl", "--http2-prior-knowledge", "--protocol=grpc"]);
        command
            .arg(format!("--reflect-protocol={protocol}"))
            .args(arguments)
            .arg(url);
        run(&mut command)
    }

    fn lists_and_calls(protocol: &str) {
        let server = server();
        let listed = curl(protocol, &["--list-services"], &server.url());
        assert!(listed.success, "{}", listed.said);
        assert!(
            listed.said.lines().any(|line| line == SERVICE),
            "{}",
            listed.said
        );

        let methods = curl(protocol, &["--list-methods"], &server.url());
        assert!(
            methods.said.contains(&format!("{SERVICE}/UnaryCall")),
            "{}",
            methods.said
        );

        let request = r#"{"response_size": 3, "payload": {"body": "AAAA"}}"#;
        let url = format!("{}/{SERVICE}/UnaryCall", server.url());
        let called = curl(protocol, &["--data", request], &url);
        assert!(called.success, "{}", called.said);
        let answer: serde_json::Value =
            serde_json::from_str(&called.said).expect("buf prints JSON");
        assert_eq!(answer, serde_json::json!({"payload": {"body": "AAAA"}}));
    }

    #[test]
    fn buf_lists_and_calls_through_reflection_v1() {
        lists_and_calls("grpc-v1");
    }

    #[test]
    fn buf_lists_and_calls_through_reflection_v1alpha() {
        lists_and_calls("grpc-v1alpha");
    }

    #[test]
    fn buf_is_told_what_went_wrong() {
        let server = server();
        let request = r#"{"response_status": {"code": 9, "message": "not today"}}"#;
        let url = format!("{}/{SERVICE}/UnaryCall", server.url());
        let called = curl("grpc-v1", &["--data", request], &url);
        assert!(!called.success);
        assert!(
            called.said.contains("failed_precondition"),
            "{}",
            called.said
        );
        assert!(called.said.contains("not today"), "{}", called.said);
    }
}
