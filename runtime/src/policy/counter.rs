//! A count that many threads add to without sharing a cache line.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

const SHARDS: usize = 8;

/// Adds without waiting, reads by summing up. Starts at zero, wraps after 2⁶⁴.
#[derive(Debug, Default)]
pub struct Counter([Padded; SHARDS]);

/// A cache line of its own, and the next one too: processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: Cell<usize> = Cell::new(NEXT.fetch_add(1, Relaxed) % SHARDS);
}

impl Counter {
    /// Adds one.
    #[inline]
    pub fn add(&self) {
        self.add_many(1);
    }

    /// Adds `many`.
    #[inline]
    pub fn add_many(&self, many: u64) {
        self.0[SHARD.get()].0.fetch_add(many, Relaxed);
    }

    /// What was added so far, by all threads.
    pub fn sum(&self) -> u64 {
        self.0.iter().map(|shard| shard.0.load(Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_thread_loses_a_count() {
        let counter = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * SHARDS {
                scope.spawn(|| (0..1_000).for_each(|_| counter.add()));
            }
        });
        assert_eq!(counter.sum(), 2 * SHARDS as u64 * 1_000);
    }
}
