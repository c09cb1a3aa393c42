//! The place before several releases of one service: the head of a call says which of them answers it.

use std::{fmt, sync::Arc};

use tonic::Status;

use super::{
    Counts,
    refusal::{malformed, refuse_all, refuse_unsaid},
};
use crate::{
    call::{Announced, Choose, ClientVersion, Method, Peer, Range, Refused, Service, Shared},
    policy::served::choose,
};

/// One method of the releases that have it.
pub struct Choosing {
    /// Those that have it, newest first; at least one.
    pub candidates: Vec<Candidate>,
    /// Which of them answers callers that say no version.
    pub unversioned: usize,
    /// The newest release that is served.
    pub newest: &'static Service,
    /// All releases that are served, newest first.
    pub served: Arc<[&'static Service]>,
    /// What happened so far, to all methods together.
    pub counts: Arc<Counts>,
}

/// A method as one release has it.
#[derive(Clone)]
pub struct Candidate {
    /// The method.
    pub method: &'static Method,
    /// Who answers it.
    pub invoke: Shared,
}

impl Choose for Choosing {
    fn choose(
        &self,
        client: &Announced,
        peer: Option<&Peer>,
    ) -> Result<(&'static Method, &Shared), Refused> {
        let chosen = match (client, client.range()) {
            (Announced::Malformed(why), _) => return Err(self.refused(malformed(why))),
            (_, None) => self.unsaid(peer)?,
            (_, Some(range)) => self.fitting(range).inspect_err(|_| {
                // Whoever is let through is met by the release that answers.
                self.counts.meet(self.newest, peer, Some(&range.version));
            })?,
        };
        let candidate = self.candidates.get(chosen);
        let missing = || self.refused(Status::internal("no release has this method"));
        let Candidate { method, invoke } = candidate.ok_or_else(missing)?;
        Ok((method, invoke))
    }

    fn release(&self, client: &Announced) -> &'static Service {
        let admitting = client.range().and_then(|client| self.admitting(client));
        admitting.unwrap_or(self.newest)
    }
}

impl Choosing {
    /// The release that answers a client of `client`.
    fn fitting(&self, client: &Range) -> Result<usize, Refused> {
        let ranges = self
            .candidates
            .iter()
            .map(|candidate| range(candidate.method.service));
        if let Some(chosen) = choose(client, ranges) {
            return Ok(chosen);
        }
        // One may fit, and not have the method: then that is what is wrong.
        if let Some(service) = self.admitting(client) {
            let name = self.name();
            let known = self
                .candidates
                .iter()
                .map(|candidate| candidate.method.service.version);
            let known: Vec<_> = known.collect();
            let text = format!(
                "unknown method `{name}` of {} {}, which answers this client; it is in {}",
                service.name,
                service.version,
                known.join(", ")
            );
            let status = Status::unimplemented(text);
            return Err(Refused { service, status });
        }
        Err(self.refused(refuse_all(self.newest, client, &self.ranges())))
    }

    /// The release that answers a caller that does not say its version.
    fn unsaid(&self, peer: Option<&Peer>) -> Result<usize, Refused> {
        let candidate = self.candidates.get(self.unversioned);
        let required = |candidate: &Candidate| {
            candidate.method.service.meeting.client_version == ClientVersion::Required
        };
        if !candidate.is_some_and(required) {
            return Ok(self.unversioned);
        }
        self.counts.meet(self.newest, peer, None);
        self.counts.unsaid.add();
        Err(self.refused(refuse_unsaid(self.newest, &self.ranges())))
    }

    /// All releases that are served, newest first.
    fn ranges(&self) -> Vec<&'static Range> {
        self.served.iter().copied().map(range).collect()
    }

    /// The highest of all releases that admits `client`, whatever methods it has.
    fn admitting(&self, client: &Range) -> Option<&'static Service> {
        let fits = choose(client, self.served.iter().copied().map(range))?;
        self.served.get(fits).copied()
    }

    /// A refusal by all of them.
    fn refused(&self, status: Status) -> Refused {
        self.counts.refused.add();
        let service = self.newest;
        Refused { service, status }
    }

    fn name(&self) -> &'static str {
        self.candidates
            .first()
            .map_or("", |candidate| candidate.method.name)
    }
}

fn range(service: &'static Service) -> &'static Range {
    &service.release().server.range
}

impl fmt::Debug for Choosing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.served.iter();
        formatter.debug_list().entries(services).finish()
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.method.fmt(formatter)
    }
}
