//! A channel to a name, over real servers that come and go.

use std::{net::SocketAddr, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use crate::{
    Channel, Server,
    call::Invoke,
    client::Stack,
    discovery::{Endpoint, Memory, Resolver},
    fixture::{ECHO, ECHO_2, Handler, echo, say},
    server::{Drained, ServeError},
};

/// A server that is registered, until it is told to leave.
struct Member {
    address: SocketAddr,
    leave: oneshot::Sender<()>,
    task: JoinHandle<Drained>,
}

impl Member {
    async fn join(memory: &Memory) -> Self {
        let server = Server::builder()
            .add(Handler(echo))
            .register_with(memory.clone())
            .drain_delay(Duration::from_millis(50));
        let server = server.bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let (leave, left) = oneshot::channel();
        let until_left = async {
            let _ = left.await;
        };
        Self {
            address,
            leave,
            task: tokio::spawn(server.run_until(until_left)),
        }
    }

    async fn leave(self) -> Drained {
        self.leave.send(()).unwrap();
        self.task.await.unwrap()
    }
}

/// Waits until the name has so many endpoints.
async fn endpoints(memory: &Memory, many: usize) {
    let mut watch = memory.watch();
    let seen = watch.wait_for(|seen| seen.endpoints.len() == many);
    timeout(Duration::from_secs(10), seen)
        .await
        .unwrap()
        .unwrap();
}

async fn calls(stack: &Stack, times: usize) -> usize {
    let mut answered = 0;
    for _ in 0..times {
        answered += usize::from(stack.invoke(say(&ECHO, "hi")).await.is_ok());
    }
    answered
}

#[tokio::test]
async fn servers_come_and_go_and_no_call_is_lost() {
    let memory = Memory::new();
    let (first, second) = (Member::join(&memory).await, Member::join(&memory).await);
    endpoints(&memory, 2).await;
    let channel = Channel::resolving(memory.service("test.Echo"));
    let stack = channel.connect().await.unwrap().stack(&ECHO);
    assert_eq!(calls(&stack, 50).await, 50);

    let load = tokio::spawn({
        let stack = stack.clone();
        async move { calls(&stack, 2_000).await }
    });
    assert_eq!(first.leave().await, Drained::default());
    let third = Member::join(&memory).await;
    assert_eq!(second.leave().await, Drained::default());
    assert_eq!(load.await.unwrap(), 2_000);
    assert_eq!(calls(&stack, 50).await, 50);
    assert_eq!(third.leave().await, Drained::default());
    endpoints(&memory, 0).await;
}

#[tokio::test]
async fn what_is_registered_is_what_the_contract_says_at_the_bound_address() {
    let memory = Memory::new();
    let member = Member::join(&memory).await;
    endpoints(&memory, 1).await;
    let mut watch = memory.watch();
    let seen = watch
        .wait_for(|seen| seen.is_fresh())
        .await
        .unwrap()
        .clone();
    let expected = Endpoint::of(&ECHO, member.address.to_string());
    assert_eq!(*seen.endpoints[0], expected);
    let _ = member.leave().await;
}

#[tokio::test]
async fn a_client_of_another_major_is_told_what_there_is() {
    let memory = Memory::new();
    let member = Member::join(&memory).await;
    let channel = Channel::resolving(memory.service("test.Echo"));
    let stack = channel.connect().await.unwrap().stack(&ECHO_2);
    let status = stack.invoke(say(&ECHO_2, "hi")).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    let text = status.message();
    assert!(
        text.contains("there are 1.4.2 (for clients from 1.0)"),
        "{text}"
    );
    let _ = member.leave().await;
}

#[tokio::test]
async fn an_address_that_nobody_can_connect_to_is_not_made_known() {
    let server = Server::builder()
        .add(Handler(echo))
        .register_with(Memory::new());
    let error = server.bind("0.0.0.0:0").await.unwrap_err();
    assert!(matches!(error, ServeError::Unadvertised(_)));
    assert!(error.to_string().contains(".advertise("), "{error}");
    let server = Server::builder().add(Handler(echo)).register("zk://a");
    let error = server.bind("127.0.0.1:0").await.unwrap_err().to_string();
    assert!(error.contains("cannot register with `zk://a`"), "{error}");
}
