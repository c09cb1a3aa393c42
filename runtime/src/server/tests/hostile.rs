//! Clients that do what they should not, and what they may: each gets its answer, and the next call works.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn a_version_of_hostile_size_or_content_is_an_invalid_argument_of_few_words() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let long = |text: &str| text.repeat(2 << 10).into_bytes();
    let hostile = [
        long("."),
        long("9"),
        long("\u{1f3ac}"),
        b"1.4.2, 1.4.2".to_vec(),
        b"01.4.2".to_vec(),
        b"\xff\xfe".to_vec(),
        b"18446744073709551616.0.0".to_vec(),
    ];
    for version in hostile {
        let mut request = request(SAY, &[]);
        let value = http::HeaderValue::from_bytes(&version).unwrap();
        request.headers_mut().insert("x-api-version", value);
        let answer = client.try_send(request, &[framed("hi")]).await;
        let refused = super::read(answer.unwrap()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().len() < 600, "{refused}");
    }
    let twice = [("x-api-version", "1.4.2"), ("x-api-version", "1.4.2")];
    let twice = client.call(SAY, &twice, "hi").await.unwrap_err();
    assert_eq!(twice.code(), Code::InvalidArgument);
    assert!(twice.message().contains("more than once"), "{twice}");
}

#[tokio::test]
async fn what_is_not_grpc_gets_the_answer_of_plain_http() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;

    let mut get = request(SAY, &[]);
    *get.method_mut() = http::Method::GET;
    let refused = client.send(get, &[]).await;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers()["allow"], "POST");

    for wrong in [
        "application/json",
        "application/grpc-web",
        "application/grpcx",
    ] {
        let mut json = request(SAY, &[]);
        json.headers_mut()
            .insert("content-type", wrong.parse().unwrap());
        let refused = client.send(json, &[framed("hi")]).await;
        assert_eq!(
            refused.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{wrong}"
        );
    }
    let mut bare = request(SAY, &[]);
    bare.headers_mut().remove("content-type");
    let refused = client.send(bare, &[framed("hi")]).await;
    assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);

    assert_eq!(client.say("still here").await.unwrap(), "still here");
}

#[tokio::test]
async fn an_unknown_path_is_unimplemented_and_names_what_there_is() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let refused = client
        .call("/test.Echo/Shout", &[], "hi")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(
        refused.message(),
        "unknown method `Shout` of test.Echo 1.4.2; known: Say, Repeat"
    );
    let refused = client.call("/test.Other/Say", &[], "hi").await.unwrap_err();
    assert_eq!(
        refused.message(),
        "unknown service `test.Other`; known: test.Echo"
    );
    for path in ["/", "/test.Echo", "/test.Echo/", "//", "/a/b/c"] {
        let refused = client.call(path, &[], "hi").await;
        assert_eq!(code(refused), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn a_malformed_head_is_refused_before_the_handler() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let timeout = client.call(SAY, &[("grpc-timeout", "5 s")], "hi").await;
    assert_eq!(code(timeout), Code::Internal);
    let unknown = request(SAY, &[("grpc-encoding", "snappy")]);
    let refused = client.send(unknown, &[framed("hi")]).await;
    if let Some(readable) = crate::call::Encoding::ACCEPTED {
        assert_eq!(refused.headers()["grpc-accept-encoding"], readable);
    }
    assert_eq!(code(read(refused).await), Code::Unimplemented);
    assert_eq!(server.probe.served.load(Ordering::Relaxed), 0);
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test]
async fn a_unary_call_is_one_whole_message_within_the_limit() {
    let server = Running::start(|builder| builder.receive_limit(100)).await;
    let client = server.client().await;
    let send = async |body: &[Bytes]| read(client.send(request(SAY, &[]), body).await).await;

    let two = send(&[framed("one"), framed("two")]).await;
    assert_eq!(code(two), Code::Unimplemented);
    assert_eq!(code(send(&[]).await), Code::Unimplemented);
    let cut = framed("cut in the middle").slice(..9);
    assert_eq!(code(send(&[cut]).await), Code::Internal);
    let large = framed(&"x".repeat(101));
    assert_eq!(code(send(&[large]).await), Code::ResourceExhausted);
    let lie = Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff, 1]);
    assert_eq!(code(send(&[lie]).await), Code::ResourceExhausted);
    assert_eq!(server.probe.served.load(Ordering::Relaxed), 0);
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test]
async fn an_answer_over_the_send_limit_is_not_sent() {
    let server = Running::start(|builder| builder.send_limit(10)).await;
    let client = server.client().await;
    assert_eq!(
        code(client.say("more than ten bytes").await),
        Code::ResourceExhausted
    );
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test]
async fn a_panic_is_internal_for_its_call_alone() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.say("wait").await }
    });
    server.probe.begun(1).await;
    assert_eq!(code(client.say("panic").await), Code::Internal);
    server.probe.leave.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "wait");
}

