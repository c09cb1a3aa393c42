//! Calls that are retried between couplet and gRPC's own Python, both ways: counts of attempts, and pushback.

use std::time::Duration;

use couplet::{
    Channel, Code, Request, Response, Server, Status, Trailing,
    config::ServiceConfig,
    metadata::{MetadataMap, MetadataValue},
};
use couplet_tests::interop::proto::{Empty, TestService, TestServiceClient, TestServiceServer};

const CONFIG: &str = r#"{
  "methodConfig": [{
    "name": [{"service": "grpc.testing.TestService"}],
    "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"]}
  }]
}"#;

/// The stories of `setup/retries.py`, told by couplet.
struct Stories;

impl TestService for Stories {
    async fn empty_call(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        let said = |name| request.metadata().get(name)?.to_str().ok();
        let previous = said("grpc-previous-rpc-attempts");
        let previous: u32 = previous.and_then(|text| text.parse().ok()).unwrap_or(0);
        match (said("story"), previous) {
            (Some("twice"), 0 | 1) => return Err(Status::unavailable(format!("after {previous}"))),
            (Some("wait"), 0) => return Err(busy("100")),
            (Some("never"), 0) => return Err(busy("-1")),
            _ => {}
        }
        let mut response = Response::new(request.into_inner());
        let mut trailing = MetadataMap::new();
        trailing.insert("attempts", MetadataValue::from(previous + 1));
        response.extensions_mut().insert(Trailing(trailing));
        Ok(response)
    }
}

fn busy(pushback: &str) -> Status {
    let mut status = Status::unavailable("busy");
    let value = pushback.parse().expect("digits");
    let metadata = status.metadata_mut();
    metadata.insert("grpc-retry-pushback-ms", value);
    status
}

async fn couplet_server() -> u16 {
    let server = Server::builder().add(TestServiceServer::new(Stories));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    tokio::spawn(server.run());
    let (_, port) = address.rsplit_once(':').unwrap();
    port.parse().unwrap()
}

/// Whatever serves the stories there, couplet's client retries as it is told to.
async fn couplet_retries(port: u16) {
    let channel = Channel::builder(format!("http://127.0.0.1:{port}"))
        .service_config(ServiceConfig::from_json(CONFIG).unwrap())
        .connect()
        .await
        .unwrap();
    let client = TestServiceClient::new(channel);
    for (story, attempts, least) in [("twice", "3", 24), ("wait", "2", 100)] {
        let began = tokio::time::Instant::now();
        let call = client.empty_call(Empty::default()).metadata("story", story);
        let answer = call.await.unwrap();
        assert_eq!(answer.metadata().get("attempts").unwrap(), attempts);
        let previous = answer.metadata().get("grpc-previous-rpc-attempts");
        let said: u32 = previous.unwrap().to_str().unwrap().parse().unwrap();
        assert_eq!((said + 1).to_string(), attempts);
        assert!(began.elapsed() >= Duration::from_millis(least), "{story}");
    }
    let call = client.empty_call(Empty::default());
    let failed = call.metadata("story", "never").await.unwrap_err();
    assert_eq!(
        (failed.code(), failed.message()),
        (Code::Unavailable, "busy")
    );
}

#[tokio::test]
async fn couplet_retries_against_itself() {
    couplet_retries(couplet_server().await).await;
}

/// Against gRPC's own Python.
mod foreign {
    use couplet_tests::{
        peers::python,
        program::{Server, run},
    };

    use super::*;

    #[tokio::test]
    async fn couplet_retries_against_grpcs_python_server() {
        let server = Server::start(python("retries.py").arg("serve"), "");
        couplet_retries(server.port).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn grpcs_python_client_retries_against_couplet() {
        let port = couplet_server().await.to_string();
        let call = move || run(python("retries.py").args(["call", &port]));
        let ended = tokio::task::spawn_blocking(call).await.unwrap();
        assert!(ended.success, "{}", ended.said);
        let lines: Vec<Vec<&str>> = ended
            .said
            .lines()
            .map(|line| line.split(' ').collect())
            .collect();
        assert_eq!(lines[0][..3], ["twice", "OK", "3"], "{}", ended.said);
        assert_eq!(lines[1][..3], ["wait", "OK", "2"], "{}", ended.said);
        assert!(lines[1][3].parse::<u32>().unwrap() >= 100, "{}", ended.said);
        assert_eq!(
            lines[2][..3],
            ["never", "UNAVAILABLE", "?"],
            "{}",
            ended.said
        );
    }
}
