//! What is seen between two looks at the limit: latencies, how many calls ended, how many were dropped, and the most at
//! once.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{Outcome, histogram::Histogram, nanos};

/// A window lasts at least as long as so many slow calls: of those that began in a shorter one, the quick ones would
/// end in it and the slow ones not.
const SLOW_CALLS: u64 = 3;

/// The window that is open.
#[derive(Debug)]
pub(super) struct Window {
    length: AtomicU64,
    began: AtomicU64,
    ends: AtomicU64,
    latencies: Histogram,
    ended: AtomicU32,
    dropped: AtomicU32,
    peak: AtomicU32,
    refused: AtomicBool,
    /// Of the last window, in nanoseconds; zero before there was one.
    typical: AtomicU64,
    slow: AtomicU64,
}

/// What a window saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// The mean latency, in seconds, of the quickest calls, the slowest left out. One quantile alone would jump to and
    /// fro where the latencies are of two kinds and it falls between them.
    pub(super) latency: f64,
    /// Calls that ended, for each second.
    pub(super) throughput: f64,
    /// The most calls under way at once.
    pub(super) peak: u32,
    /// Whether calls were refused, or would have been.
    pub(super) refused: bool,
    /// Which part of the calls was dropped, 0 to 1.
    pub(super) dropped: f64,
}

// === Window ===

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let length = nanos(length);
        Self {
            length: AtomicU64::new(length),
            began: AtomicU64::new(0),
            ends: AtomicU64::new(length),
            latencies: Histogram::new(),
            ended: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
            peak: AtomicU32::new(0),
            refused: AtomicBool::new(false),
            typical: AtomicU64::new(0),
            slow: AtomicU64::new(0),
        }
    }

    pub(super) fn reconfigure(&self, length: Duration) {
        self.length.store(nanos(length), Relaxed);
    }

    /// The middle one of the latencies of the last window.
    pub(super) fn typical(&self) -> Option<Duration> {
        let typical = self.typical.load(Relaxed);
        (typical > 0).then(|| Duration::from_nanos(typical))
    }

    /// So many calls are under way.
    #[inline]
    pub(super) fn reached(&self, in_flight: u32) {
        // The most is seldom exceeded, so mostly this only reads.
        if in_flight > self.peak.load(Relaxed) {
            self.peak.fetch_max(in_flight, Relaxed);
        }
    }

    /// There was no room for a call.
    pub(super) fn refused(&self) {
        // Read first: in an overload this is set already, and need not be fought over.
        if !self.refused.load(Relaxed) {
            self.refused.store(true, Relaxed);
        }
    }

    /// A call ended; it is `fresh` if the limit has not changed since it began.
    #[inline]
    pub(super) fn record(&self, latency: u64, outcome: Outcome, fresh: bool) {
        let slow = self.slow.load(Relaxed);
        let late = slow > 0 && latency >= slow;
        let (dropped, timed) = match outcome {
            Outcome::Served => (false, true),
            // How fast others refuse is no latency of ours.
            Outcome::Dropped => (true, late),
            // It would have taken longer still, and so belongs above the quantile.
            Outcome::Abandoned if late => (true, true),
            Outcome::Abandoned | Outcome::Ignored => return,
        };
        if dropped {
            self.dropped.fetch_add(1, Relaxed);
        }
        if timed && fresh {
            self.latencies.add(latency);
        }
        self.ended.fetch_add(1, Relaxed);
    }

    /// How many latencies it holds.
    #[cfg(test)]
    pub(super) fn samples(&self) -> u32 {
        self.latencies.total()
    }

    #[inline]
    pub(super) fn is_over(&self, now: u64) -> bool {
        now >= self.ends.load(Relaxed)
    }

    /// Ends the window at `now` and begins the next, if enough was seen: latencies, or drops where there are hardly
    /// any.
    pub(super) fn close(
        &self,
        now: u64,
        in_flight: u32,
        quantile: f64,
        enough: u32,
    ) -> Option<Seen> {
        let began = self.began.load(Relaxed);
        let few = self.latencies.total() < enough && self.dropped.load(Relaxed) < enough;
        if !self.is_over(now) || few {
            return None;
        }
        let counts = self.latencies.empty();
        let ended = self.ended.swap(0, Relaxed).max(1);
        let dropped = self.dropped.swap(0, Relaxed);
        let peak = self.peak.swap(in_flight, Relaxed);
        let latency = counts.mean_up_to(quantile);
        if counts.total > 0 {
            let typical = counts.quantile(0.5) * 1e9;
            self.typical.store(typical as u64, Relaxed);
            self.slow
                .store((counts.quantile(quantile) * 1e9) as u64, Relaxed);
        }
        let length = self.length.load(Relaxed);
        let slow_calls = self.slow.load(Relaxed).saturating_mul(SLOW_CALLS);
        self.began.store(now, Relaxed);
        self.ends
            .store(now.saturating_add(length.max(slow_calls)), Relaxed);
        let seconds = now.saturating_sub(began).max(1) as f64 / 1e9;
        Some(Seen {
            latency,
            throughput: f64::from(ended - dropped.min(ended)) / seconds,
            peak,
            refused: self.refused.swap(false, Relaxed),
            dropped: f64::from(dropped.min(ended)) / f64::from(ended),
        })
    }
}
