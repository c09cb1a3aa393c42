//! Who said a value.

use std::{fmt, path::PathBuf, sync::Arc};

/// Where a value comes from, from the widest to the narrowest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody said it.
    Default,
    /// The contract.
    Contract,
    /// The service config: the one in this file, or one that was handed over when the channel was built.
    ServiceConfig(Option<Arc<PathBuf>>),
    /// A service config that was pushed at run time.
    Pushed,
    /// Code.
    Code,
}

// === Origin ===

impl Origin {
    /// How narrow it is.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Contract => 1,
            Self::ServiceConfig(_) => 2,
            Self::Pushed => 3,
            Self::Code => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Contract => formatter.write_str("contract"),
            Self::ServiceConfig(None) => formatter.write_str("service config"),
            Self::ServiceConfig(Some(path)) => write!(formatter, "{}", path.display()),
            Self::Pushed => formatter.write_str("pushed"),
            Self::Code => formatter.write_str("code"),
        }
    }
}
