//! What happened, as one number: two runs are the same if, and only if, their digests are.

use std::time::Duration;

/// A digest of events in their order, by FNV-1a, which is the same everywhere and for ever.
#[derive(Debug)]
pub(crate) struct Trace {
    digest: u64,
    events: u64,
    last: Duration,
}

// === Trace ===

impl Trace {
    pub(crate) fn new() -> Self {
        Self {
            digest: 0xcbf2_9ce4_8422_2325,
            events: 0,
            last: Duration::ZERO,
        }
    }

    /// Notes that at `at` there was `kind`, between or at the places `who`, with `what`.
    pub(crate) fn note(&mut self, at: Duration, kind: &str, who: [&str; 2], what: &[u8]) {
        self.events += 1;
        self.last = at;
        self.add(&at.as_nanos().to_le_bytes());
        for part in [kind, who[0], who[1]] {
            self.add(part.as_bytes());
            self.add(&[0]);
        }
        self.add(what);
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// When the last event was.
    pub(crate) fn last(&self) -> Duration {
        self.last
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
