//! What outlier ejection is told: every parameter, its default, and what is a mistake.
//!
//! Each field says its name in a service config (gRFC A50; ours stand beside A50's own).

use std::time::Duration;

use thiserror::Error;
use tonic::{Code, Status};

use crate::{
    call::{CodeSet, Mark},
    policy::{backoff::Backoff, refusal::was_refused_there},
};

/// The longest duration that proto3's JSON can say.
const LONGEST: Duration = Duration::from_secs(315_576_000_000);
/// The shortest interval that is kept to.
const SHORTEST: Duration = Duration::from_millis(1);

/// The parameters of outlier ejection for one target. The default finds no outliers, as A50 has it, and has a gate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// `interval`: the time between two sweeps; below 1 ms counts as 1 ms. Default: 10 s.
    pub interval: Duration,
    /// `baseEjectionTime`: an ejection lasts this long, times the number of ejections in a row. Default: 30 s.
    pub base_ejection_time: Duration,
    /// `maxEjectionTime`: the longest ejection, unless the base is longer. Default: 300 s.
    pub max_ejection_time: Duration,
    /// `maxEjectionTimeJitter` (Envoy): up to this much is added to an ejection, so that endpoints that were ejected
    /// together do not return together. Default: 0.
    pub max_ejection_time_jitter: Duration,
    /// `maxEjectionPercent`: no endpoint is ejected once this many percent are; above 0, one always may be. Default: 10.
    pub max_ejection_percent: u32,
    /// `successRateEjection`: ejects what succeeds far less often than the rest. Default: unset.
    pub success_rate_ejection: Option<SuccessRate>,
    /// `failurePercentageEjection`: ejects what fails too often, whatever the rest does. Default: unset.
    pub failure_percentage_ejection: Option<FailurePercentage>,
    /// `consecutiveFailures` (Envoy): the next sweep ejects what failed so many times in a row, by `failure_codes`; 0 is
    /// off. Default: 0.
    pub consecutive_failures: u32,
    /// `excludeLocalCancels`: calls that this client gave up, the losers of a hedged call among them, count for nothing.
    /// A50 itself has them count as failures. Default: true.
    pub exclude_local_cancels: bool,
    /// `deadlineAttribution`: DEADLINE_EXCEEDED counts only if the call had at least half of its method's own timeout, so
    /// that a caller in a hurry makes no endpoint look sick. Default: true.
    pub deadline_attribution: bool,
    /// `panicThreshold`: with less than this many percent of the endpoints usable, ejections and gates are ignored. With
    /// none usable they always are. Default: 50.
    pub panic_threshold: u32,
    /// `gate`: keeps calls from an endpoint between sweeps. Default: set.
    pub gate: Option<Gate>,
    /// The codes that a run of failures is made of. Rates are taken as A50 has it: what is not OK is a failure. Default:
    /// `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `INTERNAL`, `UNKNOWN`, `DATA_LOSS`; a quota (`RESOURCE_EXHAUSTED`) is the
    /// caller's and follows it to every endpoint.
    pub failure_codes: CodeSet,
}

/// Ejects an endpoint whose success rate is below the mean by more than so many standard deviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuccessRate {
    /// `stdevFactor`: the number of standard deviations, in thousandths. Default: 1900.
    pub stdev_factor: u32,
    /// `enforcementPercentage`: the share of findings that ejects; 0 only tells. Default: 100.
    pub enforcement_percentage: u32,
    /// `minimumHosts`: how many endpoints must have `request_volume`. Default: 5.
    pub minimum_hosts: u32,
    /// `requestVolume`: how many calls in an interval make a rate. Default: 100.
    pub request_volume: u32,
}

/// Ejects an endpoint that fails more than this share of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailurePercentage {
    /// `threshold`: percent; an endpoint at exactly this much stays (A50's algorithm; its proto comment has it go).
    /// Default: 85.
    pub threshold: u32,
    /// `enforcementPercentage`: the share of findings that ejects; 0 only tells. Default: 100.
    pub enforcement_percentage: u32,
    /// `minimumHosts`: how many endpoints must have `request_volume`. Default: 5.
    pub minimum_hosts: u32,
    /// `requestVolume`: how many calls in an interval make a percentage. Default: 50.
    pub request_volume: u32,
}

/// Shuts an endpoint out as soon as it fails so many times in a row, and tries it with one call at a time (linkerd).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// `consecutiveFailures`: how many failures in a row shut it; 0 is off. Default: 5.
    pub consecutive_failures: u32,
    /// The waits before each trial. Default: 1 s, times 2, up to 60 s, ± 20 %.
    pub backoff: Backoff,
    /// How long a trial may take before the next one is sent; above 0. Default: 10 s.
    pub trial_limit: Duration,
}

/// What the end of a call says about its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The call succeeded.
    Success,
    /// The endpoint works and said no, as in NOT_FOUND: a failure to A50's rates, which are held against the other
    /// endpoints' rates, and the end of a run of failures.
    Declined,
    /// The endpoint failed.
    Failure,
    /// Nothing.
    Ignored,
}

/// A parameter that outlier ejection cannot work with.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A share of more than the whole.
    #[error("`{name}` is {value}; it must be between 0 and 100 percent")]
    Percentage {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: u32,
    },
    /// A duration that JSON cannot say.
    #[error("`{name}` is {value:?}; it must be at most 315576000000s")]
    TooLong {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: Duration,
    },
    /// A wait that is none.
    #[error("`{0}` is 0; it must be above 0")]
    Zero(&'static str),
    /// A factor would make waits shorter, not longer.
    #[error("`gate.multiplier` is {0}; it must be a number of at least 1")]
    Multiplier(f64),
    /// A jitter is not a fraction.
    #[error("`gate.jitter` is {0}; it must be between 0 and 1")]
    Jitter(f64),
}

// === Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            base_ejection_time: Duration::from_secs(30),
            max_ejection_time: Duration::from_secs(300),
            max_ejection_time_jitter: Duration::ZERO,
            max_ejection_percent: 10,
            success_rate_ejection: None,
            failure_percentage_ejection: None,
            consecutive_failures: 0,
            exclude_local_cancels: true,
            deadline_attribution: true,
            panic_threshold: 50,
            gate: Some(Gate::default()),
            failure_codes: CodeSet::of(&[
                Code::Unavailable,
                Code::DeadlineExceeded,
                Code::Internal,
                Code::Unknown,
                Code::DataLoss,
            ]),
        }
    }
}

impl Config {
    /// Whether ejection can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range, with its name, its value and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        no_longer("interval", self.interval)?;
        no_longer("baseEjectionTime", self.base_ejection_time)?;
        no_longer("maxEjectionTime", self.max_ejection_time)?;
        no_longer("maxEjectionTimeJitter", self.max_ejection_time_jitter)?;
        percentage("maxEjectionPercent", self.max_ejection_percent)?;
        percentage("panicThreshold", self.panic_threshold)?;
        if let Some(rate) = self.success_rate_ejection {
            let name = "successRateEjection.enforcementPercentage";
            percentage(name, rate.enforcement_percentage)?;
        }
        if let Some(failures) = self.failure_percentage_ejection {
            percentage("failurePercentageEjection.threshold", failures.threshold)?;
            let name = "failurePercentageEjection.enforcementPercentage";
            percentage(name, failures.enforcement_percentage)?;
        }
        self.gate.map_or(Ok(()), |gate| gate.validate())
    }

    /// Whether nothing would ever be ejected, so that nothing is counted either.
    pub fn is_inert(&self) -> bool {
        self.success_rate_ejection.is_none()
            && self.failure_percentage_ejection.is_none()
            && self.consecutive_failures == 0
    }

    /// What the end of a call says: `failed` is none for a good reply, `elapsed` how long the call took, and `timeout` what
    /// its method allows a call. A call that is given up has no end and is told by dropping its
    /// [`Pass`](super::Pass).
    pub fn outcome(
        &self,
        failed: Option<&Status>,
        elapsed: Duration,
        timeout: Option<Duration>,
    ) -> Outcome {
        let Some(status) = failed else {
            return Outcome::Success;
        };
        if matches!(
            Mark::of(status),
            Some(Mark::Refused | Mark::Incompatible | Mark::Misplaced)
        ) {
            return Outcome::Ignored;
        }
        if was_refused_there(status) {
            return Outcome::Ignored;
        }
        let hurried = timeout.is_some_and(|timeout| elapsed < timeout / 2);
        match status.code() {
            Code::Ok => Outcome::Success,
            Code::DeadlineExceeded if self.deadline_attribution && hurried => Outcome::Ignored,
            code if self.failure_codes.contains(code) => Outcome::Failure,
            _ => Outcome::Declined,
        }
    }

    /// How many failures in a row shut a gate, if any do.
    pub(super) fn gate(&self) -> Option<Gate> {
        self.gate.filter(|gate| gate.consecutive_failures > 0)
    }

    /// The time between two sweeps.
    pub(super) fn pause(&self) -> Duration {
        self.interval.max(SHORTEST)
    }

    /// How long the ejection lasts that is the `multiplier`th in a row; `random` from `[0, 1)` is its jitter.
    pub(super) fn ejection_time(&self, multiplier: u32, random: f64) -> Duration {
        let longest = self.max_ejection_time.max(self.base_ejection_time);
        let nominal = self.base_ejection_time.saturating_mul(multiplier);
        nominal.min(longest)
            + self
                .max_ejection_time_jitter
                .mul_f64(random.clamp(0.0, 1.0))
    }
}

// === Criteria ===

impl Default for SuccessRate {
    fn default() -> Self {
        Self {
            stdev_factor: 1_900,
            enforcement_percentage: 100,
            minimum_hosts: 5,
            request_volume: 100,
        }
    }
}

impl Default for FailurePercentage {
    fn default() -> Self {
        Self {
            threshold: 85,
            enforcement_percentage: 100,
            minimum_hosts: 5,
            request_volume: 50,
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            backoff: Backoff {
                initial: Duration::from_secs(1),
                multiplier: 2.0,
                max: Duration::from_secs(60),
                jitter: 0.2,
            },
            trial_limit: Duration::from_secs(10),
        }
    }
}

impl Gate {
    fn validate(&self) -> Result<(), ConfigError> {
        let Backoff {
            initial,
            multiplier,
            max,
            jitter,
        } = self.backoff;
        for (name, value) in [
            ("gate.wait", initial),
            ("gate.maxWait", max),
            ("gate.trialLimit", self.trial_limit),
        ] {
            if value.is_zero() {
                return Err(ConfigError::Zero(name));
            }
            no_longer(name, value)?;
        }
        if !(1.0..=f64::MAX).contains(&multiplier) {
            return Err(ConfigError::Multiplier(multiplier));
        }
        if !(0.0..=1.0).contains(&jitter) {
            return Err(ConfigError::Jitter(jitter));
        }
        Ok(())
    }
}

fn percentage(name: &'static str, value: u32) -> Result<(), ConfigError> {
    match value {
        0..=100 => Ok(()),
        _ => Err(ConfigError::Percentage { name, value }),
    }
}

fn no_longer(name: &'static str, value: Duration) -> Result<(), ConfigError> {
    if value <= LONGEST {
        Ok(())
    } else {
        Err(ConfigError::TooLong { name, value })
    }
}
