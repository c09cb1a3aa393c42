//! Who serves what, where, and in which version: names are resolved to endpoints here, and servers make themselves known.
//!
//! A [`Resolver`] watches one name and gives full [`Snapshot`]s, which are cheap to clone; when its source is away, the last good one
//! stands and is said to be stale. A [`Registry`] is the other side: servers register an [`Endpoint`] with a lease, which
//! ends with the process that does not renew it.
//!
//! | target | what it is |
//! | --- | --- |
//! | `static:///10.0.0.1:50051,10.0.0.2:50051` | this list |
//! | `file:///etc/movies.json` | a list in a file, which is watched |
//! | `memory:///movies.v1.Movies` | what registered in this process |
//! | `dns:///movies.internal:50051` | the addresses of a name, with feature `dns` |
//! | `dns+srv:///_grpc._tcp.movies.internal` | the instances that the SRV records of a name list, with feature `dns` |
//! | `couplet://10.0.0.1:50050/movies.v1.Movies` | what registered with that server, which serves a registry |
//! | `etcd://10.0.0.1:2379/movies.v1.Movies` | what registered in an etcd, with feature `etcd` |
//!
//! To add one: its file, its `mod` line, its line in the table of `scheme.rs`, its line in the conformance test.

#[cfg(feature = "dns")]
mod dns;
#[cfg(feature = "http2")]
pub(crate) mod embedded;
mod endpoint;
mod error;
#[cfg(feature = "etcd")]
mod etcd;
mod file;
mod list;
mod memory;
mod registration;
mod resolver;
mod scheme;
mod snapshot;

#[cfg(test)]
mod tests;

#[cfg(feature = "dns")]
use self::dns::Dns;
#[cfg(feature = "http2")]
pub use self::embedded::Central;
#[cfg(feature = "etcd")]
pub use self::etcd::Etcd;
#[cfg(feature = "http2")]
pub(crate) use self::scheme::schemes;
pub use self::{
    endpoint::{Endpoint, EndpointError},
    error::DiscoveryError,
    file::File,
    list::Fixed,
    memory::Memory,
    registration::{Registering, Registration, Registry, RegistryError},
    resolver::{Publisher, Resolver, Watch, watched},
    scheme::{registry, resolver},
    snapshot::{Freshness, Snapshot},
};
