//! The table of schemes: what a target resolves by, and where servers register.

use std::sync::Arc;

#[cfg(feature = "http2")]
use super::Central;
#[cfg(feature = "etcd")]
use super::Etcd;
use super::{DiscoveryError, File, Fixed, Memory, Registry, Resolver};

/// One scheme.
struct Scheme {
    name: &'static str,
    /// The feature that it takes, beside what it would be.
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
    /// The build is without it.
    #[allow(dead_code, reason = "a build may leave none out")]
    Feature(&'static str),
}

const ETCD: &str = "etcd://10.0.0.1:2379,10.0.0.2:2379/movies.v1.Movies";

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
    #[cfg(feature = "etcd")]
    Scheme {
        name: "etcd",
        right: ETCD,
        resolver: |rest| Ok(Arc::new(Etcd::parse(rest)?)),
        registry: Some(|rest| Ok(Arc::new(Etcd::parse_registry(rest)?))),
    },
    #[cfg(not(feature = "etcd"))]
    Scheme {
        name: "etcd",
        right: ETCD,
        resolver: |_| Err(Fault::Feature("etcd")),
        registry: Some(|_| Err(Fault::Feature("etcd"))),
    },
];

/// What resolves `target`; none if its scheme is none of those that name a service.
///
/// # Errors
/// If the target is not what its scheme asks for.
pub fn resolver(target: &str) -> Result<Option<Arc<dyn Resolver>>, DiscoveryError> {
    let Some((scheme, rest)) = of(target) else {
        return Ok(None);
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
        let known = SCHEMES.iter().filter(|scheme| scheme.registry.is_some());
        let known: Vec<_> = known.map(|scheme| scheme.name).collect();
        return Err(DiscoveryError::NoRegistry {
            target: target.to_owned(),
            known: known.join(", "),
        });
    };
    registry(rest).map_err(|fault| scheme.wrong(target, fault))
}

fn of(target: &str) -> Option<(&'static Scheme, &str)> {
    let (name, rest) = target.split_once("://")?;
    let scheme = SCHEMES.iter().find(|scheme| scheme.name == name)?;
    Some((scheme, rest))
}

impl Scheme {
    fn wrong(&self, target: &str, fault: Fault) -> DiscoveryError {
        let target = target.to_owned();
        match fault {
            Fault::Malformed(why) => DiscoveryError::Malformed {
                target,
                why,
                right: self.right,
            },
            Fault::Feature(feature) => DiscoveryError::Feature { target, feature },
        }
    }
}
