//! Two releases of one service on one port: who answers whom, and what is refused.

use http_body_util::Full;
use tonic::{body::Body as AnyBody, server::NamedService};
use tonic_types::StatusExt;
use tower::ServiceExt;

use super::*;
use crate::{
    Versioned,
    call::{Announced, Cache, Idempotency, Kind, Meeting, Method, Policies, Release},
    carrier::local::Local,
    fixture::{STRICT, say},
    server::ServeError,
};

const SHOUT: &str = "/test.Echo/Shout";

/// 2.1, which says and shouts, and has lost Repeat of 1.4.
static ECHO_2_1: Service = Service {
    name: "test.Echo",
    version: "2.1.3",
    accepts: "",
    wire_since: "",
    schema: "",
    meeting: Meeting::DEFAULT,
    ages: None,
    methods: &METHODS,
    descriptor: &[],
    cache: Cache::new(),
};
static METHODS: [Method; 2] = [method(0, "Say", SAY), method(1, "Shout", SHOUT)];

const fn method(index: usize, name: &'static str, path: &'static str) -> Method {
    Method {
        service: &ECHO_2_1,
        name,
        since: "",
        path,
        index,
        kind: Kind::Unary,
        idempotency: Idempotency::Unknown,
        policies: Policies::UNSET,
    }
}

/// Answers with its own version and what it was asked.
macro_rules! implementation {
    ($name:ident, $service:expr) => {
        struct $name;

        impl Invoke for $name {
            async fn invoke(&self, call: Call) -> Result<Reply, Status> {
                let (version, method) = (call.method.service.version, call.method.name);
                let text: String = call.body.one().await?.0.decode()?;
                let text = format!("{version} {method} {text}");
                Ok(Reply::new(Body::One(Message::encode(&text)?, None)))
            }
        }

        impl Contract for $name {
            const SERVICE: &'static Service = $service;
        }

        impl NamedService for $name {
            const NAME: &'static str = "test.Echo";
        }
    };
}

implementation!(Old, &ECHO);
implementation!(New, &ECHO_2_1);
implementation!(Asking, &STRICT);

fn both() -> Versioned<Old> {
    Versioned::new().serve("1.4", Old).serve("2.1", New)
}

async fn served<C: 'static>(versioned: Versioned<C>) -> Client {
    let server = Server::builder().add(versioned);
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(server.local_addr().unwrap());
    let socket = socket.await.unwrap();
    tokio::spawn(server.run());
    Client::over(socket).await
}

#[tokio::test]
async fn each_client_is_answered_by_the_highest_release_that_admits_it_which_says_so() {
    let client = served(both()).await;
    for (version, answer) in [
        ("1.4.0", "1.4.2 Say hi"),
        ("1.0.0", "1.4.2 Say hi"),
        ("2.1.0", "2.1.3 Say hi"),
        ("2.0.9", "2.1.3 Say hi"),
    ] {
        let headers = [("x-api-version", version)];
        assert_eq!(client.call(SAY, &headers, "hi").await.unwrap(), answer);
        let head = client.send(request(SAY, &headers), &[framed("hi")]).await;
        let said = head.headers()["x-api-version"].to_str().unwrap();
        assert!(answer.starts_with(said), "{said}");
    }
}

#[tokio::test]
async fn callers_without_a_version_get_the_named_release_or_the_oldest() {
    let client = served(both()).await;
    assert_eq!(client.say("hi").await.unwrap(), "1.4.2 Say hi");
    let client = served(both().unversioned("2.1")).await;
    assert_eq!(client.say("hi").await.unwrap(), "2.1.3 Say hi");
}

#[tokio::test]
async fn a_method_of_one_release_is_served_by_that_one() {
    let client = served(both()).await;
    let at = |version| [("x-api-version", version)];
    assert_eq!(
        client.call(SHOUT, &at("2.1.0"), "hi").await.unwrap(),
        "2.1.3 Shout hi"
    );
    assert_eq!(
        client.call(SHOUT, &[], "hi").await.unwrap(),
        "2.1.3 Shout hi"
    );
    assert_eq!(
        client.call(REPEAT, &at("1.4.2"), "hi").await.unwrap(),
        "1.4.2 Repeat hi"
    );

    let unknown = client.call(SHOUT, &at("1.4.2"), "hi").await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unimplemented);
    assert_eq!(
        unknown.message(),
        "unknown method `Shout` of test.Echo 1.4.2, which answers this client; it is in 2.1.3"
    );
    assert_eq!(unknown.metadata().get("x-api-version").unwrap(), "1.4.2");
}

#[tokio::test]
async fn of_a_method_that_no_release_has_a_client_hears_from_the_one_that_answers_it() {
    let client = served(both()).await;
    for (version, told_by, known) in [
        ("1.4.0", "1.4.2", "Say, Repeat"),
        ("2.1.0", "2.1.3", "Say, Shout"),
        ("3.0.0", "2.1.3", "Say, Shout"),
    ] {
        let headers = [("x-api-version", version)];
        let unknown = client.call("/test.Echo/Sing", &headers, "hi").await;
        let unknown = unknown.unwrap_err();
        assert_eq!(unknown.code(), Code::Unimplemented);
        assert_eq!(
            unknown.message(),
            format!("unknown method `Sing` of test.Echo {told_by}; known: {known}")
        );
        assert_eq!(unknown.metadata().get("x-api-version").unwrap(), told_by);
    }
}

#[tokio::test]
async fn in_this_process_too_a_client_learns_which_release_lacks_its_method() {
    let mut call = say(&ECHO, "hi");
    call.method = &METHODS[1];
    let unknown = Local::new().with(Old).invoke(call).await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unimplemented);
    assert_eq!(unknown.metadata().get("x-api-version").unwrap(), "1.4.2");
}

