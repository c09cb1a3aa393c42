//! Which attempt of a call this is, and what the layers between the retries and the carrier have to know of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use super::Tried;

/// One of the times that a call is sent. The default is the first and only one.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// How many attempts there were before this one, without those that no application saw. On the serving side, what
    /// the caller says.
    pub previous: u32,
    /// How long it may wait for the head of its answer; as long as the call, where there is none.
    pub timeout: Option<Duration>,
    /// Where its earlier attempts were sent.
    pub tried: Tried,
    /// What it shares with the one who sent it beside others.
    pub race: Option<Arc<Race>>,
}

/// What a hedged attempt is told when another one decided the call, by an answer or by a failure that ends it.
#[derive(Debug, Default)]
pub struct Race(AtomicBool);

impl Attempt {
    /// Whether another attempt of the same call won. What becomes of this one says nothing about the peer.
    pub fn is_lost(&self) -> bool {
        self.race.as_ref().is_some_and(|race| race.is_lost())
    }
}

impl Race {
    /// Tells the attempt that another one won.
    pub fn lose(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether another one won.
    pub fn is_lost(&self) -> bool {
        self.0.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_has_lost_once_it_was_told_so() {
        let race = Arc::new(Race::default());
        let attempt = Attempt {
            race: Some(Arc::clone(&race)),
            ..Attempt::default()
        };
        assert!(!attempt.is_lost() && !Attempt::default().is_lost());
        race.lose();
        assert!(attempt.is_lost());
    }
}
