//! Several implementations of one service on one port, each for the clients of its own version.
//!
//! The layers stand around each implementation; the choice stands before them. It is made of the head of a call alone, by
//! the rule that the implementations check for themselves, and costs no look-up of its own.

use std::{collections::BTreeMap, fmt, marker::PhantomData, sync::Arc};

use super::{Mount, Mounted, ServerCounts, ServerSettings, server};
use crate::{
    call::{Method, Minimum, Range, Route, Service, Shared, share},
    codegen::Contract,
    layer::version::{Candidate, Choosing},
};

/// Serves several implementations of one service: the highest that admits a client answers it.
///
/// A MAJOR in the package, as in `movies.v1`, needs none of this: those are two services. This is for majors that keep
/// their package, for canaries, and for an old contract that is served by converting.
///
/// ```
/// # async fn shown(old: impl couplet::codegen::Contract, new: impl couplet::codegen::Contract) -> Result<(), couplet::server::ServeError> {
/// use couplet::{Server, Versioned};
///
/// let movies = Versioned::new()
///     .serve("1.4", old)
///     .serve("2.1", new)
///     .unversioned("1.4");
/// Server::builder().add(movies).serve("127.0.0.1:50051").await?;
/// # Ok(()) }
/// ```
#[must_use = "does nothing until it is added to a server"]
pub struct Versioned<C = Nothing> {
    served: Vec<Served>,
    unversioned: Option<String>,
    counts: ServerCounts,
    named_as: PhantomData<fn() -> C>,
}

/// The contract of a [`Versioned`] that serves none yet.
#[derive(Debug)]
pub enum Nothing {}

/// Why implementations cannot be served together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionedError {
    /// There are none.
    #[error("`Versioned` serves nothing; add an implementation: .serve(\"1.0\", ..)")]
    Nothing,
    /// An implementation's contract is of another version than it is served as.
    #[error(
        "`{said}` is served by an implementation of {service} {version}; write .serve(\"{right}\", ..)"
    )]
    Version {
        /// What was said.
        said: String,
        /// The service.
        service: &'static str,
        /// What its contract says.
        version: &'static str,
        /// What would be right, as MAJOR.MINOR.
        right: String,
    },
    /// A contract declares no version to choose by.
    #[error(
        "{0} declares no version; add one to its contract: option (couplet.service) = {{ version: \"1.0.0\" }};"
    )]
    Unversioned(&'static str),
    /// Two services.
    #[error(
        "{0} and {1} are two services; give each a `Versioned` of its own, or add it by itself"
    )]
    Services(&'static str, &'static str),
    /// Two implementations of one version.
    #[error("{service} {version} is served twice; keep one implementation of each MAJOR.MINOR")]
    Twice {
        /// The service.
        service: &'static str,
        /// The version, as MAJOR.MINOR.
        version: String,
    },
    /// Callers without a version are sent to what is not there.
    #[error("callers without a version are to get `{said}`, which is not served; served: {served}")]
    NotServed {
        /// What was said.
        said: String,
        /// What there is, newest first.
        served: String,
    },
}

/// One implementation.
struct Served {
    said: String,
    service: &'static Service,
    wrap: Wrap,
}

/// Puts the layers around an implementation.
type Wrap = Box<dyn FnOnce(&ServerSettings, &ServerCounts) -> Shared + Send>;

// === Versioned ===

impl Versioned {
    /// Serves nothing yet.
    pub fn new() -> Self {
        Self {
            served: Vec::new(),
            unversioned: None,
            counts: ServerCounts::default(),
            named_as: PhantomData,
        }
    }

    /// Serves clients of `version`, such as `"1.4"`, with `implementation`, whose contract is of that MAJOR.MINOR.
    pub fn serve<C: Contract>(self, version: impl Into<String>, implementation: C) -> Versioned<C> {
        let mut first: Versioned<C> = Versioned {
            served: self.served,
            unversioned: self.unversioned,
            counts: self.counts,
            named_as: PhantomData,
        };
        first.push(version.into(), implementation);
        first
    }
}

impl Default for Versioned {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Contract> Versioned<C> {
    /// Serves clients of `version`, such as `"2.1"`, with `implementation`, whose contract is of that MAJOR.MINOR.
    pub fn serve(mut self, version: impl Into<String>, implementation: impl Contract) -> Self {
        self.push(version.into(), implementation);
        self
    }

