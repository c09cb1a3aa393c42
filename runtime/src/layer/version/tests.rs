//! Two ends of some releases, and what they say to each other.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Calling, Serving, refusal::refuse};
use crate::call::{
    Announced, Body, Cache, Call, Invoke, Mark, Meeting, Peer, Release, Reply, Service, headers,
};
use crate::fixture::{ECHO, ECHO_2, Handler, NEWER, STRICT, UNVERSIONED, echo, say};
use crate::policy::{seen::Seen, version::Misfit};

/// A client of one release over a server of 1.4.2.
fn pair<I: Invoke>(server: I) -> Calling<Serving<I>> {
    Calling::new(Serving::new(server, Arc::default()), Arc::default())
}

struct AsEcho<I>(I);

/// Hands a call of any release to the server's own method.
impl<I: Invoke> Invoke for AsEcho<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        call.method = &ECHO.methods[0];
        self.0.invoke(call).await
    }
}

#[tokio::test]
async fn two_ends_that_fit_say_their_releases_to_each_other() {
    let stack = pair(Handler(|call: Call| async move {
        assert_eq!(call.announced.range().unwrap().version.to_string(), "1.4.2");
        echo(call).await
    }));
    let reply = stack.invoke(say(&ECHO, "hi")).await.unwrap();
    assert_eq!(reply.announced.range().unwrap().min.to_string(), "1.0");
    assert_eq!(stack.counts.fitting.sum(), 1);
    assert_eq!(stack.inner.counts.fitting.sum(), 1);
}

#[tokio::test]
async fn a_client_of_another_major_is_refused_before_the_handler_with_everything_it_needs() {
    let server = Handler(|_| async { panic!("refused before the handler") });
    let server = Serving::new(server, Arc::default());
    let stack = Calling::new(AsEcho(server), Arc::default());
    let status = stack.invoke(say(&ECHO_2, "hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(
        status.message().contains("client 2.0.0 and server 1.4.2"),
        "{status}"
    );
    assert_eq!(Mark::of(&status), Some(Mark::Incompatible));
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        (info.reason.as_str(), info.domain.as_str()),
        ("API_MAJOR_MISMATCH", "couplet")
    );
    assert_eq!(info.metadata["supported"], "1.0-1.4");
    let violation = &status
        .get_details_precondition_failure()
        .unwrap()
        .violations[0];
    assert_eq!(
        (violation.r#type.as_str(), violation.subject.as_str()),
        ("API_VERSION", "test.Echo")
    );
    assert_eq!(status.metadata().get("x-api-version").unwrap(), "1.4.2");
    assert_eq!(
        status.metadata().get("grpc-retry-pushback-ms").unwrap(),
        "-1"
    );
}

#[tokio::test]
async fn a_server_that_did_not_check_is_checked_by_the_client() {
    let careless = Handler(|call: Call| async move {
        Ok(Reply {
            announced: Announced::Own(&ECHO_2.release().server),
            ..echo(call).await?
        })
    });
    let stack = Calling::new(careless, Arc::default());
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(Mark::of(&status), Some(Mark::Incompatible));
    assert_eq!(stack.counts.refused.sum(), 1);
}

#[tokio::test]
async fn how_another_service_refused_the_server_is_not_how_the_server_refuses() {
    let stack = pair(Handler(|call: Call| async move {
        let theirs = call.announced.range().unwrap();
        let refused = refuse(&OTHER, theirs, theirs, Misfit::Major);
        let details = refused.details().to_vec().into();
        Err(Status::with_details(refused.code(), "as received", details))
    }));
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(Mark::of(&status), None);
    assert_eq!(
        [stack.counts.fitting.sum(), stack.counts.refused.sum()],
        [1, 0]
    );
}

static OTHER: Service = Service {
    name: "test.Other",
    version: "1.0.0",
    accepts: "",
    wire_since: "",
    schema: "",
    meeting: Meeting::DEFAULT,
    ages: None,
    methods: &[],
    descriptor: &[],
    cache: Cache::new(),
};

#[tokio::test]
async fn a_peer_that_says_nothing_is_served_and_counted() {
    let stack = Serving::new(Handler(echo), Arc::default());
    stack.invoke(say(&ECHO, "hi")).await.unwrap();
    assert_eq!(stack.counts.unsaid.sum(), 1);
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_refused_where_the_contract_asks_for_a_version() {
    let handler = Handler(|_| async { panic!("refused before the handler") });
    let stack = Serving::new(handler, Arc::default());
    let refused = stack.invoke(say(&STRICT, "hi")).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(
        refused.message(),
        "test.Echo: callers must say their version, in x-api-version; served: 1.4.2 (clients 1.0 to 1.4)"
    );
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "API_VERSION_REQUIRED");
    assert_eq!(info.metadata["supported"], "1.0-1.4");
    assert_eq!(stack.counts.unsaid.sum() + stack.counts.refused.sum(), 2);

    let stack = pair(Handler(echo));
    stack.invoke(say(&STRICT, "hi")).await.unwrap();
}

#[tokio::test]
async fn a_release_that_makes_no_sense_is_an_invalid_argument() {
    let stack = Serving::new(Handler(echo), Arc::default());
    let mut call = say(&ECHO, "hi");
    call.announced = Announced::read(&HeaderMap::from_iter([(
        headers::VERSION,
        HeaderValue::from_static("one"),
    )]));
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().contains("`one` is not MAJOR.MINOR.PATCH"),
        "{status}"
    );
}

