//! Random numbers that can be had again: the number of a call and a seed say all that is drawn for it (SplitMix64).

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The golden ratio, as a fraction of 2⁶⁴.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Gives every call a sequence of its own, so that what is drawn for one does not depend on what others drew meanwhile.
#[derive(Debug)]
pub(super) struct Dice(AtomicU64);

/// The sequence of one call.
#[derive(Debug)]
pub(super) struct Roll(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(mix(seed)))
    }

    pub(super) fn seed(&self, seed: u64) {
        self.0.store(mix(seed), Relaxed);
    }

    pub(super) fn roll(&self) -> Roll {
        Roll(mix(self.0.fetch_add(STEP, Relaxed)))
    }
}

impl Roll {
    /// The next number below a million.
    pub(super) fn below_a_million(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(STEP);
        // The high half of the product is even to within one part in 10¹³.
        ((u128::from(mix(self.0)) * 1_000_000) >> 64) as u32
    }
}

fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