    fn push<D: Contract>(&mut self, said: String, implementation: D) {
        self.served.push(Served {
            said,
            service: D::SERVICE,
            wrap: Box::new(|settings, counts| share(server(implementation, settings, counts))),
        });
    }
}

impl<C> Versioned<C> {
    /// Lets callers that say no version, such as grpcurl, have this one; the oldest where this is not called. A method
    /// that it does not have is answered by the oldest that has it.
    pub fn unversioned(mut self, version: impl Into<String>) -> Self {
        self.unversioned = Some(version.into());
        self
    }

    /// What the policies around all of them do; clone it to look while they are served.
    pub fn counts(&self) -> &ServerCounts {
        &self.counts
    }

    /// What is served, newest first.
    fn sorted(mut self) -> Result<(Vec<Served>, Option<String>, ServerCounts), VersionedError> {
        let Some(first) = self.served.first() else {
            return Err(VersionedError::Nothing);
        };
        let name = first.service.name;
        for served in &self.served {
            served.check(name)?;
        }
        self.served
            .sort_by(|one, other| other.range().version.cmp(&one.range().version));
        for pair in self.served.windows(2) {
            if let [one, other] = pair
                && one.minor() == other.minor()
            {
                let (service, version) = (name, one.minor().to_string());
                return Err(VersionedError::Twice { service, version });
            }
        }
        Ok((self.served, self.unversioned, self.counts))
    }
}

impl<C> Mount for Versioned<C> {
    fn mount(self, settings: &ServerSettings) -> Result<Mounted, VersionedError> {
        let (served, unversioned, counts) = self.sorted()?;
        let unversioned = preferred(&served, unversioned)?;
        let services: Arc<[_]> = served.iter().map(|served| served.service).collect();
        let Some(newest) = services.first().copied() else {
            return Err(VersionedError::Nothing);
        };
        // What each method is to the releases that have it, newest first.
        let mut methods: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
        for Served { service, wrap, .. } in served {
            let layers = wrap(settings, &counts);
            for method in service.methods {
                let invoke = Arc::clone(&layers);
                let candidates = methods.entry(method.path).or_default();
                candidates.push(Candidate { method, invoke });
            }
        }
        let routes = methods.into_values().filter_map(|candidates| {
            let first: &'static Method = candidates.first()?.method;
            let of = |candidate: &Candidate| std::ptr::eq(candidate.method.service, unversioned);
            let unversioned = candidates.iter().position(of);
            let choosing = Choosing {
                // The oldest is the last.
                unversioned: unversioned.unwrap_or(candidates.len() - 1),
                candidates,
                newest,
                served: Arc::clone(&services),
                counts: Arc::clone(&counts.version),
            };
            Some(Route::Several(first, Arc::new(choosing)))
        });
        Ok(Mounted {
            service: newest,
            routes: routes.collect(),
            counts,
        })
    }
}

/// Who gets the callers without a version: the one that is named, or else the oldest.
fn preferred(served: &[Served], named: Option<String>) -> Result<&'static Service, VersionedError> {
    let Some(said) = named else {
        let oldest = served.last().ok_or(VersionedError::Nothing)?;
        return Ok(oldest.service);
    };
    let found = served.iter().find(|served| served.said == said);
    found.map(|served| served.service).ok_or_else(|| {
        let served = served.iter().map(|served| served.said.as_str());
        VersionedError::NotServed {
            said,
            served: served.collect::<Vec<_>>().join(", "),
        }
    })
}

// === Served ===

impl Served {
    fn range(&self) -> &'static Range {
        &self.service.release().server.range
    }

    fn minor(&self) -> Minimum {
        Minimum::of(&self.range().version)
    }

    /// Whether it is a release of the service `name`, and the one it is said to be.
    fn check(&self, name: &'static str) -> Result<(), VersionedError> {
        let Self { said, service, .. } = self;
        if service.name != name {
            return Err(VersionedError::Services(name, service.name));
        }
        if !service.is_versioned() {
            return Err(VersionedError::Unversioned(name));
        }
        let right = self.minor().to_string();
        if *said != right {
            return Err(VersionedError::Version {
                said: said.clone(),
                service: name,
                version: service.version,
                right,
            });
        }
        Ok(())
    }
}

impl<C> fmt::Debug for Versioned<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let served = self.served.iter().map(|served| served.service);
        formatter.debug_list().entries(served).finish()
    }
}
