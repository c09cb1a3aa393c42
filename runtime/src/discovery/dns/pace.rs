//! When DNS is asked again.

use std::time::Duration;

use crate::policy::backoff::Backoff;

/// The least time between two questions: names whose answers are not to be kept (a TTL of 0) are common where instances come and
/// go, and a question a second is nothing to a server. gRPC waits 30 s, which is half a minute of calls to what has gone.
const LEAST: Duration = Duration::from_secs(1);

/// The longest time: a TTL says how long an answer may be used, and one of a day is no wish to miss new instances for a day.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// How much later than due a question may be, as a part of the time: clients that started together drift apart.
const SPREAD: f64 = 0.1;

/// The pauses while something is not answered.
pub(super) const PAUSES: Backoff = Backoff {
    initial: Duration::from_secs(1),
    multiplier: 1.6,
    max: Duration::from_secs(30),
    jitter: 0.2,
};

/// How long to wait after an answer that may be kept for `ttl`. `random` is a number from `[0, 1)`.
pub(super) fn after(ttl: Duration, random: f64) -> Duration {
    ttl.clamp(LEAST, LONGEST).mul_f64(1.0 + SPREAD * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_used_for_its_time_but_neither_for_none_nor_for_a_day() {
        for (ttl, least, most) in [(0, 1.0, 1.1), (30, 30.0, 33.0), (86_400, 300.0, 330.0)] {
            let ttl = Duration::from_secs(ttl);
            assert_eq!(after(ttl, 0.0), Duration::from_secs_f64(least));
            let late = after(ttl, 0.999_999).as_secs_f64();
            assert!(late > least && late < most, "{ttl:?}: {late}");
        }
    }
}
