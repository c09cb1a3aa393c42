//! May this call go out: one load where calls flow, and the way from open to half open and to probes where they do not.

use std::sync::atomic::Ordering::Acquire;
use std::time::{Duration, Instant};

use super::Breaker;
use super::change::Step;
use super::counts::count;
use super::event::Cause;
use super::permit::{Pace, Rejected, Ticket};
use super::state::{State, Word};

// === Breaker: admission ===

impl Breaker {
    #[inline]
    pub(super) fn ticket(&self, now: Instant) -> Result<Ticket, Rejected> {
        let watches = self.flight.watches();
        if watches {
            self.look(now);
        }
        let word = self.load();
        let phase = if word.state().flows() {
            word.phase()
        } else {
            self.guard(now)?
        };
        let seat = match watches {
            true => self.flight.enter(self.nanos(now)),
            false => None,
        };
        Ok(Ticket {
            phase,
            started: now,
            seat,
            pace: Pace::Unknown,
        })
    }

    /// Opens if too many of the calls under way are slow already, of which no outcome would ever tell.
    fn look(&self, now: Instant) {
        let at = self.nanos(now);
        if self.flight.is_due(at) && self.flight.late(at) > 0 {
            let word = self.load();
            if matches!(word.state(), State::Closed | State::MetricsOnly) {
                self.judge(word, now, None, None);
            }
        }
    }

    /// Admits where not every call is admitted, and moves on where it is time to.
    fn guard(&self, now: Instant) -> Result<u32, Rejected> {
        let at = self.nanos(now);
        loop {
            let word = self.load();
            let until = self.until.load(Acquire);
            let left = until.checked_sub(at).filter(|left| *left > 0);
            match (word.state(), left) {
                (State::ForcedOpen, _) => return Err(self.refuse(word, None)),
                (State::Open, Some(_)) => return Err(self.refuse(word, left)),
                (State::Open, None) => self.advance(word, now, |_| {
                    Some(Step::new(State::HalfOpen, Cause::WaitOver))
                }),
                (State::HalfOpen, _) => {
                    if let Some(admitted) = self.probe(word, now, left) {
                        return admitted;
                    }
                }
                (State::Throttling, _) => {
                    return match self.throttle.lets_out(self, word, at) {
                        true => Ok(word.phase()),
                        false => Err(self.refuse(word, None)),
                    };
                }
                _ => return Ok(word.phase()),
            }
        }
    }

    /// Sends a probe, or decides by those that were sent; nothing if the word has changed, and all is to be asked anew.
    fn probe(&self, word: Word, now: Instant, left: Option<u64>) -> Option<Result<u32, Rejected>> {
        let config = self.config.load();
        let late = self.flight.late(self.nanos(now));
        if left.is_none() {
            self.advance(word, now, |word| Some(config.probed_in_time(word, late)));
            return None;
        }
        if config.probed(word, late).is_some() {
            self.advance(word, now, |word| config.probed(word, late));
            return None;
        }
        let permitted = config.permitted_number_of_calls_in_half_open_state;
        match word.launch(permitted) {
            None => Some(Err(self.refuse(word, left))),
            Some(next) => self.swap(word, next).ok().map(|()| Ok(next.phase())),
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
