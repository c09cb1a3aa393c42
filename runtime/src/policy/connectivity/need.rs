//! Which connections are not needed any more: all of them after a while without a call, and one of several while the calls
//! would fit on fewer.
//!
//! gRPC's channels go idle after 30 minutes without a call; that some of several connections are left earlier is ours.

use std::time::{Duration, Instant};

/// What is to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Nothing.
    None,
    /// The connection with the fewest calls.
    One,
    /// All of them.
    All,
}

/// Watches whether connections are used.
#[derive(Clone, Debug)]
pub struct Need {
    /// How long nobody calls before all are left; for ever if none.
    limit: Option<Duration>,
    used: Instant,
}

impl Need {
    /// Used at `now`.
    pub fn new(limit: Option<Duration>, now: Instant) -> Self {
        Self { limit, used: now }
    }

    /// Waits so long from now on.
    pub fn limit(&mut self, limit: Option<Duration>) {
        self.limit = limit;
    }

    /// Used at `now`, though no call may have seen it.
    pub fn touch(&mut self, now: Instant) {
        self.used = now;
    }

    /// Looks at what was used since the last time: the most calls at once on each connection, of which each is good for
    /// `room`.
    pub fn look(&mut self, now: Instant, peaks: &[usize], room: usize) -> Leave {
        let calls: usize = peaks.iter().sum();
        if calls > 0 {
            self.used = now;
        }
        let idle = now.saturating_duration_since(self.used);
        if self.limit.is_some_and(|limit| idle >= limit) {
            return Leave::All;
        }
        // Half of what the others can take, so that what is left is not opened again in a moment.
        let others = peaks.len().saturating_sub(1);
        match others > 0 && calls * 2 <= others * room {
            true => Leave::One,
            false => Leave::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[expect(
        clippy::disallowed_methods,
        reason = "any instant will do as the first"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn connections_without_a_call_are_left_when_their_time_is_over() {
        let t0 = now();
        let mut need = Need::new(Some(2 * MINUTE), t0);
        assert_eq!(need.look(t0 + MINUTE, &[0], 100), Leave::None);
        // A call at any time since the last look begins it anew.
        assert_eq!(need.look(t0 + 2 * MINUTE, &[1], 100), Leave::None);
        assert_eq!(need.look(t0 + 3 * MINUTE, &[0], 100), Leave::None);
        assert_eq!(need.look(t0 + 4 * MINUTE, &[0], 100), Leave::All);
        need.touch(t0 + 5 * MINUTE);
        assert_eq!(need.look(t0 + 6 * MINUTE, &[0], 100), Leave::None);
        let mut lasting = Need::new(None, t0);
        assert_eq!(lasting.look(t0 + 1_000 * MINUTE, &[0], 100), Leave::None);
    }

    #[test]
    fn one_of_several_is_left_while_the_others_would_be_half_empty() {
        let t0 = now();
        let mut need = Need::new(None, t0);
        assert_eq!(need.look(t0, &[60, 41], 100), Leave::None);
        assert_eq!(need.look(t0, &[30, 20], 100), Leave::One);
        assert_eq!(need.look(t0, &[50, 50, 0], 100), Leave::One);
        // The last one is not spare.
        assert_eq!(need.look(t0, &[1], 100), Leave::None);
    }
}
