//! A contract's policies, exported as a service config, in the hands of clients that know nothing of the contract.
//!
//! The config is what the build script of these tests writes, from `fixtures/obeyed/obeyed.proto`, as any build may.

use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use couplet::{
    Request, Response, Server, Status, config::ServiceConfig, policy::retry::ThrottleConfig,
};
use couplet_tests::contracts::obeyed::v1::{Nothing, Obeyed, ObeyedServer};

/// As clients are to be given it.
const EXPORTED: &str = include_str!(concat!(env!("OUT_DIR"), "/service_config.json"));

/// One attempt, as the server saw it.
#[derive(Debug)]
struct Attempt {
    story: String,
    /// How many it says that there were before it.
    previous: u32,
}

/// Does what a call's `story` says, by its first word, and writes down every attempt.
#[derive(Debug, Clone, Default)]
struct Stories(Arc<Mutex<Vec<Attempt>>>);

impl Stories {
    async fn tell(&self, request: &Request<Nothing>) -> Result<Response<Nothing>, Status> {
        let said = |name| request.metadata().get(name)?.to_str().ok();
        let previous = said("grpc-previous-rpc-attempts").and_then(|text| text.parse().ok());
        let (story, previous) = (said("story").unwrap_or_default(), previous.unwrap_or(0));
        self.0.lock().unwrap().push(Attempt {
            story: story.to_owned(),
            previous,
        });
        match (story.split('-').next(), previous) {
            (Some("twice"), 0 | 1) | (Some("always"), _) => Err(Status::unavailable("as asked")),
            (Some("aborted"), 0) => Err(Status::aborted("a conflict")),
            (Some("missing"), _) => Err(Status::not_found("and it will not be there")),
            (Some("hangs"), _) => pending().await,
            _ => Ok(Response::new(Nothing::default())),
        }
    }

    /// What each attempt of a story said of those before it.
    fn attempts(&self, story: &str) -> Vec<u32> {
        let attempts = self.0.lock().unwrap();
        let of_it = attempts.iter().filter(|attempt| attempt.story == story);
        of_it.map(|attempt| attempt.previous).collect()
    }

    async fn serve(&self) -> String {
        let server = Server::builder().add(ObeyedServer::new(self.clone()));
        let server = server.bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap().to_string();
        tokio::spawn(server.run());
        let (_, port) = address.rsplit_once(':').unwrap();
        port.to_owned()
    }
}

impl Obeyed for Stories {
    async fn retried(&self, request: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        self.tell(&request).await
    }

    async fn defaults(&self, request: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        self.tell(&request).await
    }

    async fn hedged(&self, request: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        self.tell(&request).await
    }

    async fn brief(&self, request: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        self.tell(&request).await
    }

    async fn silent(&self, request: Request<Nothing>) -> Result<Response<Nothing>, Status> {
        self.tell(&request).await
    }
}

/// What others are handed has our fields in it, or it would not show that they pass over them.
#[test]
fn what_is_exported_is_read_back_without_a_warning_and_says_what_only_we_know() {
    let config = ServiceConfig::from_json(EXPORTED).unwrap();
    assert_eq!(config.warnings(), []);
    for ours in [
        "perAttemptRecvTimeout",
        "hedgingDelayPercentile",
        "maxExtraLoad",
        "circuitBreaker",
        "bulkhead",
        "rateLimit",
    ] {
        assert!(EXPORTED.contains(ours), "{ours} is not in {EXPORTED}");
    }
}

/// In the hands of gRPC's own Python.
mod foreign {
    use couplet_tests::{peers::python, program::run};

    use super::*;

    /// Makes calls by method and story; how each ended, and after how many milliseconds.
    async fn python_calls(
        served: &Stories,
        config: &str,
        calls: &[(&str, &str)],
    ) -> Vec<(String, u64)> {
        let paths = calls
            .iter()
            .map(|(method, story)| format!("/obeyed.v1.Obeyed/{method}={story}"));
        let mut command = python("exported.py");
        command.args([&served.serve().await, config]).args(paths);
        let ended = tokio::task::spawn_blocking(move || run(&mut command)).await;
        let ended = ended.unwrap();
        assert!(ended.success, "{}", ended.said);
        let line = |line: &str| {
            let (code, millis) = line.split_once(' ').unwrap();
            (code.to_owned(), millis.parse().unwrap())
        };
        ended.said.lines().map(line).collect()
    }

    fn codes(answers: &[(String, u64)]) -> Vec<&str> {
        answers.iter().map(|(code, _)| code.as_str()).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn grpcs_python_sends_again_what_the_exported_contract_says_and_as_often() {
        let served = Stories::default();
        let calls = [
            ("Retried", "twice"),
            ("Retried", "always"),
            ("Retried", "aborted"),
            ("Retried", "missing"),
            ("Defaults", "always-by-default"),
            ("Brief", "always-once"),
            ("Silent", "always-silent"),
            ("Hedged", "well"),
        ];
        let answers = python_calls(&served, EXPORTED, &calls).await;
        assert_eq!(
            codes(&answers),
            [
                "OK",
                "UNAVAILABLE",
                "OK",
                "NOT_FOUND",
                "UNAVAILABLE",
                "UNAVAILABLE",
                "UNAVAILABLE",
                "OK"
            ]
        );
        assert_eq!(served.attempts("twice"), [0, 1, 2]);
        assert_eq!(served.attempts("always"), [0, 1, 2, 3]);
        assert_eq!(served.attempts("aborted"), [0, 1]);
        assert_eq!(served.attempts("missing"), [0]);
        // What the contract leaves open is three attempts, and no policy is one.
        assert_eq!(served.attempts("always-by-default"), [0, 1, 2]);
        assert_eq!(served.attempts("always-once"), [0]);
        assert_eq!(served.attempts("always-silent"), [0]);
        assert_eq!(served.attempts("well"), [0]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn grpcs_python_gives_up_when_the_exported_contract_says() {
        let served = Stories::default();
        let answers = python_calls(&served, EXPORTED, &[("Brief", "hangs")]).await;
        assert_eq!(codes(&answers), ["DEADLINE_EXCEEDED"]);
        // Of 3 s, which gRPC's core counts from one to two seconds before the call began (grpc/grpc#34547).
        assert!((900..4_000).contains(&answers[0].1), "{answers:?}");
        assert_eq!(served.attempts("hangs"), [0]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn grpcs_python_stops_sending_again_when_the_exported_throttle_says() {
        let throttle = ThrottleConfig {
            max_tokens: 4,
            ..ThrottleConfig::default()
        };
        let config = ServiceConfig::from_json(EXPORTED).unwrap();
        let config = config.throttling(throttle).to_json();
        let served = Stories::default();
        let calls = [("Retried", "always-first"), ("Retried", "always-then")];
        let answers = python_calls(&served, &config, &calls).await;
        assert_eq!(codes(&answers), ["UNAVAILABLE", "UNAVAILABLE"]);
        // Of four tokens the first failure leaves three, which is more than half, and the second one two, which is not.
        assert_eq!(served.attempts("always-first"), [0, 1]);
        assert_eq!(served.attempts("always-then"), [0]);
    }
}
