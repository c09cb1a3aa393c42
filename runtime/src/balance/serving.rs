//! Asks an endpoint whether it serves, for as long as its connection stands (gRFC A17).
//!
//! The messages of `grpc.health.v1` are as small as they are on the wire: the name of a service is a text in field 1, and a
//! status a number there. An endpoint without a health service is well.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};
use tonic::{Code, Status};

use super::{Reach, Shared, peer::Peer};
use crate::{
    call::{
        Body, Cache, Call, Idempotency, Kind, Meeting, Message, Method, Policies, Service,
        Streaming,
    },
    clock,
    policy::backoff::Backoff,
};

/// `SERVING` among the numbers of `grpc.health.v1.HealthCheckResponse.ServingStatus`.
const SERVING: i32 = 1;

/// The pauses between two watches.
const PAUSES: Backoff = Backoff {
    initial: Duration::from_millis(200),
    multiplier: 1.6,
    max: Duration::from_secs(30),
    jitter: 0.2,
};

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
    let mut failures = 0;
    loop {
        let begun = clock::now();
        let why = watch(peer, shared, service).await;
        if clock::now().saturating_duration_since(begun) > PAUSES.max {
            failures = 0;
        }
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
        // Whoever answers, and says nothing that can be used, is not asked without end.
        sleep(PAUSES.wait(failures, fastrand::f64())).await;
        failures = failures.saturating_add(1);
    }
}

/// Listens until nothing more comes; why it ended.
async fn watch<L: Reach>(peer: &Peer<L>, shared: &Shared<L>, service: &str) -> Status {
    let answers = async {
        let message = Message::encode(&service.to_owned())?;
        let call = Call::new(&METHODS[0], Body::One(message, None));
        let reply = peer.link.invoke(call).await?;
        let mut answers = Streaming::<i32>::from_frames(reply.body.into_frames());
        while let Some(status) = answers.message().await? {
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
        Err(why) => why,
    }
}

/// Notes whether calls may go there.
fn put<L>(peer: &Peer<L>, shared: &Shared<L>, serves: Result<(), String>) {
    match serves {
        Ok(()) if peer.is_ready() => return,
        Ok(()) => peer.up(clock::now()),
        Err(why) if peer.why_not().as_ref() == Some(&why) => return,
        Err(why) => peer.fail(why),
    }
    shared.stirred.notify_one();
}
