//! The breakers of a service's methods, found by the number of the method.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    call::{BreakerPolicy, Method, Service},
    clock,
    policy::{
        breaker::{Breaker, Config, ConfigError, Registry},
        plan::Plans,
    },
};

/// The breakers of one service at one target: one for each method, which methods may share.
#[derive(Debug)]
pub struct Breakers {
    service: &'static Service,
    plans: Arc<Plans>,
    table: Box<[Arc<Breaker>]>,
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
        let now = clock::now();
        let breaker = |method: &Method| {
            let config = config(&plans, method);
            let key = Registry::key(config.scope, target, method);
            registry.breaker(&key, config, now, fastrand::u64(..))
        };
        let table = service
            .methods
            .iter()
            .map(breaker)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            service,
            plans,
            table,
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
        for (breaker, config) in self.table.iter().zip(configs) {
            if *breaker.config() != config {
                breaker.reconfigure(config, now)?;
            }
        }
        Ok(())
    }

    /// The breaker of `method`: its state, its counts, its events, and the way to force it.
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
