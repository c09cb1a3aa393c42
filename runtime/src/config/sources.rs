//! What several sources say of methods: which there are, and what they come to.

use std::sync::Arc;

use super::{
    Origin, ServiceConfig, contradiction, effective::Effective, error::ServiceConfigErrors,
    live::Follow, merge::Merged, names::Named, target::TargetConfig,
};
use crate::{
    call::{Method, Policies},
    policy::retry::ThrottleConfig,
};

/// All sources beside the contract, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// From the widest to the narrowest.
    said: Vec<(Origin, Arc<ServiceConfig>)>,
    /// Whether what the contract says does not count, as on a server.
    without_contract: bool,
    /// The throttle, where none is configured.
    throttling: ThrottleConfig,
}

// === Sources ===

impl Sources {
    /// No sources, and the contract does not count: what it says is for clients.
    pub(crate) fn of_server() -> Self {
        Self {
            said: Vec::new(),
            without_contract: true,
            throttling: ThrottleConfig::default(),
        }
    }

    /// No sources, for a target of several endpoints.
    #[cfg(feature = "http2")]
    pub(crate) fn of_many() -> Self {
        Self {
            throttling: ThrottleConfig::of_many(),
            ..Self::default()
        }
    }

    fn contract(&self, method: &Method) -> Policies {
        match self.without_contract {
            true => Policies::UNSET,
            false => method.policies,
        }
    }

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
            return self.contract(method);
        }
        match self.contradictions(method).is_empty() {
            true => self.merged(method).policies(),
            false => self.contract(method),
        }
    }

    /// What all say together of `method`.
    pub(super) fn merged(&self, method: &Method) -> Merged {
        let contract = Merged::of(&self.contract(method), &Origin::Contract);
        let said = self.said.iter();
        let said =
            said.filter_map(|(origin, config)| Some(Merged::of(config.policies(method)?, origin)));
        said.fold(contract, Merged::under)
    }

    /// The throttle of retries to the target: the narrowest that is configured.
    pub(crate) fn throttling(&self) -> ThrottleConfig {
        let mut said = self.said.iter().rev();
        let said = said.find_map(|(_, config)| config.retry_throttling().copied());
        said.unwrap_or(self.throttling)
    }

    /// What holds for the target. A list of policies is one thing: the narrowest that has one says all of it.
    pub(crate) fn target(&self) -> TargetConfig {
        let narrowest = || self.said.iter().rev().map(|(_, config)| config);
        let balances = |config: &&Arc<ServiceConfig>| {
            config.load_balancing.is_some() || config.load_balancing_policy.is_some()
        };
        let balances = narrowest().find(balances);
        let asks = |config: &Arc<ServiceConfig>| config.health_check.is_some();
        let asks = narrowest().find(|config| asks(config));
        TargetConfig {
            balancing: balances.and_then(|config| config.balancing.clone()),
            outlier: balances.and_then(|config| config.outlier.clone()),
            health: asks.and_then(|config| config.health_service.clone()),
        }
    }

    /// What holds for `methods`, value by value, where no call is sent more often than `cap` says.
    pub(crate) fn effective(&self, methods: &'static [Method], cap: u32) -> Effective {
        let merged = methods.iter().map(|method| {
            let name = format!("{}/{}", method.service.name, method.name);
            // What makes no sense together with a contract does not hold, and is not shown as if it did.
            let merged = match self.contradictions(method).is_empty() {
                true => self.merged(method),
                false => Merged::of(&self.contract(method), &Origin::Contract),
            };
            (name, merged)
        });
        Effective::of_merged(merged, cap)
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

    /// Whether methods would share their breakers with those with whom they share them already.
    pub(super) fn check_scopes(&self, follower: &dyn Follow) -> Result<(), ServiceConfigErrors> {
        let mut errors = ServiceConfigErrors::new();
        for method in follower.service().methods {
            let said = self.policies(method).breaker.and_then(|said| said.scope);
            let said = said.unwrap_or_default();
            let Some(settled) = follower.scope(method).filter(|settled| *settled != said) else {
                continue;
            };
            let path = format!(
                "{}/{}: circuitBreaker.scope",
                method.service.name, method.name
            );
            let (said, settled) = (said.name(), settled.name());
            let found =
                format!("would be \"{said}\", and was \"{settled}\" when the client was made");
            errors.add(
                &path,
                found,
                "it changes with a new client, and not while one is in use",
            );
        }
        errors.none()
    }

    /// The contradictions that are not the contract's own.
    fn contradictions(&self, method: &Method) -> Vec<(String, String, String)> {
        let of_contract: Vec<_> = contradiction::all(&self.contract(method)).collect();
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
