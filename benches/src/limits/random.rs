//! Random numbers that a seed decides, and the two distributions that the model draws from.

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers that `seed` decides.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly between 0 and 1, never 0.
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// The time to the next of events that come at random, `rate` of them a second.
    pub fn gap(&mut self, rate: f64) -> f64 {
        -self.share().ln() / rate
    }

    /// Log-normal: around `median`, and wider the greater `sigma`.
    pub fn around(&mut self, median: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * self.share().ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.share()).cos();
        median * (sigma * normal).exp()
    }
}
