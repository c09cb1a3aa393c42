//! Counters that threads do not fight over: each thread writes to its own cache lines, and readers add them up.

use std::array;
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// More shards would make sums dearer without making writes cheaper on usual machines.
pub(super) const SHARDS: usize = 8;

/// Up to eight copies of a `T`, each made when a thread first needs it.
#[derive(Debug)]
pub(super) struct Shards<T>([OnceLock<Box<Padded<T>>>; SHARDS]);

/// Two cache lines, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Padded<T>(pub(super) T);

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

// === Shards ===

impl<T> Shards<T> {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| OnceLock::new()))
    }

    /// This thread's shard, if it is there already.
    #[inline]
    pub(super) fn existing(&self) -> Option<&T> {
        self.0[mine()].get().map(|shard| &shard.0)
    }

    /// This thread's shard.
    #[inline]
    pub(super) fn mine(&self, make: impl FnOnce() -> T) -> &T {
        &self.0[mine()].get_or_init(|| Box::new(Padded(make()))).0
    }

    /// This thread's shard and its index, by which another thread finds it.
    pub(super) fn mine_at(&self, make: impl FnOnce() -> T) -> (usize, &T) {
        (mine(), self.mine(make))
    }

    /// The shard with this index, if it is there.
    pub(super) fn at(&self, index: usize) -> Option<&T> {
        self.0.get(index)?.get().map(|shard| &shard.0)
    }

    /// All shards that are there.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0
            .iter()
            .filter_map(OnceLock::get)
            .map(|shard| &shard.0)
    }
}

/// The index of this thread's shard; threads take turns.
#[inline]
fn mine() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    MINE.with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Relaxed));
        }
        mine.get() % SHARDS
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    #[test]
    fn nothing_is_lost_between_more_threads_than_shards() {
        let shards: Shards<AtomicU64> = Shards::new();
        thread::scope(|scope| {
            for _ in 0..3 * SHARDS {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        shards.mine(AtomicU64::default).fetch_add(1, Relaxed);
                    }
                });
            }
        });
        let sum: u64 = shards.iter().map(|shard| shard.load(Relaxed)).sum();
        assert_eq!(sum, 24_000);
        assert_eq!(shards.iter().count(), SHARDS);
    }
}
