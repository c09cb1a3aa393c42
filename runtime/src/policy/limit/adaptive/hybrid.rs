//! The default: the limit by latency, checked against throughput and drops.
//!
//! ```text
//!              ┌─────────── a step down made nothing better: that was the latency without a queue ──────┐
//!              ▼                                                                                        │
//!   ┌──────────────────────┐   nothing known yet, much too slow, or not checked for long   ┌────────────────────────┐
//!   │ Holding              │ ────────────────────────────────────────────────────────────▶ │ Descending             │
//!   │ latency ≤ 1.5 × base │                                                               │ a quarter less a window│
//!   └──────────────────────┘                                                               └────────────────────────┘
//! ```
//! *Holding* keeps the latency near one and a half times that of a server without a queue. What that is, nobody can see
//! while there is a queue, and an average learns the queue with it: that is how delay-based limits run away. So it is
//! found out by trial: *Descending* lowers the limit step by step while that raises throughput over latency, which is
//! Kleinrock's *power*, greatest where all servers are busy and no call waits. Below, throughput falls as fast as the
//! limit does, and the latency does not move: it is the base.
//!
//! A quarter less of a limit that is too high costs no throughput. One step goes too far, once in a while, for one
//! window. The use of throughput against runaway limits is failsafe-go's; the probing for a base BBR's (Cardwell et al.
//! 2016).

use super::{Config, window::Seen};

/// How many times the base the latency may be.
const TOLERANCE: f64 = 1.5;
/// Beyond this part of that the limit grows no more.
const NEAR: f64 = 0.85;
/// This much beyond it, the base or the server has changed.
const FAR: f64 = 1.3;
/// A step of the descent, and what the power must gain by it to go on.
const STEP: f64 = 0.75;
const GAIN: f64 = 1.1;
/// The base is checked after so many windows in which nothing showed it.
const UNCHECKED: u32 = 30;
/// How much of what a window without a queue shows goes into the base.
const WEIGHT: f64 = 0.2;
/// From this share of drops on the limit is backed off in full.
const MANY_DROPS: f64 = 0.1;

#[derive(Debug, Default)]
pub(super) struct Hybrid {
    phase: Phase,
    /// The latency without a queue, in seconds; `None` before anything was learned.
    base: Option<f64>,
    /// For how many windows nothing has shown whether it still holds.
    unchecked: u32,
    /// How many windows in a row were far too slow.
    far: u32,
}

#[derive(Debug, Default, Clone, Copy)]
enum Phase {
    #[default]
    Holding,
    /// With the power before the last step.
    Descending(f64),
}

impl Hybrid {
    /// The limit after a window, before it is bounded.
    pub(super) fn next(&mut self, limit: f64, seen: &Seen, config: &Config) -> f64 {
        let part = (seen.dropped / MANY_DROPS).min(1.0);
        let backed_off = 1.0 - (1.0 - config.backoff_ratio) * part;
        if part >= 1.0 || seen.latency <= 0.0 {
            self.phase = Phase::Holding;
            return limit * backed_off;
        }
        let next = match (self.phase, self.base) {
            _ if !seen.half_used(limit) => self.at_ease(limit, seen),
            (Phase::Descending(before), _) => self.descend(before, limit, seen, config),
            (Phase::Holding, Some(base)) => self.hold(base, limit, seen),
            (Phase::Holding, None) => self.start_descent(limit, seen),
        };
        next * backed_off
    }

    /// Few calls are under way, so that what they take is what a call takes without a queue.
    fn at_ease(&mut self, limit: f64, seen: &Seen) -> f64 {
        self.phase = Phase::Holding;
        self.learn(seen.latency);
        limit
    }

    fn hold(&mut self, base: f64, limit: f64, seen: &Seen) -> f64 {
        let slowness = seen.latency / (base * TOLERANCE);
        self.far = if slowness > FAR { self.far + 1 } else { 0 };
        self.unchecked += 1;
        if self.far >= 2 || self.unchecked >= UNCHECKED {
            return self.start_descent(limit, seen);
        }
        if seen.latency < base * GAIN {
            self.learn(seen.latency);
        }
        if slowness > 1.0 {
            limit / slowness.min(2.0)
        } else if slowness < NEAR && seen.needs_more(limit) {
            limit * 1.1 + 1.0
        } else {
            limit
        }
    }

    fn start_descent(&mut self, limit: f64, seen: &Seen) -> f64 {
        self.phase = Phase::Descending(seen.power());
        limit * STEP
    }

    fn descend(&mut self, before: f64, limit: f64, seen: &Seen, config: &Config) -> f64 {
        let can_go_on = limit > f64::from(config.min_limit);
        if can_go_on && seen.power() > before * GAIN {
            return self.start_descent(limit, seen);
        }
        self.phase = Phase::Holding;
        self.base = None;
        self.learn(seen.latency);
        limit / STEP
    }

    fn learn(&mut self, latency: f64) {
        let base = self.base.get_or_insert(latency);
        *base += WEIGHT * (latency - *base);
        (self.unchecked, self.far) = (0, 0);
    }
}

impl Seen {
    /// Whether the limit held calls back, or was near to it.
    fn needs_more(&self, limit: f64) -> bool {
        self.refused || f64::from(self.peak) >= 0.8 * limit
    }

    /// Throughput over latency (Kleinrock 1979).
    fn power(&self) -> f64 {
        self.throughput / self.latency
    }
}
