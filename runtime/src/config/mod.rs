//! Policies that come from outside of a contract: gRPC's service config, with our fields beside the standard ones.
//!
//! What is said of a method is put together from the contract, a service config from a file, one that was pushed at run
//! time, and one that was made in code. The later wins, field by field; what a single call says only ever shortens.
//!
//! ```
//! use couplet::config::ServiceConfig;
//!
//! let config = ServiceConfig::from_json(r#"{
//!   "methodConfig": [{
//!     "name": [{"service": "movies.v1.Movies", "method": "GetMovie"}],
//!     "timeout": "0.25s",
//!     "circuitBreaker": {"failureRateThreshold": 30}
//!   }]
//! }"#)?;
//! assert!(config.warnings().is_empty());
//!
//! // A config is right as a whole, or not taken at all.
//! let refused = ServiceConfig::from_json(r#"{"methodConfig": [{"timeout": "250ms"}]}"#).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     r#"methodConfig[0].timeout is "250ms"; it must be a duration in seconds with an `s`, such as "0.5s""#,
//! );
//! # Ok::<(), couplet::config::ServiceConfigErrors>(())
//! ```
//!
//! The fields are in one table (`fields`); everything here follows it.

mod balancing;
mod code;
mod contradiction;
mod duration;
mod effective;
mod error;
mod fields;
#[cfg_attr(
    not(feature = "http2"),
    allow(
        dead_code,
        reason = "only channels and servers over sockets take a configuration"
    )
)]
pub(crate) mod file;
#[cfg_attr(
    not(feature = "http2"),
    allow(
        dead_code,
        reason = "only channels and servers over sockets take a configuration"
    )
)]
pub(crate) mod live;
mod merge;
mod names;
mod origin;
mod read;
mod reference;
#[cfg_attr(
    not(feature = "http2"),
    allow(
        dead_code,
        reason = "only channels and servers over sockets take a configuration"
    )
)]
pub(crate) mod sources;
#[cfg_attr(
    not(feature = "http2"),
    allow(
        dead_code,
        reason = "only channels and servers over sockets take a configuration"
    )
)]
pub(crate) mod target;
#[cfg(test)]
mod tests;
mod value;
mod window;
mod write;

use std::fmt;

use self::read::Whole;
pub use self::{
    effective::{Effective, EffectiveValue},
    error::{Mistake, ServiceConfigErrors, Warning},
    origin::Origin,
    reference::reference,
};
pub use self::{file::FileError, live::ConfigCounts};
use crate::json::Node;
use crate::{
    call::{Method, Policies},
    policy::{balance::Balancing, outlier, retry::ThrottleConfig},
};

/// What one source outside of the contract says: of methods, and of the target they are at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceConfig {
    methods: Vec<MethodConfig>,
    retry_throttling: Option<ThrottleConfig>,
    balancing: Option<Balancing>,
    outlier: Option<outlier::Config>,
    health_service: Option<String>,
    load_balancing: Option<Node>,
    load_balancing_policy: Option<Node>,
    health_check: Option<Node>,
    warnings: Vec<Warning>,
}

/// What is said of some methods.
#[derive(Debug, Clone, PartialEq)]
struct MethodConfig {
    names: Vec<Name>,
    policies: Policies,
}

/// Which methods are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    /// Every method.
    All,
    /// Every method of a service.
    Service(String),
    /// A method of a service.
    Method(String, String),
}

// === ServiceConfig ===

impl ServiceConfig {
    /// Reads gRPC's JSON (gRFC A21, A6, A50), with our fields beside the standard ones.
    ///
    /// Fields that are not known are passed over, as other clients pass over ours; what looks like a slip is in
    /// [`warnings`](Self::warnings).
    ///
    /// # Errors
    /// Every mistake with its path, what is there and what would be right. A text of more than 4 MiB, or of more than 64
    /// brackets in each other, is not looked at.
    pub fn from_json(text: &str) -> Result<Self, ServiceConfigErrors> {
        read::read(text, Whole::Whole)
    }

    /// Reads the same where retry policies may leave out what gRPC asks for: what a contract says.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_contract_json(text: &str) -> Result<Self, ServiceConfigErrors> {
        read::read(text, Whole::Part)
    }

    /// What is odd in the text that this was read from, and no mistake.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How the endpoints of the target are chosen, if it is configured by a policy that is known here.
    pub fn balancing(&self) -> Option<&Balancing> {
        self.balancing.as_ref()
    }

    /// The service whose health the endpoints of the target are asked for (gRFC A17), if they are.
    pub fn health_check(&self) -> Option<&str> {
        self.health_service.as_deref()
    }

    /// Outlier detection at the target (gRFC A50), if it is configured.
    pub fn outlier_detection(&self) -> Option<&outlier::Config> {
        self.outlier.as_ref()
    }

    /// The throttle of retries to the target (gRFC A6), if it is configured.
    pub fn retry_throttling(&self) -> Option<&ThrottleConfig> {
        self.retry_throttling.as_ref()
    }

    /// What is said of `method`, by the name that fits it best: its own, its service's, or everybody's (gRFC A2).
    pub fn policies(&self, method: &Method) -> Option<&Policies> {
        self.said_of(method.service.name, method.name)
    }

    fn said_of(&self, service: &str, method: &str) -> Option<&Policies> {
        let fits = |name: &Name| match name {
            Name::All => Some(1),
            Name::Service(of) => (of == service).then_some(2),
            Name::Method(of, name) => (of == service && name == method).then_some(3),
        };
        let best = |config: &MethodConfig| config.names.iter().filter_map(fits).max();
        let fitting = self
            .methods
            .iter()
            .filter_map(|config| Some((best(config)?, config)));
        let (_, config) = fitting.max_by_key(|(fit, _)| *fit)?;
        Some(&config.policies)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("the default of all methods"),
            Self::Service(service) => write!(formatter, "{service}"),
            Self::Method(service, method) => write!(formatter, "{service}/{method}"),
        }
    }
}
