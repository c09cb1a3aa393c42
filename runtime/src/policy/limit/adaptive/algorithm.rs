//! The table of algorithms, and what all of them have in common: bounds, and no growth that nobody asked for.

use super::{
    Algorithm, Config, aimd, gradient2::Gradient2, hybrid::Hybrid, vegas::Vegas, window::Seen,
};

/// What was learned about the limit.
#[derive(Debug)]
pub(super) struct Learner {
    pub(super) config: Config,
    limit: f64,
    state: State,
}

#[derive(Debug)]
enum State {
    Hybrid(Hybrid),
    Gradient2(Gradient2),
    Vegas(Vegas),
    Aimd,
    Fixed,
}

impl Learner {
    pub(super) fn new(config: Config) -> Self {
        Self {
            limit: config.initial_limit.into(),
            state: State::new(config.algorithm),
            config,
        }
    }

    pub(super) fn reconfigure(&mut self, config: Config) {
        if config.algorithm != self.config.algorithm {
            self.state = State::new(config.algorithm);
        }
        if config.initial_limit != self.config.initial_limit {
            self.limit = config.initial_limit.into();
        }
        self.config = config;
        self.limit = self.bounded(self.limit);
    }

    /// The limit in whole calls.
    pub(super) fn limit(&self) -> u32 {
        self.limit.round() as u32
    }

    /// Sets the limit by what a window saw.
    pub(super) fn learn(&mut self, seen: &Seen) {
        let (limit, config) = (self.limit, &self.config);
        let next = match &mut self.state {
            State::Hybrid(hybrid) => hybrid.next(limit, seen, config),
            State::Gradient2(gradient2) => gradient2.next(limit, seen),
            State::Vegas(vegas) => vegas.next(limit, seen),
            State::Aimd => aimd::next(limit, seen, config.backoff_ratio),
            State::Fixed => limit,
        };
        // A limit that is not half used is not what holds calls back, and more of it would prove nothing.
        let next = if seen.half_used(limit) {
            next
        } else {
            next.min(limit)
        };
        self.limit = self.bounded(next);
    }

    fn bounded(&self, limit: f64) -> f64 {
        let (min, max) = (self.config.min_limit, self.config.max_limit);
        limit.clamp(min.into(), max.into())
    }
}

impl State {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hybrid => Self::Hybrid(Hybrid::default()),
            Algorithm::Gradient2 => Self::Gradient2(Gradient2::default()),
            Algorithm::Vegas => Self::Vegas(Vegas::default()),
            Algorithm::Aimd => Self::Aimd,
            Algorithm::Fixed => Self::Fixed,
        }
    }
}

impl Seen {
    /// Whether at least half of the limit was used at once.
    pub(super) fn half_used(&self, limit: f64) -> bool {
        2.0 * f64::from(self.peak) >= limit
    }
}
