//! A service config made in code: the same fields, typed.

use super::{
    MethodConfig, Name, ServiceConfig, ServiceConfigErrors,
    read::{self, Whole},
};
use crate::{call::Policies, policy::retry::ThrottleConfig};

impl ServiceConfig {
    /// Says nothing yet.
    ///
    /// ```
    /// use std::time::Duration;
    /// use couplet::{call::{BreakerPolicy, Policies}, config::ServiceConfig};
    ///
    /// let config = ServiceConfig::new()
    ///     .method(
    ///         "movies.v1.Movies/GetMovie",
    ///         Policies::UNSET.timeout(Duration::from_millis(250)),
    ///     )
    ///     .all(Policies::UNSET.breaker(BreakerPolicy::UNSET.failure_rate_threshold(30.0)));
    /// config.check()?;
    /// # Ok::<(), couplet::config::ServiceConfigErrors>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Says `policies` of one method, named as in `movies.v1.Movies/GetMovie`. Of what a config says, the name that fits
    /// best holds, and no other (gRFC A2).
    #[must_use]
    pub fn method(self, name: &str, policies: Policies) -> Self {
        let (service, method) = name.rsplit_once('/').unwrap_or(("", name));
        self.with(
            Name::Method(service.to_owned(), method.to_owned()),
            policies,
        )
    }

    /// Says `policies` of every method of a service that has nothing said of its own.
    #[must_use]
    pub fn service(self, name: &str, policies: Policies) -> Self {
        self.with(Name::Service(name.to_owned()), policies)
    }

    /// Says `policies` of every method of every service that has nothing said of its own.
    #[must_use]
    pub fn all(self, policies: Policies) -> Self {
        self.with(Name::All, policies)
    }

    /// Stops retries to the target while it fails too much (gRFC A6).
    #[must_use]
    pub fn throttling(mut self, config: ThrottleConfig) -> Self {
        self.retry_throttling = Some(config);
        self
    }

    fn with(mut self, name: Name, policies: Policies) -> Self {
        let names = vec![name];
        self.methods.push(MethodConfig { names, policies });
        self
    }

    /// Whether all of it makes sense, as [`from_json`](Self::from_json) would say it. Whoever takes a config asks this.
    ///
    /// # Errors
    /// Every mistake, at the path that it would have in JSON.
    pub fn check(&self) -> Result<(), ServiceConfigErrors> {
        read::read(&self.json(Whole::Part), Whole::Part).map(drop)
    }
}
