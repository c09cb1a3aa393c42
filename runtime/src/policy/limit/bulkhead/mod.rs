//! A bulkhead: at most so many calls are under way at once, and a few more may wait for a place, first come, first
//! served.
//!
//! ```text
//!             a place is free                          the call is over
//!   admit ────────────────────────▶ Permit ─────────────────────────────▶ the first who waits, or nobody
//!     │ Full                          ▲
//!   queue ───────────▶ Place ─────────┘ its turn has come
//!     │ Full             └──────────▶ dropped: it leaves the queue, or gives back what it was handed
//! ```
//! Both counts are in one word, so that to take a place is one addition and to give it back one subtraction. The lock
//! is taken only by calls that wait, by whoever ends the wait of one, and by [`Bulkhead::reconfigure`]. A place that is
//! given back while others wait is handed over, so that no newcomer gets in before them.
//!
//! A full bulkhead that refuses a call holds its place for a moment, while it takes the addition back. Of the calls
//! that race with that, one may be refused though a place has just come free; never is there one too many.

mod config;
mod place;

use std::{
    collections::VecDeque,
    ops::Deref,
    sync::{
        Arc, PoisonError,
        atomic::Ordering::{AcqRel, Acquire, Relaxed},
    },
    task::Waker,
    time::Duration,
};

use thiserror::Error;

pub use self::{
    config::{Config, ConfigError},
    place::{OwnedPlace, Place},
};
use crate::policy::sync::{AtomicU64, Mutex, MutexGuard};

/// One that waits, in the word.
const WAITER: u64 = 1 << 32;
/// No bound: the word cannot count further.
const UNBOUNDED: u32 = u32::MAX;

/// Bounds the calls under way.
#[derive(Debug)]
pub struct Bulkhead {
    /// How many wait, in the upper half; how many places are taken, in the lower.
    word: AtomicU64,
    max: AtomicU64,
    queue: Mutex<Queue>,
}

/// Leave to make one call. Dropping it makes room for the next.
///
/// `B` is `&Bulkhead`, which costs nothing, or [`Arc<Bulkhead>`] for a permit that lives as long as a stream.
#[derive(Debug)]
#[must_use = "dropping a permit gives its place to the next"]
pub struct Permit<B: Deref<Target = Bulkhead>>(B);

/// A permit that holds the bulkhead itself, for calls that outlive the function that asked for leave.
pub type OwnedPermit = Permit<Arc<Bulkhead>>;

/// There is no room for another call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{max} calls are under way, which is all that may be, and {waiting} wait")]
pub struct Full {
    /// How many calls may be under way.
    pub max: u32,
    /// How many wait for a place.
    pub waiting: u32,
}

/// Those who wait, in the order in which they came.
#[derive(Debug)]
struct Queue {
    config: Config,
    /// The ticket of the next one; tickets only grow.
    next: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    waker: Option<Waker>,
}

// === Bulkhead ===

