//! Endpoints of which nobody knew that they do not fit.

use tokio::task::JoinHandle;
use tonic::Status;

use crate::{
    Channel, Server,
    call::{Call, Invoke, Reply, Service},
    codegen::Contract,
    fixture::{ECHO_2, Handler, echo, say},
    policy::balance::Strategy,
};

/// The same service one major later.
struct Newer;

impl Invoke for Newer {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        echo(call).await
    }
}

impl Contract for Newer {
    const SERVICE: &'static Service = &ECHO_2;
}

async fn serve(service: impl Contract) -> (String, JoinHandle<()>) {
    let server = Server::builder().add(service);
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        let _ = server.run_until(std::future::pending()).await;
    });
    (address, serving)
}

#[tokio::test]
async fn a_call_that_one_endpoint_refuses_for_its_release_goes_to_another_one() {
    let (old, one) = serve(Handler(echo)).await;
    let (new, other) = serve(Newer).await;
    let channel = Channel::builder(format!("static:///{old},{new}"))
        .balancing(Strategy::RoundRobin)
        .connect()
        .await
        .unwrap();
    let stack = channel.stack(&ECHO_2);
    for _ in 0..20 {
        stack.invoke(say(&ECHO_2, "hi")).await.unwrap();
    }
    let transparent = stack.counts().retry.transparent.sum();
    assert!(transparent >= 1, "one was refused");
    // It is remembered, so that not every second call takes the long way.
    assert!(transparent <= 5, "{transparent} were refused");

    // Alone, its refusal is the answer.
    let alone = Channel::connect(format!("static:///{old}")).await.unwrap();
    let status = alone.stack(&ECHO_2).invoke(say(&ECHO_2, "hi")).await;
    assert_eq!(status.unwrap_err().code(), tonic::Code::FailedPrecondition);
    one.abort();
    other.abort();
}
