//! What several sources say of methods: which there are, and what they come to.

use std::{fmt, path::PathBuf, sync::Arc};

use super::{
    ServiceConfig, contradiction, effective::Effective, error::ServiceConfigErrors, merge::Merged,
};
use crate::{
    call::{Method, Policies},
    policy::retry::ThrottleConfig,
};

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

/// All sources beside the contract, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// From the widest to the narrowest.
    said: Vec<(Origin, Arc<ServiceConfig>)>,
}

// === Sources ===

impl Sources {
    /// Puts what a source says in the place of what it said before.
    pub(crate) fn put(&mut self, origin: Origin, config: ServiceConfig) {
        let rank = origin.rank();
        self.said.retain(|(origin, _)| origin.rank() != rank);
        self.said.push((origin, Arc::new(config)));
        self.said.sort_by_key(|(origin, _)| origin.rank());
    }

    /// What holds for `method`. What makes no sense together with its contract is left to the contract.
    pub(crate) fn policies(&self, method: &Method) -> Policies {
        if self.said.is_empty() {
            return method.policies;
        }
        match self.contradictions(method).is_empty() {
            true => self.merged(method).policies(),
            false => method.policies,
        }
    }

    /// What all say together of `method`.
    pub(super) fn merged(&self, method: &Method) -> Merged {
        let contract = Merged::of(&method.policies, &Origin::Contract);
        let said = self.said.iter();
        let said =
            said.filter_map(|(origin, config)| Some(Merged::of(config.policies(method)?, origin)));
        said.fold(contract, Merged::under)
    }

    /// The throttle of retries to the target: the narrowest that is configured.
    pub(crate) fn throttling(&self) -> ThrottleConfig {
        let mut said = self.said.iter().rev();
        let said = said.find_map(|(_, config)| config.retry_throttling().copied());
        said.unwrap_or_default()
    }

    /// What holds for `methods`, value by value.
    pub(crate) fn effective(&self, methods: &'static [Method]) -> Effective {
        let merged = methods.iter().map(|method| {
            let name = format!("{}/{}", method.service.name, method.name);
            (name, self.merged(method))
        });
        Effective::of(merged)
    }

    /// Whether what is right by itself makes sense together with the contract of `methods`.
    pub(crate) fn check(&self, methods: &'static [Method]) -> Result<(), ServiceConfigErrors> {
        let mut errors = ServiceConfigErrors::new();
        for method in methods {
            for (path, found, right) in self.contradictions(method) {
                errors.add(&path, found, right);
            }
        }
        errors.none()
    }

    /// The contradictions that are not the contract's own.
    fn contradictions(&self, method: &Method) -> Vec<(String, String, String)> {
        let of_contract: Vec<_> = contradiction::all(&method.policies).collect();
        let all = self.merged(method).policies();
        let new = contradiction::all(&all).filter(|found| !of_contract.contains(found));
        let name = format!("{}/{}", method.service.name, method.name);
        let told = new.map(|new| {
            let found = format!("{} `{}`", new.found, new.other);
            (format!("{name}: {}", new.one), found, new.right)
        });
        told.collect()
    }
}

// === Origin ===

impl Origin {
    fn rank(&self) -> u8 {
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
