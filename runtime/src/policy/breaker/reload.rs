//! Another configuration for a breaker that is in use, whatever state it is in.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::change::Step;
use super::event::Cause;
use super::{Breaker, Config, ConfigError};

// === Breaker: reload ===

impl Breaker {
    /// Goes by `config` from now on; all of it or, if anything in it is wrong, nothing.
    ///
    /// The window is kept where its kind and size stay, and starts empty where they change; calls under way count all the
    /// same. Thresholds are held against the window at the next outcome. A wait that has begun, open or half open, keeps
    /// its length. A change of `mode` enters its state, unless somebody [forced](super::Handle) the state: then the new
    /// mode is what a reset leads to. Isolation stays, with the new mode beneath it.
    ///
    /// # Errors
    /// The first parameter that [`Config::validate`] finds wrong; nothing has changed then.
    pub fn reconfigure(&self, config: Config, now: Instant) -> Result<(), ConfigError> {
        config.validate()?;
        let mut history = self.history();
        let config = Arc::new(config);
        let before = self.config.swap(Arc::clone(&config));
        let generation = self.load().generation();
        self.streak
            .limit_to(config.consecutive_failures, generation);
        if config.slow_call_duration_threshold != before.slow_call_duration_threshold {
            self.flight.retune(config.slow_call_duration_threshold);
        }
        if config.window() != before.window() {
            self.window.resize(config.window(), generation);
            history.closed_at = self.window.progress(self.nanos(now)).0;
        }
        self.rejudge.store(true, Relaxed);
        let event = match config.mode != before.mode && !history.by_hand {
            true => {
                let step = Step::new(config.mode.state(), Cause::Reconfigured);
                self.put(&mut history, now, step)
            }
            false => None,
        };
        drop(history);
        self.tell(event);
        Ok(())
    }
}
