//! How much load hedging may add to a method's calls.
//!
//! Every call pays in a fraction, every copy takes a whole one. What was not used lasts for a few copies, so that calls
//! that are rare are hedged as they are declared, and many are by a share of them.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// A copy, in thousandths.
const COPY: i64 = 1_000;
/// Copies that may come at a time.
const BURST: i64 = 10 * COPY;

/// What the copies of one method's calls may still add.
#[derive(Debug)]
pub struct Extra(AtomicI64);

impl Default for Extra {
    /// As if there had been no copies for long.
    fn default() -> Self {
        Self(AtomicI64::new(BURST))
    }
}

impl Extra {
    /// Counts a call, which allows `percent` of a copy.
    pub fn pay(&self, percent: f32) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "between nothing and a copy after the clamp"
        )]
        let share = (percent * 10.0).clamp(0.0, COPY as f32) as i64;
        if self.0.load(Relaxed) != BURST {
            let paid = |left: i64| Some((left + share).min(BURST));
            // The closure gives a value every time, so this is a loop until it is stored.
            let _ = self.0.fetch_update(Relaxed, Relaxed, paid);
        }
    }

    /// Takes what one copy costs; whether it was there.
    pub fn take(&self) -> bool {
        let taken = |left: i64| (left >= COPY).then(|| left - COPY);
        self.0.fetch_update(Relaxed, Relaxed, taken).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_few_copies_are_free_and_then_they_are_a_share_of_the_calls() {
        let extra = Extra::default();
        assert_eq!((0..100).filter(|_| extra.take()).count(), 10);
        let copies = (0..1_000).filter(|_| {
            extra.pay(5.0);
            extra.take()
        });
        assert_eq!(copies.count(), 50);
    }

    proptest! {
        #[test]
        fn copies_never_exceed_the_burst_and_the_share(percent in 0.0_f32..200.0, calls in 1_u32..2_000) {
            let extra = Extra::default();
            let mut copies = 0_u32;
            for _ in 0..calls {
                extra.pay(percent);
                copies += u32::from(extra.take());
            }
            let most = 10.0 + f64::from(calls) * f64::from(percent.min(100.0)) / 100.0;
            prop_assert!(f64::from(copies) <= most + 1e-3, "{} of {}", copies, most);
        }
    }
}