impl Bulkhead {
    /// An empty bulkhead.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            word: AtomicU64::new(0),
            max: AtomicU64::new(bound(config)),
            queue: Mutex::new(Queue {
                config,
                next: 0,
                waiting: VecDeque::new(),
            }),
        })
    }

    /// Asks for leave to make a call now.
    ///
    /// # Errors
    /// [`Full`] while all places are taken, or others wait for one.
    #[inline]
    pub fn admit(&self) -> Result<Permit<&Self>, Full> {
        self.take().map(|()| Permit(self))
    }

    /// Asks for leave to make a call that outlives the caller, as streams do.
    ///
    /// # Errors
    /// [`Full`] while all places are taken, or others wait for one.
    pub fn admit_owned(self: &Arc<Self>) -> Result<OwnedPermit, Full> {
        self.take().map(|()| Permit(Arc::clone(self)))
    }

    /// Gets in line behind those who wait. The place is a future; how long it is awaited is up to the one who waits.
    ///
    /// # Errors
    /// [`Full`] if as many wait as may.
    pub fn queue(&self) -> Result<Place<&Self>, Full> {
        self.line_up().map(|ticket| Place::new(self, ticket))
    }

    /// Gets in line for a call that outlives the caller, as streams do.
    ///
    /// # Errors
    /// [`Full`] if as many wait as may.
    pub fn queue_owned(self: &Arc<Self>) -> Result<OwnedPlace, Full> {
        let ticket = self.line_up()?;
        Ok(Place::new(Arc::clone(self), ticket))
    }

    /// The parameters as they are now.
    pub fn config(&self) -> Config {
        self.lock().config
    }

    /// How many calls may be under way; `None` for any number.
    pub fn max(&self) -> Option<u32> {
        Some(self.bound()).filter(|max| *max != UNBOUNDED)
    }

    /// The longest that a call may wait for a place; zero where none waits.
    pub fn max_wait(&self) -> Duration {
        self.lock().config.max_wait_duration
    }

    /// How many calls are under way.
    pub fn under_way(&self) -> u32 {
        taken(self.word.load(Acquire))
    }

    /// How many wait for a place.
    pub fn waiting(&self) -> u32 {
        waiting(self.word.load(Acquire))
    }

    /// Changes the bounds while calls are under way. More room goes to those who wait at once; less room takes no place
    /// away and nobody out of the queue, but lets none in until there is room again.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong; then nothing has changed.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConfigError> {
        config.validate()?;
        {
            let mut queue = self.lock();
            queue.config = config;
            // Whoever waits looks at the bound under the same lock, and so sees all room that there is.
            self.max.store(bound(config), Relaxed);
        }
        self.serve();
        Ok(())
    }

    #[inline]
    fn take(&self) -> Result<(), Full> {
        let before = self.word.fetch_add(1, AcqRel);
        let max = self.bound();
        if before < WAITER && taken(before) < max {
            return Ok(());
        }
        // Somebody may have waited for the place that was held for this moment.
        self.give_back();
        Err(Full {
            max,
            waiting: waiting(before),
        })
    }

    #[inline]
    fn give_back(&self) {
        if self.word.fetch_sub(1, AcqRel) >= WAITER {
            self.serve();
        }
    }

    /// Hands all places that are free to those who wait.
    #[cold]
    fn serve(&self) {
        // Woken outside the lock: what a waker does is not known here.
        while let Some(first) = self.hand_over() {
            if let Some(waker) = first.waker {
                waker.wake();
            }
        }
    }

    fn hand_over(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        if queue.waiting.is_empty() || !self.claim(|word| word + 1 - WAITER) {
            return None;
        }
        queue.waiting.pop_front()
    }

    /// Takes a free place, if there is one. To be called under the lock, so that the bound stands still.
    fn claim(&self, change: impl Fn(u64) -> u64) -> bool {
        let max = self.bound();
        let mut word = self.word.load(Acquire);
        while taken(word) < max {
            match self
                .word
                .compare_exchange(word, change(word), AcqRel, Acquire)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// The ticket of a new place in the queue. A ticket that is not in the queue has had its turn.
    fn line_up(&self) -> Result<u64, Full> {
        let mut queue = self.lock();
        let ticket = queue.next;
        queue.next += 1;
        loop {
            if queue.waiting.is_empty() && self.claim(|word| word + 1) {
                return Ok(ticket);
            }
            let word = self.word.load(Acquire);
            let max = self.bound();
            if waiting(word) >= queue.config.max_queued {
                return Err(Full {
                    max,
                    waiting: waiting(word),
                });
            }
            // Only while all places are taken, by the same word: whoever frees one next then knows that somebody waits.
            let full = taken(word) >= max || !queue.waiting.is_empty();
            let next = word + WAITER;
            if full
                && self
                    .word
                    .compare_exchange(word, next, AcqRel, Acquire)
                    .is_ok()
            {
                queue.waiting.push_back(Waiting {
                    ticket,
                    waker: None,
                });
                return Ok(ticket);
            }
        }
    }

    #[inline]
    fn bound(&self) -> u32 {
        self.max.load(Relaxed) as u32
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bound(config: Config) -> u64 {
    config.max_concurrent_calls.unwrap_or(UNBOUNDED).into()
}

#[inline]
fn taken(word: u64) -> u32 {
    (word % WAITER) as u32
}

#[inline]
fn waiting(word: u64) -> u32 {
    (word / WAITER) as u32
}

// === Permit ===

impl<B: Deref<Target = Bulkhead>> Drop for Permit<B> {
    #[inline]
    fn drop(&mut self) {
        self.0.give_back();
    }
}

#[cfg(all(test, couplet_loom))]
#[path = "tests/loom.rs"]
mod models;
#[cfg(all(test, not(couplet_loom)))]
mod tests;
