//! The standard services: health while a server lives and when it drains, and reflection of what it serves.

use super::{peers::channel, *};

#[cfg(feature = "health")]
#[tokio::test]
async fn health_says_serving_until_the_drain_and_ends_its_watchers() {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

    let server = Running::start(Builder::health).await;
    let mut client = HealthClient::new(channel(&server).await);
    let of = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    for service in ["", "test.Echo"] {
        let health = client.check(of(service)).await.unwrap().into_inner();
        assert_eq!(health.status, 1, "{service}");
    }
    let mut watched = client.watch(of("test.Echo")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
    server.stop.send(()).unwrap();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 2);
    assert!(watched.message().await.unwrap().is_none());
    assert_eq!(server.ended.await.unwrap(), Drained::default());
}

#[cfg(feature = "health")]
#[tokio::test(start_paused = true)]
async fn health_says_what_probes_are_told() {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

    let readiness = crate::server::Readiness::default();
    let database = readiness.condition("database");
    let configure = |builder: Builder| {
        let delay = Duration::from_secs(5);
        builder.health().readiness(readiness).drain_delay(delay)
    };
    let server = Running::start(configure).await;
    let mut client = HealthClient::new(channel(&server).await);
    let mut watched = Vec::new();
    for service in ["", "test.Echo"] {
        let of = HealthCheckRequest {
            service: service.to_owned(),
        };
        watched.push(client.watch(of).await.unwrap().into_inner());
    }
    let mut told = async || {
        let mut told = Vec::new();
        for watched in &mut watched {
            told.push(watched.message().await.unwrap().map(|health| health.status));
        }
        told
    };
    let (serving, not_serving) = (vec![Some(1); 2], vec![Some(2); 2]);
    assert_eq!(told().await, not_serving, "the database is missing");
    database.met();
    assert_eq!(told().await, serving);
    let stopped = tokio::time::Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(told().await, not_serving, "before the drain");
    assert!(stopped.elapsed() < Duration::from_secs(5));
    assert_eq!(server.ended.await.unwrap(), Drained::default());
}

#[cfg(all(feature = "health", feature = "reflection"))]
#[tokio::test]
async fn reflection_v1_lists_what_is_served_and_knows_its_files() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };

    let server = Running::start(|builder| builder.health().reflection()).await;
    let mut client = ServerReflectionClient::new(channel(&server).await);
    let asked = [
        MessageRequest::ListServices(String::new()),
        MessageRequest::FileContainingSymbol("grpc.health.v1.Health".to_owned()),
    ];
    let asked = asked.map(|request| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    });
    let answers = client.server_reflection_info(stream::iter(asked)).await;
    let mut answers = answers.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list: {answer:?}");
    };
    let mut names: Vec<_> = list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    names.sort();
    let expected = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "test.Echo",
    ];
    assert_eq!(names, expected);
    let answer = answers.message().await.unwrap().unwrap();
    let file = answer.message_response;
    assert!(
        matches!(file, Some(MessageResponse::FileDescriptorResponse(_))),
        "{file:?}"
    );
}

#[cfg(feature = "reflection")]
#[tokio::test]
async fn reflection_v1alpha_answers_those_who_know_no_other() {
    use tonic_reflection::pb::v1alpha::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };

    let server = Running::start(Builder::reflection).await;
    let mut client = ServerReflectionClient::new(channel(&server).await);
    let asked = [ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    }];
    let answers = client.server_reflection_info(stream::iter(asked)).await;
    let answer = answers.unwrap().into_inner().message().await.unwrap();
    assert!(format!("{answer:?}").contains("test.Echo"), "{answer:?}");
}
