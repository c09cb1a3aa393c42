//! How long something takes, as a distribution: a hop over the network, a piece of work, a pause to think.

use std::{f64::consts::TAU, time::Duration};

use fastrand::Rng;

/// A distribution of durations. Tokio's timers have a resolution of 1 ms, so shorter ones are no shorter than that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delay(Shape);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Between(Duration, Duration),
    Exponential(Duration),
    LongTailed { median: Duration, sigma: f64 },
}

/// The 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874;

// === Delay ===

impl Delay {
    /// Nothing at all.
    pub const ZERO: Self = Self::fixed(Duration::ZERO);

    /// Always the same.
    pub const fn fixed(time: Duration) -> Self {
        Self(Shape::Between(time, time))
    }

    /// Anything from `least` to `most`, each as likely.
    pub const fn between(least: Duration, most: Duration) -> Self {
        Self(Shape::Between(least, most))
    }

    /// Exponential with this mean: what the work of a queueing model takes.
    pub const fn exponential(mean: Duration) -> Self {
        Self(Shape::Exponential(mean))
    }

    /// Log-normal, by its median and its 99th percentile: what real services and networks look like.
    pub fn long_tailed(median: Duration, p99: Duration) -> Self {
        let ratio = p99.as_secs_f64() / median.as_secs_f64();
        let sigma = ratio.max(1.0).ln() / NORMAL_P99;
        Self(Shape::LongTailed { median, sigma })
    }

    /// The next one.
    pub(crate) fn sample(&self, random: &mut Rng) -> Duration {
        match self.0 {
            Shape::Between(least, most) => least + most.saturating_sub(least).mul_f64(random.f64()),
            Shape::Exponential(mean) => mean.mul_f64(-(1.0 - random.f64()).ln()),
            Shape::LongTailed { median, sigma } => {
                // Box and Muller's way from two even numbers to a normal one.
                let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
                let normal = radius * (TAU * random.f64()).cos();
                median.mul_f64((sigma * normal).exp().min(1e6))
            }
        }
    }
}

impl From<Duration> for Delay {
    fn from(time: Duration) -> Self {
        Self::fixed(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The sorted times of many.
    fn samples(delay: Delay) -> Vec<Duration> {
        let mut random = Rng::with_seed(7);
        let mut samples: Vec<_> = (0..20_000).map(|_| delay.sample(&mut random)).collect();
        samples.sort();
        samples
    }

    fn close(time: Duration, expected: Duration) -> bool {
        (time.as_secs_f64() / expected.as_secs_f64() - 1.0).abs() < 0.1
    }

    #[test]
    fn each_shape_is_what_its_name_says() {
        let even = samples(Delay::between(MS, 3 * MS));
        assert!(even[0] >= MS && even[19_999] <= 3 * MS && close(even[10_000], 2 * MS));

        let exponential = samples(Delay::exponential(10 * MS));
        let mean = exponential.iter().sum::<Duration>() / 20_000;
        assert!(close(mean, 10 * MS), "{mean:?}");

        let long = samples(Delay::long_tailed(10 * MS, 100 * MS));
        assert!(close(long[10_000], 10 * MS) && close(long[19_800], 100 * MS));
    }
}
