//! The breakers of a service's methods, found by the number of the method.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    call::{BreakerPolicy, Method, Service},
    clock,
    policy::{
        breaker::{Breaker, Config, ConfigError, Registry, Scope},
        plan::Plans,
    },
};

/// The breakers of one service at one target: one for each method, which methods may share.
#[derive(Debug)]
pub struct Breakers {
    service: &'static Service,
    plans: Arc<Plans>,
    table: Box<[Arc<Breaker>]>,
    /// What was said here last of the breaker of each method. One that is shared is told of what changes here, and keeps
    /// what others said of it meanwhile.
    said: Mutex<Vec<Config>>,
}

// === Breakers ===

impl Breakers {
    /// As the contract of `service` has them, with the defaults where it is silent; shared with nobody but each other.
    pub fn new(service: &'static Service) -> Self {
        let plans = Arc::new(Plans::of_contract(service));
        let breakers = Self::shared(service, plans, &Registry::default(), "");
        breakers.expect("the generator checked the declared breakers")
    }

    /// As `plans` has them, out of `registry`: what a method shares its breaker with is said by its
    /// [scope](crate::policy::breaker::Config::scope).
    ///
    /// # Errors
    /// The first parameter of a breaker that is out of its range.
    pub fn shared(
        service: &'static Service,
        plans: Arc<Plans>,
        registry: &Registry,
        target: &str,
    ) -> Result<Self, ConfigError> {
        let (now, methods) = (clock::now(), service.methods.iter());
        let configs: Vec<Config> = methods
            .clone()
            .map(|method| config(&plans, method))
            .collect();
        let keys = methods.zip(&configs);
        let keys: Vec<_> = keys
            .map(|(method, config)| Registry::key(config.scope, target, method))
            .collect();
        let said = agreed(configs, |one, other| keys[one] == keys[other]);
        let table = keys.iter().zip(&said);
        let table = table
            .map(|(key, config)| registry.breaker(key, config.clone(), now, fastrand::u64(..)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            service,
            plans,
            table,
            said: Mutex::new(said),
        })
    }

    /// Goes by what the plans have come to say, all of it or, if anything in it is wrong, nothing. Methods that share a
    /// breaker should say the same; else what the last of them says holds. Who shares with whom does not change.
    ///
    /// # Errors
    /// The first parameter of a breaker that is out of its range.
    pub fn reconfigure(&self, now: Instant) -> Result<(), ConfigError> {
        let configs = self.service.methods.iter();
        let configs: Vec<Config> = configs.map(|method| config(&self.plans, method)).collect();
        configs.iter().try_for_each(Config::validate)?;
        let configs = agreed(configs, |one, other| {
            Arc::ptr_eq(&self.table[one], &self.table[other])
        });
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *said, configs.clone());
        for ((breaker, config), before) in self.table.iter().zip(configs).zip(before) {
            if config != before && *breaker.config() != config {
                breaker.reconfigure(config, now)?;
            }
        }
        Ok(())
    }

    /// What shares the breaker of `method`, for as long as there are these breakers.
    pub(crate) fn scope(&self, method: &Method) -> Scope {
        self.of(method).config().scope
    }

    /// The breaker of `method`: its state, its counts, its events, and the way to force it.
    #[inline]
    pub fn of(&self, method: &Method) -> &Arc<Breaker> {
        &self.table[method.index]
    }

    /// The method's own timeout.
    pub(super) fn timeout(&self, method: &Method) -> Option<Duration> {
        self.plans.timeout(method)
    }
}

fn config(plans: &Plans, method: &Method) -> Config {
    let declared = plans.of(method).policies.breaker;
    Config::from(&declared.unwrap_or(BreakerPolicy::UNSET))
}

/// For each method, what the last of those says that share its breaker: so each is told once.
fn agreed(configs: Vec<Config>, shares: impl Fn(usize, usize) -> bool) -> Vec<Config> {
    let last = |one: usize| (0..configs.len()).rfind(|other| shares(one, *other));
    let agreed = (0..configs.len()).map(|one| configs[last(one).unwrap_or(one)].clone());
    agreed.collect()
}
