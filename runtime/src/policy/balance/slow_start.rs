//! How much of its calls an endpoint gets that has just come up: more and more, until it has its share (Envoy's slow start).

use std::time::Duration;

/// How an endpoint that came up is brought in. The default is not to be slow about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowStart {
    /// `slowStartWindow`: how long it takes; none is at once. Default: 0.
    pub window: Duration,
    /// `slowStartAggression`: 1 brings it in evenly, more brings it in faster at first. Default: 1.
    pub aggression: f64,
    /// `slowStartMinPercent`: percent of its share that it gets from the beginning. Default: 10.
    pub min_percent: u32,
}

impl Default for SlowStart {
    fn default() -> Self {
        Self {
            window: Duration::ZERO,
            aggression: 1.0,
            min_percent: 10,
        }
    }
}

impl SlowStart {
    /// The part of its share that an endpoint is to get that came up so long ago, from 0 to 1.
    pub fn part(&self, age: Duration) -> f64 {
        if age >= self.window {
            return 1.0;
        }
        let passed = age.as_secs_f64() / self.window.as_secs_f64();
        let least = f64::from(self.min_percent.min(100)) / 100.0;
        passed.powf(1.0 / self.aggression).clamp(least, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_brought_in_bit_by_bit() {
        let slow = SlowStart {
            window: Duration::from_secs(10),
            ..SlowStart::default()
        };
        let part = |seconds| slow.part(Duration::from_secs(seconds));
        assert_eq!(
            [part(0), part(2), part(5), part(10), part(60)],
            [0.1, 0.2, 0.5, 1.0, 1.0]
        );
        let eager = SlowStart {
            aggression: 2.0,
            ..slow
        };
        assert!(eager.part(Duration::from_secs(5)) > 0.7);
        assert_eq!(SlowStart::default().part(Duration::ZERO), 1.0);
    }
}
