//! What became of a saga that did not go well.

use tonic::Status;

use super::LogError;

/// A saga that did not go well: why, and what was taken back.
///
/// It becomes the original status, so that a handler can end with `?`.
#[derive(Debug, thiserror::Error)]
#[error(
    "saga `{name}` ({gid}) failed and {}: {:?}: {}",
    self.verdict(),
    status.code(),
    status.message()
)]
pub struct Aborted {
    /// Its name among all sagas, which every call of it carried.
    pub gid: String,
    /// What it is called.
    pub name: String,
    /// What went wrong in the first place.
    pub status: Box<Status>,
    /// What was done about each step that may have had an effect, in the order in which it was done: the last step first.
    pub compensations: Vec<Compensated>,
    /// What could not be written down. What is told here is true all the same; but if this process ends before all is
    /// taken back, another may not know it.
    pub log: Option<Box<LogError>>,
}

/// What became of one step.
#[derive(Debug, Clone)]
pub struct Compensated {
    /// Which step, from 1.
    pub step: u32,
    /// The path of the method that takes it back.
    pub path: String,
    /// Whether it did.
    pub outcome: Outcome,
}

/// Whether a step was taken back.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was.
    Done {
        /// How often that was tried.
        attempts: u32,
    },
    /// It was not, up to the deadline or until the server asked to be left alone. It may still have its effect, and
    /// stays in the log.
    GaveUp {
        /// How often it was tried.
        attempts: u32,
        /// What the last attempt came to.
        last: Box<Status>,
    },
    /// Nobody knows whether it ran, and the saga was told to leave such a step.
    LeftInDoubt,
}

impl Aborted {
    /// Whether nothing of the saga is left: every step that may have had an effect was taken back.
    pub fn is_rolled_back(&self) -> bool {
        let done = |step: &Compensated| matches!(step.outcome, Outcome::Done { .. });
        self.compensations.iter().all(done)
    }

    fn verdict(&self) -> &'static str {
        match self.is_rolled_back() {
            true => "was rolled back",
            false => "could not be rolled back whole",
        }
    }
}

impl From<Aborted> for Status {
    fn from(aborted: Aborted) -> Self {
        *aborted.status
    }
}
