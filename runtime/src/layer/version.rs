//! Says the release on every call and answer, and refuses a peer whose release does not fit.
//!
//! On the client it stands inside the breaker, which must not take a refusal for sickness, and checks what the server
//! answers. On the server it stands before the body is read, so that a refused call is safe to send elsewhere.

use std::sync::Arc;

use http::HeaderValue;
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, PreconditionViolation, StatusExt};

use crate::{
    call::{Announced, Call, Invoke, Mark, Range, Reply, Said, Service, headers},
    policy::{
        counter::Counter,
        version::{Misfit, Refusal, admits},
    },
};

/// What the version checks of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls whose two ends fit.
    pub fitting: Counter,
    /// Calls whose peer said nothing of its release.
    pub unsaid: Counter,
    /// Calls that were refused, or whose answer was.
    pub refused: Counter,
}

/// The client's side.
#[derive(Debug)]
pub struct Calling<I> {
    inner: I,
    counts: Arc<Counts>,
}

/// The server's side.
#[derive(Debug)]
pub struct Serving<I> {
    inner: I,
    counts: Arc<Counts>,
}

/// Checks the releases of what it is given, as a client does. Whatever one layer is put around counts together.
#[derive(Debug, Clone, Default)]
pub struct CallingLayer {
    counts: Arc<Counts>,
}

impl<I> tower_layer::Layer<I> for CallingLayer {
    type Service = Calling<I>;

    fn layer(&self, inner: I) -> Calling<I> {
        Calling::new(inner, Arc::clone(&self.counts))
    }
}

// === Calling ===

impl<I> Calling<I> {
    /// Says the client's release on the calls of `inner`, and checks the server's.
    pub fn new(inner: I, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }

    fn check(
        &self,
        service: &'static Service,
        said: &Said,
        server: &Announced,
    ) -> Result<(), Status> {
        let Some(server) = server.range() else {
            self.counts.unsaid.add();
            return Ok(());
        };
        match admits(&said.range, server) {
            Ok(()) => {
                self.counts.fitting.add();
                Ok(())
            }
            Err(misfit) => {
                self.counts.refused.add();
                Err(refuse(service, &said.range, server, misfit))
            }
        }
    }
}

impl<I: Invoke> Invoke for Calling<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let service = call.method.service;
        if !service.is_versioned() {
            return self.inner.invoke(call).await;
        }
        let said = &service.release().client;
        let method = call.method;
        call.announced = Announced::Own(said);
        match self.inner.invoke(call).await {
            Ok(reply) => {
                self.check(service, said, &reply.announced)?;
                Ok(reply)
            }
            Err(status) => {
                let server = announced(status.metadata());
                if !matches!(server, Announced::Unsaid) {
                    self.check_refused(&status);
                }
                Err(explain(status, method.path, said, &server))
            }
        }
    }
}

impl<I> Calling<I> {
    fn check_refused(&self, status: &Status) {
        match status.code() {
            Code::FailedPrecondition if is_refusal(status) => self.counts.refused.add(),
            _ => self.counts.fitting.add(),
        }
    }
}

/// A server that does not know the method is probably of another release: say which two are at play. A refusal by the
/// server is known for what it is from here on.
fn explain(status: Status, path: &str, said: &Said, server: &Announced) -> Status {
    if is_refusal(&status) {
        return Mark::Incompatible.on(status);
    }
    let Announced::Peer(server) = server else {
        return status;
    };
    if status.code() != Code::Unimplemented {
        return status;
    }
    let client = &said.range.version;
    let said = status.message();
    let whose = if said.contains(path) {
        String::new()
    } else {
        format!("{path}: ")
    };
    let text = format!(
        "{said}; {whose}this client was built from {client}, the server says {}",
        server.version
    );
    let mut explained = Status::with_details_and_metadata(
        status.code(),
        text,
        status.details().to_vec().into(),
        status.metadata().clone(),
    );
    if let Some(mark) = Mark::of(&status) {
        explained = mark.on(explained);
    }
    explained
}

fn is_refusal(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition
        && status
            .get_details_error_info()
            .is_some_and(|info| info.domain == DOMAIN && info.reason.starts_with("API_"))
}

