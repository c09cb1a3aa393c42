//! What a subscriber sees of calls, and the traces that they belong to: alone in its program, because what is recorded is
//! decided for all threads together.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    future::Future,
    sync::{Arc, Mutex},
    task::Poll,
};

use couplet::{
    Channel, Request, Response, Status,
    call::{Policies, RetryPolicy, Trace},
    carrier::local::Local,
    config::ServiceConfig,
    context::Context,
};
use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{Interest, set_default},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Says which trace it was called in; fails as often as it is told to; asks the next one, if there is one.
struct Catalog {
    failures: Mutex<u32>,
    seen: Mutex<Vec<Option<Arc<Trace>>>>,
    next: Option<MoviesClient>,
}

impl Catalog {
    fn new(failures: u32, next: Option<MoviesClient>) -> Arc<Self> {
        Arc::new(Self {
            failures: Mutex::new(failures),
            seen: Mutex::default(),
            next,
        })
    }

    fn seen(&self) -> Vec<Option<Arc<Trace>>> {
        self.seen.lock().unwrap().clone()
    }
}

struct Serving(Arc<Catalog>);

impl Movies for Serving {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        let Catalog {
            failures,
            seen,
            next,
        } = &*self.0;
        seen.lock().unwrap().push(Context::current().trace);
        if let Some(next) = next {
            return next.get_movie(request.into_inner()).await;
        }
        let mut failures = failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(Status::unavailable("for a moment"));
        }
        Ok(Response::new(Movie::default()))
    }
}

/// A span as it was when it closed.
#[derive(Debug, Clone, Default)]
struct Seen {
    name: &'static str,
    parent: Option<u64>,
    fields: BTreeMap<&'static str, String>,
    closed: bool,
}

/// Keeps every span of ours, and which of them are entered.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<(Vec<Seen>, Vec<u64>)>>);

impl Recorder {
    fn spans(&self) -> Vec<Seen> {
        self.0.lock().unwrap().0.clone()
    }
}

impl Seen {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}").trim_matches('"').to_owned();
        self.0.insert(field.name(), value);
    }
}

impl Subscriber for Recorder {
    /// The other threads record nothing.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("couplet::")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let (spans, entered) = &mut *self.0.lock().unwrap();
        let mut seen = Seen {
            name: attributes.metadata().name(),
            parent: entered.last().copied(),
            ..Seen::default()
        };
        attributes.record(&mut Fields(&mut seen.fields));
        spans.push(seen);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let spans = &mut self.0.lock().unwrap().0;
        let seen = &mut spans[id.into_u64() as usize - 1];
        assert!(!seen.closed, "what is closed is over");
        values.record(&mut Fields(&mut seen.fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        self.0.lock().unwrap().1.push(id.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.0.lock().unwrap().1.pop();
    }
}

fn local(catalog: &Arc<Catalog>) -> MoviesClient {
    let server = MoviesServer::new(Serving(Arc::clone(catalog)));
    let retry = Policies::UNSET.retry(RetryPolicy::UNSET.max_attempts(3));
    let channel =
        Channel::local_builder(Local::new().with(server)).policies(ServiceConfig::new().all(retry));
    MoviesClient::new(channel.lazy().unwrap())
}

/// The spans of a call of which three attempts are allowed, and two are needed.
async fn called_twice(catalog: &Arc<Catalog>) -> Vec<Seen> {
    let recorder = Recorder::default();
    let _guard = set_default(recorder.clone());
    local(catalog)
        .get_movie(GetMovieRequest::default())
        .await
        .unwrap();
    recorder.spans()
}

#[tokio::test]
async fn a_call_its_attempts_and_who_serves_them_are_one_trace() {
    let catalog = Catalog::new(1, None);
    let spans = called_twice(&catalog).await;
    let names: Vec<_> = spans.iter().map(|span| (span.name, span.parent)).collect();
    let expected = [
        ("call", None),
        ("attempt", Some(1)),
        ("serve", Some(2)),
        ("attempt", Some(1)),
        ("serve", Some(4)),
    ];
    assert_eq!(names, expected);
    let ends: Vec<_> = spans
        .iter()
        .map(|span| span.field("rpc.response.status_code"))
        .collect();
    assert_eq!(ends, ["OK", "UNAVAILABLE", "UNAVAILABLE", "OK", "OK"]);
    let [call, first, served, second, _] = &spans[..] else {
        unreachable!("there are five");
    };
    assert_eq!(call.field("otel.name"), "movies.v1.Movies/GetMovie");
    let kinds = [call, first, served].map(|span| span.field("otel.kind"));
    assert_eq!(kinds, ["client", "internal", "server"]);
    assert_eq!(first.field("otel.status_code"), "ERROR");
    assert_eq!(first.field("error.type"), "UNAVAILABLE");
    assert_eq!(first.field("otel.status_description"), "for a moment");
    assert_eq!(second.field("previous_attempts"), "1");
    assert_eq!(call.field("otel.status_code"), "");

    // All in one trace, each span with a number of its own; the server's is what the handler sees.
    let numbers: std::collections::BTreeSet<_> =
        spans.iter().map(|span| span.field("span_id")).collect();
    assert_eq!(numbers.len(), 5);
    assert!(
        spans
            .iter()
            .all(|span| span.field("trace_id") == call.field("trace_id"))
    );
    let seen = catalog.seen()[0].clone().expect("a trace");
    assert_eq!(format!("{:016x}", seen.span()), served.field("span_id"));
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_all_the_same() {
    struct Never;
    impl Movies for Never {
        async fn get_movie(&self, _: Request<GetMovieRequest>) -> Result<Response<Movie>, Status> {
            std::future::pending().await
        }
    }
    let recorder = Recorder::default();
    let _guard = set_default(recorder.clone());
    let movies = MoviesClient::new(Channel::local(Local::new().with(MoviesServer::new(Never))));
    let mut call = Box::pin(async move { movies.get_movie(GetMovieRequest::default()).await });
    let waiting =
        std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending()));
    assert!(waiting.await);
    drop(call);
    for span in recorder.spans() {
        assert_eq!(
            span.field("rpc.response.status_code"),
            "CANCELLED",
            "{span:?}"
        );
    }
}

#[tokio::test]
async fn without_a_subscriber_a_trace_is_handed_on_as_it_came() {
    let last = Catalog::new(1, None);
    let first = Catalog::new(0, Some(local(&last)));
    let server = MoviesServer::new(Serving(Arc::clone(&first)));
    let server = couplet::Server::builder()
        .add(server)
        .bind("127.0.0.1:0")
        .await
        .unwrap();
    let address = format!("http://{}", server.local_addr().unwrap());
    let running = tokio::spawn(server.run());
    let movies = MoviesClient::new(Channel::connect(address).await.unwrap());
    let ask = |parent: &str, state: &str| {
        let call = movies.get_movie(GetMovieRequest::default());
        call.metadata("traceparent", parent)
            .metadata("tracestate", state)
    };

    ask(PARENT, "a=1").await.unwrap();
    let trace = Trace::parse(PARENT, Some("a=1"));
    assert_eq!(first.seen().pop().flatten().as_deref(), trace.as_ref());
    // The second attempt says it too.
    let seen: Vec<_> = last.seen().into_iter().flatten().collect();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| Some(&**seen) == trace.as_ref()));
    assert_eq!(format!("{:032x}", seen[0].id()), TRACE);

    // What is none is not handed on, and hurts nobody.
    ask(&PARENT.to_uppercase(), "a=1").await.unwrap();
    assert_eq!(
        (first.seen().pop(), last.seen().pop()),
        (Some(None), Some(None))
    );
    running.abort();
}
