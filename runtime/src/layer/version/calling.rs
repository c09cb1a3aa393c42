//! The client's side: says its release on every call and checks what the server answers.

use std::{future::Future, mem, sync::Arc};

use semver::Version;
use tonic::{Code, Status};

use super::{
    Counts,
    refusal::{is_refusal, refuse},
};
use crate::{
    call::{Announced, Body, Call, Invoke, Mark, Method, Reply, Said, Service},
    layer::tap::tapped,
    policy::{age, version::admits},
};

/// The client's side.
#[derive(Debug)]
pub struct Calling<I> {
    pub(super) inner: I,
    pub(super) counts: Arc<Counts>,
}

/// Checks the releases of what it is given, as a client does. Whatever one layer is put around counts together.
#[derive(Debug, Clone, Default)]
pub struct CallingLayer {
    pub(super) counts: Arc<Counts>,
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
        self.counts.meet(service, None, Some(&server.version));
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

    /// Checks an answer, which becomes a refusal if the releases do not fit.
    #[inline]
    fn hear(&self, method: &Method, said: &Said, answer: &mut Result<Reply, Status>) {
        match answer {
            Ok(reply) => {
                if let Err(refusal) = self.check(method.service, said, &reply.announced) {
                    *answer = Err(refusal);
                }
            }
            Err(status) => {
                let failed = mem::replace(status, Status::unknown(""));
                *status = self.failed(failed, method, said);
            }
        }
    }

    /// Counts whose answer a status is. A refusal by the server is known for what it is from here on.
    #[cold]
    fn failed(&self, status: Status, method: &Method, said: &Said) -> Status {
        let server = Announced::read(status.metadata().as_ref());
        let refused = is_refusal(&status, method.service);
        if let Some(server) = server.range() {
            self.counts
                .meet(method.service, None, Some(&server.version));
            match refused {
                true => self.counts.refused.add(),
                false => self.counts.fitting.add(),
            }
        }
        match refused {
            // Known for more than that: another endpoint of the target fits.
            true if Mark::of(&status) == Some(Mark::Misplaced) => status,
            true => Mark::Incompatible.on(status),
            false => explain(status, method, said, &server),
        }
    }
}

impl<I: Invoke> Invoke for Calling<I> {
    #[inline(always)]
    fn invoke(&self, mut call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        let method = call.method;
        let said = method.service.is_versioned().then(|| asking(&call));
        if let Some(said) = said {
            call.announced = Announced::Own(said);
        }
        tapped(self.inner.invoke(call), move |answer| {
            if let Some(said) = said {
                self.hear(method, said, answer);
            }
        })
    }
}

/// What the client of `call` says: it asks for a server of its own MINOR, or, where its contract says so, for one that
/// knows all that this call uses. A stream's head leaves before its messages.
fn asking(call: &Call) -> &'static Said {
    let service = call.method.service;
    let release = service.release();
    let (Some(ages), Body::One(message, _)) = (service.ages, &call.body) else {
        return &release.client;
    };
    let needed = age::needed(ages, call.method.index, message.bytes());
    needed
        .and_then(|needed| release.older.get(needed))
        .unwrap_or(&release.client)
}

/// A server that does not know the method is probably of another release: say which two are at play.
fn explain(status: Status, method: &Method, said: &Said, server: &Announced) -> Status {
    let Announced::Peer(server) = server else {
        return status;
    };
    if status.code() != Code::Unimplemented {
        return status;
    }
    let text = unknown(
        status.message(),
        method,
        &said.range.version,
        &server.version,
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

/// Why a server does not know `method`, as far as a client can tell.
fn unknown(said: &str, method: &Method, client: &Version, server: &Version) -> String {
    let since = Version::parse(method.since).ok();
    if since.is_some_and(|since| server.cmp_precedence(&since).is_lt()) {
        let service = method.service.name;
        let service = service.rsplit('.').next().unwrap_or(service);
        let (name, since) = (method.name, method.since);
        return format!("{service}/{name} came in {since}; this server is {server} ({said})");
    }
    let path = method.path;
    let whose = if said.contains(path) {
        String::new()
    } else {
        format!("{path}: ")
    };
    format!("{said}; {whose}this client was built from {client}, the server says {server}")
}
