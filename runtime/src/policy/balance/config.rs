//! What a channel is told about balancing: every parameter, its default, and what is a mistake.
//!
//! Each field says its name in a service config. Names and algorithms are gRPC's where it has them.

use semver::{Version, VersionReq};
use thiserror::Error;

use super::SlowStart;

/// How the endpoint of a call is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// `peak_ewma`: of two that are drawn, the one that answers faster, or, if both are about as fast, has fewer calls
    /// under way for its weight (peak EWMA, as in Finagle). The default.
    #[default]
    PeakEwma,
    /// `round_robin`: one after the other, whatever their weights.
    RoundRobin,
    /// `weighted_round_robin`: in turn, each as often as its weight says, and spread over the turn (the schedule of gRFC
    /// A58). Weights are those of discovery; what backends report of their load is not read.
    WeightedRoundRobin,
    /// `least_request`: of some that are drawn, the one with the fewest calls under way for its weight (gRFC A48).
    LeastRequest,
    /// `ring_hash`: calls of one key go to one endpoint, and few keys move when endpoints come and go (gRFC A42, A76).
    RingHash,
    /// `pick_first`: the first that can be used, in the order of discovery; the others stand by, connected.
    PickFirst,
}

/// How a channel balances.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Balancing {
    /// `strategy`. Default: [`Strategy::PeakEwma`].
    pub strategy: Strategy,
    /// `choiceCount`: how many endpoints `least_request` draws; at least 2, and more than 10 counts as 10. Default: 2.
    pub choice_count: u32,
    /// `minRingSize`: how many places the ring of `ring_hash` has at least. Default: 1024.
    pub min_ring_size: u32,
    /// `maxRingSize`: how many at most; each endpoint has one place in any case. Default: 4096.
    pub max_ring_size: u32,
    /// `requestHashHeader`: the metadata whose value is the key of a call to `ring_hash`, before a field that the contract
    /// names; without either, a call goes anywhere. Default: none.
    pub request_hash_header: Option<String>,
    /// `spillBelow`: with less than this many percent of the endpoints of the client's own zone usable, calls go to other
    /// zones too: as great a share of them as the usable part is smaller than this. Default: 70.
    pub spill_below: u32,
    /// Gives an endpoint that came up only a part of its calls at first. Default: off.
    pub slow_start: SlowStart,
    /// `subsetSize`: of each release, no more than this many endpoints are connected to, chosen by hash (gRFC A68); 0 is
    /// all. Default: 100, and all for `ring_hash`, where clients must agree.
    pub subset_size: Option<u32>,
    /// `canary`: releases that get a share of the calls and no more, whatever the weight of their endpoints. Default:
    /// none.
    pub canaries: Vec<Canary>,
}

/// A share of the calls for some releases.
#[derive(Debug, Clone, PartialEq)]
pub struct Canary {
    /// The releases, such as `>=1.5.0`. A pre-release is meant only where one is named.
    pub versions: VersionReq,
    /// Percent of the calls; from 0 to 100.
    pub percent: f64,
}

/// A parameter that balancing cannot work with.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Nothing to choose from.
    #[error("`choiceCount` is {0}; it must be at least 2")]
    Choices(u32),
    /// No ring.
    #[error("`{0}` is 0; it must be above 0")]
    Zero(&'static str),
    /// The bounds are the wrong way round.
    #[error("`minRingSize` is {min}, above `maxRingSize`, {max}")]
    Ring {
        /// The least size.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// Shares that are none.
    #[error("`canary` gives {0} percent of the calls away; it must be between 0 and 100")]
    Canaries(f64),
    /// A share of more than the whole.
    #[error("`{name}` is {value}; it must be between 0 and 100 percent")]
    Percentage {
        /// The parameter's name.
        name: &'static str,
        /// The value it has.
        value: u32,
    },
    /// Not a curve.
    #[error("`slowStartAggression` is {0}; it must be a number above 0")]
    Aggression(f64),
}

/// The endpoints of one release that a client connects to, where nothing else is said.
const SUBSET: u32 = 100;

// === Balancing ===

impl Default for Balancing {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            choice_count: 2,
            min_ring_size: 1_024,
            max_ring_size: 4_096,
            request_hash_header: None,
            spill_below: 70,
            slow_start: SlowStart::default(),
            subset_size: None,
            canaries: Vec::new(),
        }
    }
}

