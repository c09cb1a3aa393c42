//! The end of a server: what was accepted may finish, nothing new begins, and it is over when it said it would be.

use tokio::io::AsyncReadExt;

use super::*;

#[tokio::test]
async fn a_drain_lets_accepted_calls_finish_and_refuses_new_connections() {
    let server = Running::start(|builder| builder).await;
    let client = server.client().await;
    let waiting = tokio::spawn(async move { client.say("wait").await });
    server.probe.begun(1).await;
    let mut idle = server.socket().await;

    server.stop.send(()).unwrap();
    // The listener is gone as soon as connections are refused, and a client without a preface is not waited for.
    while TcpStream::connect(server.address).await.is_ok() {}
    assert!(idle.read_u8().await.is_err());

    server.probe.leave.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "wait");
    assert_eq!(server.ended.await.unwrap(), Drained::default());
}

#[tokio::test]
async fn of_a_hundred_calls_in_flight_a_drain_loses_none() {
    let server = Running::start(|builder| builder).await;
    let clients = [server.client().await, server.client().await];
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let client = clients[number % 2].clone();
            tokio::spawn(async move { client.say("wait").await })
        })
        .collect();
    server.probe.begun(100).await;
    server.stop.send(()).unwrap();
    server.probe.leave.add_permits(100);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "wait");
    }
    assert_eq!(server.ended.await.unwrap(), Drained::default());
}

#[tokio::test]
async fn clients_are_told_to_go_elsewhere() {
    let server = Running::start(|builder| builder).await;
    let (client, connection) = h2::client::handshake(server.socket().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let client = Client(client);
    assert!(client.say("hi").await.is_ok());
    server.stop.send(()).unwrap();
    // A GOAWAY that names no error ends an idle connection well.
    connection.await.unwrap().unwrap();
    assert_eq!(server.ended.await.unwrap(), Drained::default());
}

#[tokio::test(start_paused = true)]
async fn what_outlasts_the_drain_is_cut_and_counted() {
    let drain = Duration::from_secs(5);
    let server = Running::start(|builder| builder.drain_timeout(drain)).await;
    let client = server.client().await;
    let calls = ["hang", "forever", "hang"].map(|text| {
        let client = client.clone();
        tokio::spawn(async move { client.call(SAY, &[], text).await })
    });
    server.probe.begun(3).await;
    let stopped = tokio::time::Instant::now();
    server.stop.send(()).unwrap();
    let cut = server.ended.await.unwrap();
    assert_eq!((cut.connections_cut, cut.calls_cut), (1, 3));
    let took = stopped.elapsed();
    assert!(
        took >= drain && took < drain + Duration::from_secs(1),
        "{took:?}"
    );
    server.probe.dropped(3).await;
    for call in calls {
        assert_eq!(code(call.await.unwrap()), Code::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn for_as_long_as_the_delay_says_nobody_is_refused() {
    let delay = Duration::from_secs(3);
    let server = Running::start(|builder| builder.drain_delay(delay)).await;
    let old = server.client().await;
    let stopped = tokio::time::Instant::now();
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(old.say("hi").await.unwrap(), "hi");
    let new = Client::over(TcpStream::connect(server.address).await.unwrap()).await;
    assert_eq!(new.say("hi").await.unwrap(), "hi");
    assert_eq!(server.ended.await.unwrap(), Drained::default());
    assert!(stopped.elapsed() >= delay);
    assert!(TcpStream::connect(server.address).await.is_err());
}
