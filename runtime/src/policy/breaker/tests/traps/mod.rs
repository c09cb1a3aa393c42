//! The traps that breakers in the field fell into, one test each, with the library and the report where it was seen.

mod control;
mod half_open;
mod late;
mod windows;

use std::time::Duration;

use super::super::*;
use super::{breaker, call};

const WAIT: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(10);

/// A breaker that opens on the first failure and closes on one good probe, and its first instant.
fn hair_trigger(change: impl FnOnce(&mut Config)) -> (Arc<Breaker>, Instant) {
    breaker(|config| {
        config.consecutive_failures = 1;
        config.permitted_number_of_calls_in_half_open_state = 1;
        config.wait_duration_in_open_state = WAIT;
        config.max_wait_duration_in_half_open_state = LIMIT;
        change(config);
    })
}

/// Opens the breaker and waits until a probe may go out.
fn open(breaker: &Breaker, now: Instant) -> Instant {
    call(breaker, now, Verdict::Failure);
    assert_eq!(breaker.state(), State::Open);
    now + WAIT
}
