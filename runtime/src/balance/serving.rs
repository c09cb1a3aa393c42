//! Asks an endpoint whether it serves, for as long as its connection stands (gRFC A17).
//!
//! The messages of `grpc.health.v1` are as small as they are on the wire: the name of a service is a text in field 1, and a
//! status a number there. An endpoint without a health service is well.

use std::{convert::Infallible, sync::Arc};

use tokio::{sync::watch, time::sleep};
use tonic::{Code, Status};

use super::{Reach, Shared, peer::Peer};
use crate::{
    call::{
        Body, Cache, Call, Idempotency, Kind, Meeting, Message, Method, Policies, Service,
        Streaming,
    },
    clock,
};

/// `SERVING` among the numbers of `grpc.health.v1.HealthCheckResponse.ServingStatus`.
const SERVING: i32 = 1;

/// Whose health is asked for; none if nobody's is.
pub(super) type Asked = watch::Receiver<Option<Arc<str>>>;

static HEALTH: Service = Service {
    name: "grpc.health.v1.Health",
    version: "0.0.0",
    accepts: "",
    wire_since: "",
    schema: "",
    meeting: Meeting::DEFAULT,
    ages: None,
    methods: &METHODS,
    descriptor: &[],
    cache: Cache::new(),
};

static METHODS: [Method; 1] = [Method {
    service: &HEALTH,
    name: "Watch",
    since: "",
    path: "/grpc.health.v1.Health/Watch",
    index: 0,
    kind: Kind::ServerStreaming,
    idempotency: Idempotency::NoSideEffects,
    policies: Policies::UNSET,
}];

/// Tells whether calls may go to a connected `peer`, until it is dropped.
pub(super) async fn attend<L: Reach>(
    peer: &Peer<L>,
    shared: &Shared<L>,
    asked: &mut Asked,
) -> Infallible {
    loop {
        let service = asked.borrow_and_update().clone();
        let changed = asked.changed();
        match service {
            None => {
                peer.up(clock::now());
                shared.stirred.notify_one();
                let _ = changed.await;
            }
            Some(service) => tokio::select! {
                _ = changed => {}
                never = follow(peer, shared, &service) => match never {},
            },
        }
    }
}

/// Follows what the peer says of `service`; asks anew when it has said its last.
async fn follow<L: Reach>(peer: &Peer<L>, shared: &Shared<L>, service: &str) -> Infallible {
    loop {
        let (heard, why) = watch(peer, shared, service).await;
        if why.code() == Code::Unimplemented {
            tracing::debug!(address = %peer.health.name(), "it has no health service, and counts as well");
            put(peer, shared, Ok(()));
            return std::future::pending().await;
        }
        put(
            peer,
            shared,
            Err(format!("its health cannot be asked: {}", why.message())),
        );
        if !heard {
            sleep(peer.link.pause()).await;
        }
    }
}

/// Listens until nothing more comes; whether anything came, and why it ended.
async fn watch<L: Reach>(peer: &Peer<L>, shared: &Shared<L>, service: &str) -> (bool, Status) {
    let mut heard = false;
    let answers = async {
        let message = Message::encode(&service.to_owned())?;
        let call = Call::new(&METHODS[0], Body::One(message, None));
        let reply = peer.link.invoke(call).await?;
        let mut answers = Streaming::<i32>::from_frames(reply.body.into_frames());
        while let Some(status) = answers.message().await? {
            heard = true;
            put(
                peer,
                shared,
                match status {
                    SERVING => Ok(()),
                    _ => Err("it says that it does not serve".to_owned()),
                },
            );
        }
        Err::<Infallible, _>(Status::unavailable("it says no more"))
    };
    match answers.await {
        Ok(never) => match never {},
        Err(why) => (heard, why),
    }
}

/// Notes whether calls may go there.
fn put<L>(peer: &Peer<L>, shared: &Shared<L>, serves: Result<(), String>) {
    match serves {
        Ok(()) if peer.is_ready() => return,
        Ok(()) => peer.up(clock::now()),
        Err(why) => peer.fail(why),
    }
    shared.stirred.notify_one();
}
