//! A tool that has no contract of it learns from the server itself what there is to call.

/// With `buf curl`, which asks the server for its descriptors and speaks gRPC with what it learned.
mod foreign {
    use std::process::Command;

    use couplet_tests::{
        peers::peer,
        program::{Ended, Server, run},
    };
    use serde_json::{Value, json};

    const SERVICE: &str = "movies.v1.Movies";

    fn movies() -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_movies"));
        Server::start(
            command.args(["serve", "127.0.0.1:0"]),
            "listens at 127.0.0.1:",
        )
    }

    fn curl(protocol: &str, arguments: &[&str], url: &str) -> Ended {
        let mut command = peer("buf");
        command.args(["curl", "--http2-prior-knowledge", "--protocol=grpc"]);
        command.arg(format!("--reflect-protocol={protocol}"));
        run(command.args(arguments).arg(url))
    }

    fn lists_and_calls(protocol: &str) {
        let server = movies();
        let services = curl(protocol, &["--list-services"], &server.url());
        assert!(services.success, "{}", services.said);
        assert!(
            services.said.lines().any(|line| line == SERVICE),
            "{}",
            services.said
        );

        let methods = curl(protocol, &["--list-methods"], &server.url());
        assert!(
            methods.said.contains("movies.v1.Movies/WatchMovies"),
            "{}",
            methods.said
        );

        let call = |method: &str, request: Value| -> Vec<Value> {
            let url = format!("{}/{SERVICE}/{method}", server.url());
            let called = curl(protocol, &["--data", &request.to_string()], &url);
            assert!(called.success, "{method}: {}", called.said);
            let answers = serde_json::Deserializer::from_str(&called.said).into_iter();
            answers
                .map(|answer| answer.expect("buf prints JSON"))
                .collect()
        };
        let made = call(
            "CreateMovie",
            json!({"movie": {"title": "Metropolis", "year": 1927}}),
        );
        let found = call("GetMovie", json!({"id": made[0]["id"]}));
        assert_eq!(found[0]["title"], "Metropolis");
        call(
            "CreateMovie",
            json!({"movie": {"title": "Solaris", "year": 1972}}),
        );
        assert_eq!(call("ListMovies", json!({})).len(), 2);
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
        let server = movies();
        let url = format!("{}/{SERVICE}/GetMovie", server.url());
        let refused = curl("grpc-v1", &["--data", r#"{"id": 4711}"#], &url);
        assert!(!refused.success);
        assert!(refused.said.contains("not_found"), "{}", refused.said);
    }
}