#[tokio::test]
async fn an_unknown_method_names_both_releases() {
    let stack = pair(Handler(|_| async {
        Err(Status::unimplemented("no such method"))
    }));
    let status = stack.invoke(say(&ECHO, "hi")).await.unwrap_err();
    assert!(
        status
            .message()
            .contains("built from 1.4.2, the server says 1.4.2"),
        "{status}"
    );
}

#[tokio::test]
async fn a_method_that_the_server_is_too_old_for_names_the_release_that_brought_it() {
    let older = Handler(|_| async {
        let mut status = Status::unimplemented("unknown method `Repeat`");
        let old = Release::parse("1.2.9", "").unwrap();
        old.server.put_into(status.metadata_mut());
        Err(status)
    });
    let stack = Calling::new(older, Arc::default());
    let mut call = say(&ECHO, "hi");
    call.method = &ECHO.methods[1];
    let status = stack.invoke(call).await.unwrap_err();
    assert_eq!(
        status.message(),
        "Echo/Repeat came in 1.3.0; this server is 1.2.9 (unknown method `Repeat`)"
    );
}

#[tokio::test]
async fn a_newer_client_that_uses_nothing_new_is_served_by_an_older_server() {
    let server = Handler(|call: Call| async move {
        let client = call.announced.range().unwrap();
        assert_eq!(
            (client.version.to_string(), client.min.to_string()),
            ("1.6.0".into(), "1.2".into())
        );
        echo(call).await
    });
    let stack = Calling::new(AsEcho(Serving::new(server, Arc::default())), Arc::default());
    stack.invoke(say(&NEWER, "")).await.unwrap();
    assert_eq!(stack.counts.fitting.sum(), 1);
}

#[tokio::test]
async fn what_is_new_in_a_request_needs_a_server_that_knows_it() {
    let server = Handler(|_| async { panic!("refused before the handler") });
    let stack = Calling::new(AsEcho(Serving::new(server, Arc::default())), Arc::default());
    let refused = stack.invoke(say(&NEWER, "hi")).await.unwrap_err();
    assert!(
        refused
            .message()
            .contains("client 1.6.0 needs a server of at least 1.5, the server is 1.4.2"),
        "{refused}"
    );

    // A server that does not look is found out by its answer, by the same minimum.
    let careless = Handler(|call: Call| async move {
        Ok(Reply {
            announced: Announced::Own(&ECHO.release().server),
            ..echo(call).await?
        })
    });
    let stack = Calling::new(careless, Arc::default());
    assert!(stack.invoke(say(&NEWER, "")).await.is_ok());
    let refused = stack.invoke(say(&NEWER, "hi")).await.unwrap_err();
    assert!(refused.message().contains("at least 1.5"), "{refused}");
}

#[tokio::test]
async fn a_stream_asks_for_the_clients_own_minor() {
    let stack = pair(Handler(|call: Call| async move {
        assert_eq!(call.announced.range().unwrap().min.to_string(), "1.6");
        echo(call).await
    }));
    let mut call = say(&NEWER, "");
    call.body = Body::Many(call.body.into_frames());
    stack.invoke(call).await.unwrap();
}

#[tokio::test]
async fn a_server_sees_who_says_no_version() {
    let stack = Serving::new(Handler(echo), Arc::default());
    stack.invoke(say(&ECHO, "")).await.unwrap();
    let seen = stack.counts.seen.all();
    assert!(seen.len() == 1 && seen[0].version.is_none() && seen[0].calls == 1);
}

#[tokio::test]
async fn both_ends_count_the_versions_they_met() {
    let stack = Calling::new(
        AsEcho(Serving::new(Handler(echo), Arc::default())),
        Arc::default(),
    );
    let from = |service, last: u8| {
        let mut call = say(service, "");
        let address = std::net::SocketAddr::from(([10, 0, 0, last], 1234));
        call.peer = Some(Arc::new(Peer::at(address)));
        stack.invoke(call)
    };
    from(&ECHO, 1).await.unwrap();
    from(&ECHO, 1).await.unwrap();
    from(&NEWER, 1).await.unwrap();
    from(&ECHO_2, 2).await.unwrap_err();
    let server = &stack.inner.0.counts.seen;
    let sights = |seen: &Seen| -> Vec<_> {
        let sights = seen.all().into_iter();
        sights
            .map(|sight| {
                let peer = sight.peer.map(|peer| peer.to_string()).unwrap_or_default();
                (peer, sight.version.unwrap().to_string(), sight.calls)
            })
            .collect()
    };
    let sight = |peer: &str, version: &str, calls| (peer.to_owned(), version.to_owned(), calls);
    assert_eq!(
        sights(server),
        [
            sight("10.0.0.1", "1.4.2", 2),
            sight("10.0.0.1", "1.6.0", 1),
            sight("10.0.0.2", "2.0.0", 1)
        ]
    );
    // The client met one server, which refused it once and said its version all the same.
    assert_eq!(sights(&stack.counts.seen), [sight("", "1.4.2", 4)]);
}

#[tokio::test]
async fn a_contract_without_a_version_says_nothing() {
    let stack = pair(Handler(|call: Call| async move {
        assert!(matches!(call.announced, Announced::Unsaid));
        echo(call).await
    }));
    stack.invoke(say(&UNVERSIONED, "hi")).await.unwrap();
}
