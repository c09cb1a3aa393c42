//! May this call go out: one load where calls flow, and the way from open to half open and to probes where they do not.

use std::sync::atomic::Ordering::Acquire;
use std::time::{Duration, Instant};

use super::Breaker;
use super::counts::count;
use super::event::Cause;
use super::permit::{Rejected, Ticket};
use super::state::{State, Word};

// === Breaker: admission ===

impl Breaker {
    #[inline]
    pub(super) fn ticket(&self, now: Instant) -> Result<Ticket, Rejected> {
        let word = self.load();
        let phase = if word.state().flows() {
            word.phase()
        } else {
            self.guard(now)?
        };
        Ok(Ticket {
            phase,
            started: now,
        })
    }

    /// Admits where not every call is admitted, and moves on where it is time to.
    fn guard(&self, now: Instant) -> Result<u32, Rejected> {
        let at = self.nanos(now);
        loop {
            let word = self.load();
            let until = self.until.load(Acquire);
            let left = until.checked_sub(at).filter(|left| *left > 0);
            let next = match (word.state(), left) {
                (State::ForcedOpen, _) => return Err(self.refuse(word, None)),
                (State::Open, Some(_)) => return Err(self.refuse(word, left)),
                (State::Open, None) => {
                    self.advance(word, now, |_| (State::HalfOpen, Cause::WaitOver));
                    continue;
                }
                (State::HalfOpen, None) => {
                    self.advance(word, now, |word| self.config.probed_in_time(word));
                    continue;
                }
                (State::HalfOpen, _) => match word.launch(self.permitted()) {
                    None => return Err(self.refuse(word, left)),
                    Some(next) => next,
                },
                _ => return Ok(word.phase()),
            };
            if self.swap(word, next).is_ok() {
                return Ok(next.phase());
            }
        }
    }

    fn refuse(&self, word: Word, left: Option<u64>) -> Rejected {
        count(&self.counters.cells().rejected);
        Rejected {
            retry_in: left.map(Duration::from_nanos),
            state: word.state(),
            generation: word.generation(),
        }
    }
}