#[tokio::test]
async fn a_refusal_lists_all_that_is_served() {
    let client = served(both()).await;
    let headers = [("x-api-version", "1.6.0"), ("x-api-min", "1.6")];
    let refused = client.call(SAY, &headers, "hi").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused
            .message()
            .contains("served: 2.1.3 (clients 2.0 to 2.1), 1.4.2 (clients 1.0 to 1.4)"),
        "{refused}"
    );
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "API_CLIENT_TOO_NEW");
    assert_eq!(info.metadata["supported"], "2.0-2.1, 1.0-1.4");
    assert_eq!(refused.metadata().get("x-api-version").unwrap(), "2.1.3");

    let nonsense = client.call(SAY, &[("x-api-version", "new")], "hi").await;
    assert_eq!(code(nonsense), Code::InvalidArgument);
}

#[tokio::test]
async fn callers_without_a_version_are_told_all_that_is_served_where_they_must_say_one() {
    let versioned = Versioned::new().serve("1.4", Asking).serve("2.1", New);
    let counts = versioned.counts().version.clone();
    let client = served(versioned).await;
    let refused = client.say("hi").await.unwrap_err();
    assert_eq!(
        refused.message(),
        "test.Echo: callers must say their version, in x-api-version; served: 2.1.3 (clients 2.0 to 2.1), 1.4.2 (clients \
         1.0 to 1.4)"
    );
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.metadata["supported"], "2.0-2.1, 1.0-1.4");
    assert_eq!([counts.unsaid.sum(), counts.refused.sum()], [1, 1]);
    assert_eq!(counts.seen.all().len(), 1);
    // The newer release does not ask for it, and is the only one to have this method.
    assert!(client.call(SHOUT, &[], "hi").await.is_ok());
}

#[tokio::test]
async fn all_releases_count_together_and_see_whom_they_refuse() {
    let versioned = both();
    let counts = versioned.counts().version.clone();
    let client = served(versioned).await;
    client.say("hi").await.unwrap();
    for version in ["2.1.0", "1.6.0", "new"] {
        let headers = [("x-api-version", version), ("x-api-min", "1.6")];
        assert_eq!(
            client.call(SAY, &headers, "hi").await.is_ok(),
            version == "2.1.0"
        );
    }
    assert_eq!(
        [
            counts.unsaid.sum(),
            counts.fitting.sum(),
            counts.refused.sum()
        ],
        [1, 1, 2]
    );
    let seen = counts.seen.all().into_iter().map(|sight| {
        assert_eq!(sight.peer.unwrap().to_string(), "127.0.0.1");
        sight
            .version
            .map_or_else(String::new, |version| version.to_string())
    });
    assert_eq!(seen.collect::<Vec<_>>(), ["", "1.6.0", "2.1.0"]);
}

#[tokio::test]
async fn releases_that_do_not_go_together_are_an_error_of_the_server() {
    let told = async |versioned: Versioned<Old>| {
        let refused = Server::builder().add(versioned).bind("127.0.0.1:0").await;
        let refused = refused.expect_err("they do not go together");
        assert!(matches!(refused, ServeError::Versioned(_)));
        refused.to_string()
    };
    assert_eq!(
        told(Versioned::new().serve("1.5", Old)).await,
        "`1.5` is served by an implementation of test.Echo 1.4.2; write .serve(\"1.4\", ..)"
    );
    assert_eq!(
        told(both().serve("1.4", Old)).await,
        "test.Echo 1.4 is served twice; keep one implementation of each MAJOR.MINOR"
    );
    assert_eq!(
        told(both().unversioned("1.3")).await,
        "callers without a version are to get `1.3`, which is not served; served: 2.1, 1.4"
    );
    assert_eq!(
        told(both().serve("1.0", Other)).await,
        "test.Echo and test.Other are two services; give each a `Versioned` of its own, or add it by itself"
    );
    let nothing = Server::builder().add(Versioned::new());
    let nothing = nothing.bind("127.0.0.1:0").await.unwrap_err();
    assert!(
        nothing
            .to_string()
            .starts_with("`Versioned` serves nothing"),
        "{nothing}"
    );
}

implementation!(Other, &OTHER);
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
async fn the_releases_mount_in_other_peoples_routers_and_in_this_process() {
    let shell = both().into_shell().unwrap();
    let routers = tonic::service::Routes::new(shell.clone());
    let asked = |version| {
        let request = request(SAY, &[("x-api-version", version)]);
        request.map(|()| AnyBody::new(Full::new(framed("hi"))))
    };
    let response = routers.oneshot(asked("2.1.0")).await.unwrap();
    assert_eq!(response.headers()["x-api-version"], "2.1.3");
    let router = axum::Router::new().route_service("/test.Echo/{*method}", shell);
    let response = router.oneshot(asked("1.4.0")).await.unwrap();
    assert_eq!(response.headers()["x-api-version"], "1.4.2");

    let local = Local::new().with_versioned(both()).unwrap();
    let at = |version| Announced::Peer(Box::new(Release::parse(version, "").unwrap().client.range));
    for (version, answer) in [("1.4.0", "1.4.2 Say hi"), ("2.1.0", "2.1.3 Say hi")] {
        let mut call = say(&ECHO, "hi");
        call.announced = at(version);
        let (message, _) = local.invoke(call).await.unwrap().body.one().await.unwrap();
        assert_eq!(message.decode::<String>().unwrap(), answer);
    }
    let mut call = say(&ECHO, "hi");
    call.announced = at("3.0.0");
    let refused = local.invoke(call).await.unwrap_err();
    assert_eq!(refused.metadata().get("x-api-version").unwrap(), "2.1.3");
}