impl From<Strategy> for Balancing {
    fn from(strategy: Strategy) -> Self {
        Self {
            strategy,
            ..Self::default()
        }
    }
}

impl Balancing {
    /// Whether balancing can work with these values.
    ///
    /// # Errors
    /// The first parameter that is out of its range, with its name, its value and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.choice_count < 2 {
            return Err(ConfigError::Choices(self.choice_count));
        }
        let (min, max) = (self.min_ring_size, self.max_ring_size);
        for (name, value) in [("minRingSize", min), ("maxRingSize", max)] {
            if value == 0 {
                return Err(ConfigError::Zero(name));
            }
        }
        if min > max {
            return Err(ConfigError::Ring { min, max });
        }
        for (name, value) in [
            ("spillBelow", self.spill_below),
            ("slowStartMinPercent", self.slow_start.min_percent),
        ] {
            if value > 100 {
                return Err(ConfigError::Percentage { name, value });
            }
        }
        let aggression = self.slow_start.aggression;
        if !(aggression > 0.0 && aggression.is_finite()) {
            return Err(ConfigError::Aggression(aggression));
        }
        let whole = |percent: f64| (0.0..=100.0).contains(&percent);
        let sum = self.canaries.iter().map(|canary| canary.percent).sum();
        match whole(sum) && self.canaries.iter().all(|canary| whole(canary.percent)) {
            true => Ok(()),
            false => Err(ConfigError::Canaries(sum)),
        }
    }

    /// How many endpoints of one release there are to be, if not all.
    pub(crate) fn subset(&self) -> Option<usize> {
        let default = match self.strategy {
            Strategy::RingHash => 0,
            _ => SUBSET,
        };
        match self.subset_size.unwrap_or(default) {
            0 => None,
            size => Some(size as usize),
        }
    }

    /// The canary that an endpoint of this release belongs to, by its place.
    pub(crate) fn canary(&self, version: Option<&Version>) -> Option<usize> {
        let version = version?;
        let mut canaries = self.canaries.iter();
        canaries.position(|canary| canary.versions.matches(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary(versions: &str, percent: f64) -> Canary {
        let versions = versions.parse().unwrap();
        Canary { versions, percent }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let wrong = |change: fn(&mut Balancing)| {
            let mut balancing = Balancing::default();
            change(&mut balancing);
            balancing.validate().unwrap_err().to_string()
        };
        assert!(wrong(|balancing| balancing.choice_count = 1).contains("`choiceCount` is 1"));
        assert!(wrong(|balancing| balancing.min_ring_size = 5_000).contains("above `maxRingSize`"));
        assert!(wrong(|balancing| balancing.spill_below = 101).contains("`spillBelow` is 101"));
        assert!(wrong(|balancing| balancing.slow_start.aggression = 0.0).contains("above 0"));
        let greedy = wrong(|balancing| {
            balancing.canaries = vec![canary(">=2.0.0", 60.0), canary(">=1.5.0", 41.0)];
        });
        assert!(greedy.contains("101 percent"), "{greedy}");
    }

    #[test]
    fn a_release_belongs_to_the_first_canary_that_names_it() {
        let balancing = Balancing {
            canaries: vec![canary(">=2.0.0", 1.0), canary(">=1.5.0", 5.0)],
            ..Balancing::default()
        };
        let of = |version: &str| balancing.canary(Some(&version.parse().unwrap()));
        assert_eq!(of("2.1.0"), Some(0));
        assert_eq!(of("1.5.0"), Some(1));
        assert_eq!(of("1.4.9"), None);
        assert_eq!(balancing.canary(None), None);
    }

    #[test]
    fn clients_of_a_ring_see_all_of_it() {
        assert_eq!(Balancing::default().subset(), Some(100));
        let mut ring = Balancing::from(Strategy::RingHash);
        assert_eq!(ring.subset(), None);
        ring.subset_size = Some(7);
        assert_eq!(ring.subset(), Some(7));
    }
}