// === Serving ===

impl<I> Serving<I> {
    /// Refuses the calls of `inner` that come from clients which do not fit.
    pub fn new(inner: I, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }

    fn check(&self, service: &'static Service, client: &Announced) -> Result<(), Status> {
        let server = &service.release().server.range;
        let client = match client {
            Announced::Own(said) => &said.range,
            Announced::Peer(client) => client,
            Announced::Unsaid => {
                self.counts.unsaid.add();
                return Ok(());
            }
            Announced::Malformed(why) => {
                self.counts.refused.add();
                return Err(Status::invalid_argument(format!(
                    "malformed {} or {}: {why}",
                    headers::VERSION,
                    headers::MIN
                )));
            }
        };
        admits(client, server).map_err(|misfit| {
            self.counts.refused.add();
            refuse(service, client, server, misfit)
        })?;
        self.counts.fitting.add();
        Ok(())
    }
}

impl<I: Invoke> Invoke for Serving<I> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let service = call.method.service;
        if !service.is_versioned() {
            return self.inner.invoke(call).await;
        }
        let said = &service.release().server;
        let answer = match self.check(service, &call.announced) {
            Ok(()) => self.inner.invoke(call).await,
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(reply) => Ok(Reply {
                announced: Announced::Own(said),
                ..reply
            }),
            Err(mut status) => {
                announce(said, status.metadata_mut());
                Err(status)
            }
        }
    }
}

fn announce(said: &Said, metadata: &mut MetadataMap) {
    headers::insert(metadata, headers::VERSION, said.version.clone());
    headers::insert(metadata, headers::MIN, said.min.clone());
}

fn announced(metadata: &MetadataMap) -> Announced {
    let headers = metadata.as_ref();
    Announced::read(headers.get(headers::VERSION), headers.get(headers::MIN))
}

// === The refusal ===

/// The domain of couplet's own error details.
const DOMAIN: &str = "couplet";

fn refuse(service: &'static Service, client: &Range, server: &Range, misfit: Misfit) -> Status {
    let refusal = Refusal {
        service: service.name,
        client,
        server,
        misfit,
    };
    let text = refusal.to_string();
    let newest = crate::policy::version::minimum(&server.version);
    let told = [
        ("service", service.name.to_owned()),
        ("client_version", client.version.to_string()),
        ("client_min", client.min.to_string()),
        ("server_version", server.version.to_string()),
        ("server_min", server.min.to_string()),
        ("supported", format!("{}-{newest}", server.min)),
    ];
    let told = told.map(|(name, value)| (name.to_owned(), value));
    let mut details = ErrorDetails::new();
    details.set_error_info(misfit.reason(), DOMAIN, told);
    details.set_precondition_failure([PreconditionViolation::new(
        "API_VERSION",
        service.name,
        text.clone(),
    )]);
    let mut metadata = MetadataMap::new();
    // Neither a retry nor a hedge would fare better.
    headers::insert(
        &mut metadata,
        headers::PUSHBACK,
        HeaderValue::from_static("-1"),
    );
    let status =
        Status::with_error_details_and_metadata(Code::FailedPrecondition, text, details, metadata);
    Mark::Incompatible.on(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ECHO, ECHO_2, Handler, UNVERSIONED, echo, say};

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
    async fn a_peer_that_says_nothing_is_served_and_counted() {
        let stack = Serving::new(Handler(echo), Arc::default());
        stack.invoke(say(&ECHO, "hi")).await.unwrap();
        assert_eq!(stack.counts.unsaid.sum(), 1);
    }

    #[tokio::test]
    async fn a_release_that_makes_no_sense_is_an_invalid_argument() {
        let stack = Serving::new(Handler(echo), Arc::default());
        let mut call = say(&ECHO, "hi");
        call.announced = Announced::read(Some(&HeaderValue::from_static("one")), None);
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
    async fn a_contract_without_a_version_says_nothing() {
        let stack = pair(Handler(|call: Call| async move {
            assert!(matches!(call.announced, Announced::Unsaid));
            echo(call).await
        }));
        stack.invoke(say(&UNVERSIONED, "hi")).await.unwrap();
    }
}