#[tokio::test]
async fn a_cancelled_call_drops_its_handler() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let (response, mut send) = client
        .0
        .clone()
        .send_request(request(SAY, &[]), false)
        .unwrap();
    send.send_data(framed("hang"), true).unwrap();
    server.probe.begun(1).await;
    send.send_reset(h2::Reason::CANCEL);
    server.probe.dropped(1).await;
    drop(response);
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_calls_with_it() {
    let server = Running::start(|builder| builder).await;
    let (client, connection) = h2::client::handshake(server.socket().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let client = Client(client);
    let hanging = client.say("hang");
    let streaming = client.call(REPEAT, &[], "forever");
    tokio::select! {
        _ = hanging => unreachable!("it hangs"),
        _ = streaming => unreachable!("it never ends"),
        () = server.probe.begun(2) => {}
    }
    connection.abort();
    server.probe.dropped(2).await;
}

#[tokio::test]
async fn fifty_calls_cancelled_in_one_burst_leave_the_connection_as_it_was() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    for _ in 0..50 {
        let (_, mut send) = client
            .0
            .clone()
            .send_request(request(SAY, &[]), false)
            .unwrap();
        send.send_reset(h2::Reason::CANCEL);
    }
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_and_a_dripping_one_are_dropped() {
    let server = Running::start(|builder| builder).await;
    let begun = tokio::time::Instant::now();
    let (mut silent, mut dripping) = (server.socket().await, server.socket().await);
    let drip = async {
        for byte in b"PRI * HTTP/2.0\r\n\r\nSM" {
            let next = dripping.read_u8();
            match tokio::time::timeout(std::time::Duration::from_secs(1), next).await {
                Err(_) => dripping.write_u8(*byte).await.unwrap(),
                Ok(gone) => return gone.unwrap_err(),
            }
        }
        panic!("it was served for longer than a handshake may take");
    };
    let (silent, _) = tokio::join!(silent.read_u8(), drip);
    assert!(silent.is_err());
    assert!(begun.elapsed().as_secs() <= 11, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn http_1_is_turned_away_at_once() {
    let server = Running::start(|builder| builder).await;
    let mut socket = server.socket().await;
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // A reset is as good an end as a clean one.
    let _ = socket.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    assert!(server.client().await.say("hi").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_dead_client_is_noticed_by_its_silence() {
    let server = Running::start(|builder| builder).await;
    let (client, connection) = h2::client::handshake(server.socket().await).await.unwrap();
    let client = Client(client);
    let mut connection = Box::pin(connection);
    let hanging = client.say("hang");
    tokio::select! {
        _ = hanging => unreachable!("it hangs"),
        _ = &mut connection => unreachable!("it is open"),
        () = server.probe.begun(1) => {}
    }
    // From here on nobody polls the client's connection, so that its pings stay unanswered.
    server.probe.dropped(1).await;
}

#[tokio::test]
async fn headers_over_the_limit_are_refused_and_the_next_call_works() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let large = "x".repeat(20 << 10);
    let refused = client.send(request(SAY, &[("a", &large)]), &[]).await;
    assert_eq!(
        refused.status(),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
    assert!(client.say("hi").await.is_ok());
}

#[tokio::test]
async fn connections_beyond_the_most_wait_for_room() {
    let server = Running::start(|builder| builder.max_connections(1)).await;
    let first = server.client().await;
    assert!(first.say("hi").await.is_ok());
    let second = tokio::spawn({
        let socket = server.socket().await;
        async move { Client::over(socket).await.say("second").await }
    });
    // The first is served while the second waits.
    for _ in 0..20 {
        assert!(first.say("hi").await.is_ok());
    }
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.unwrap().unwrap(), "second");
}
