//! The table of schemes: what a target resolves by, and where servers register.

use std::sync::Arc;

#[cfg(feature = "http2")]
use super::Central;
#[cfg(feature = "dns")]
use super::Dns;
#[cfg(feature = "etcd")]
use super::Etcd;
use super::{DiscoveryError, File, Fixed, Memory, Registry, Resolver};

/// One scheme.
struct Scheme {
    name: &'static str,
    /// What a target of it looks like.
    right: &'static str,
    resolver: Read<dyn Resolver>,
    registry: Option<Read<dyn Registry>>,
}

/// Reads the text behind `scheme://`.
type Read<T> = fn(&str) -> Parsed<T>;

/// What comes of the text behind `scheme://`; or why nothing does.
type Parsed<T> = Result<Arc<T>, Fault>;

/// What is wrong with a target.
pub(super) enum Fault {
    /// This is.
    Malformed(String),
}

/// One that this build is without.
struct Absent {
    name: &'static str,
    feature: &'static str,
    /// Whether servers could register there.
    registers: bool,
}

const SCHEMES: &[Scheme] = &[
    Scheme {
        name: "static",
        right: "static:///10.0.0.1:50051,10.0.0.2:50051",
        resolver: |rest| Ok(Arc::new(Fixed::parse(rest)?)),
        registry: None,
    },
    Scheme {
        name: "file",
        right: "file:///etc/movies.json",
        resolver: |rest| Ok(Arc::new(File::parse(rest)?)),
        registry: None,
    },
    Scheme {
        name: "memory",
        right: "memory:///movies.v1.Movies",
        resolver: |rest| Ok(Arc::new(Memory::parse(rest)?)),
        registry: Some(|rest| Ok(Arc::new(Memory::parse_registry(rest)?))),
    },
    #[cfg(feature = "http2")]
    Scheme {
        name: "couplet",
        right: "couplet://10.0.0.1:50050/movies.v1.Movies",
        resolver: |rest| Ok(Arc::new(Central::parse(rest)?)),
        registry: Some(|rest| Ok(Arc::new(Central::parse_registry(rest)?))),
    },
    #[cfg(feature = "dns")]
    Scheme {
        name: "dns",
        right: "dns:///movies.internal:50051, or dns://10.0.0.2/movies.internal:50051 to ask that server",
        resolver: |rest| Ok(Arc::new(Dns::parse(rest)?)),
        registry: None,
    },
    #[cfg(feature = "dns")]
    Scheme {
        name: "dns+srv",
        right: "dns+srv:///_grpc._tcp.movies.internal, or dns+srv://10.0.0.2/NAME to ask that server",
        resolver: |rest| Ok(Arc::new(Dns::parse_services(rest)?)),
        registry: None,
    },
    #[cfg(feature = "etcd")]
    Scheme {
        name: "etcd",
        right: "etcd://10.0.0.1:2379,10.0.0.2:2379/movies.v1.Movies",
        resolver: |rest| Ok(Arc::new(Etcd::parse(rest)?)),
        registry: Some(|rest| Ok(Arc::new(Etcd::parse_registry(rest)?))),
    },
];

const ABSENT: &[Absent] = &[
    #[cfg(not(feature = "dns"))]
    Absent {
        name: "dns",
        feature: "dns",
        registers: false,
    },
    #[cfg(not(feature = "dns"))]
    Absent {
        name: "dns+srv",
        feature: "dns",
        registers: false,
    },
    #[cfg(not(feature = "etcd"))]
    Absent {
        name: "etcd",
        feature: "etcd",
        registers: true,
    },
];

/// What resolves `target`; none if its scheme is none of those that name a service.
///
/// # Errors
/// If the target is not what its scheme asks for.
pub fn resolver(target: &str) -> Result<Option<Arc<dyn Resolver>>, DiscoveryError> {
    let Some((scheme, rest)) = of(target) else {
        return missing(target, |_| true).map_or(Ok(None), Err);
    };
    (scheme.resolver)(rest)
        .map(Some)
        .map_err(|fault| scheme.wrong(target, fault))
}

/// Where a server registers that is given `target`.
///
/// # Errors
/// If servers cannot register there.
pub fn registry(target: &str) -> Result<Arc<dyn Registry>, DiscoveryError> {
    let found = of(target).and_then(|(scheme, rest)| Some((scheme, scheme.registry?, rest)));
    let Some((scheme, registry, rest)) = found else {
        if let Some(error) = missing(target, |absent| absent.registers) {
            return Err(error);
        }
        let known = SCHEMES.iter().filter(|scheme| scheme.registry.is_some());
        let known: Vec<_> = known.map(|scheme| scheme.name).collect();
        return Err(DiscoveryError::NoRegistry {
            target: target.to_owned(),
            known: known.join(", "),
        });
    };
    registry(rest).map_err(|fault| scheme.wrong(target, fault))
}

/// The schemes by which this build resolves names, for people.
#[cfg(feature = "http2")]
pub(crate) fn schemes() -> String {
    let names: Vec<_> = SCHEMES.iter().map(|scheme| scheme.name).collect();
    names.join(", ")
}

/// What to turn on for `target`, if that is all that it takes.
fn missing(target: &str, counts: impl Fn(&Absent) -> bool) -> Option<DiscoveryError> {
    let (name, _) = target.split_once("://")?;
    let mut absent = ABSENT.iter().filter(|absent| counts(absent));
    let Absent { feature, .. } = absent.find(|absent| absent.name == name)?;
    Some(DiscoveryError::Feature {
        target: target.to_owned(),
        feature,
    })
}

fn of(target: &str) -> Option<(&'static Scheme, &str)> {
    let (name, rest) = target.split_once("://")?;
    let scheme = SCHEMES.iter().find(|scheme| scheme.name == name)?;
    Some((scheme, rest))
}

impl Scheme {
    fn wrong(&self, target: &str, fault: Fault) -> DiscoveryError {
        let Fault::Malformed(why) = fault;
        DiscoveryError::Malformed {
            target: target.to_owned(),
            why,
            right: self.right,
        }
    }
}
