//! What a saga writes down, so that its rollback can be taken up by another process.
//!
//! Each record is on its way to the log before what it speaks of happens, or right after: that a step begins is durable
//! before its call is sent, that all went well is durable before the caller is told. What is stored of a compensation is
//! the path of its method and its encoded request.
//!
//! [`MemoryLog`] survives nothing; [`FileLog`] survives the process, killed at any moment, and the machine as far as its
//! disk keeps what it has synced. A log of your own, in a database for one, implements [`SagaLog`].

mod file;
mod ledger;
mod line;
mod memory;
mod read;

use std::{error::Error, future::Future, io, path::PathBuf, pin::Pin};

pub use self::{file::FileLog, memory::MemoryLog};
use super::{Gid, OnAmbiguous, Undo};

/// What a log is doing.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send + 'a>>;

/// Where sagas are written down.
pub trait SagaLog: Send + Sync + 'static {
    /// Writes down `record`. It is as durable as this log can make it once the future is ready; one that is dropped may
    /// have written it or not.
    fn append(&self, record: Record) -> Pending<'_, ()>;

    /// Takes over the sagas that are not over and that nobody works on any more: those that an earlier process left, and
    /// those whose last record is [`Event::Left`]. Nobody else is given them until they are left again.
    fn claim(&self) -> Pending<'_, Vec<Unfinished>>;
}

/// Something that happened to a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The saga.
    pub gid: Gid,
    /// What happened.
    pub event: Event,
}

/// What can happen to a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It begins.
    Begun {
        /// What it is called.
        name: String,
        /// What becomes of a step in doubt.
        on_ambiguous: OnAmbiguous,
    },
    /// A step is about to be sent: from here on it may have run.
    Started {
        /// Which, from 1.
        step: u32,
        /// What takes it back if nothing more is heard of it.
        undo: Undo,
    },
    /// A step was answered.
    Done {
        /// Which.
        step: u32,
        /// What takes it back, now that the answer is known.
        undo: Undo,
    },
    /// There is nothing to take back of a step: it certainly had no effect, or is left in doubt.
    Dropped {
        /// Which.
        step: u32,
    },
    /// A step was taken back.
    Compensated {
        /// Which.
        step: u32,
    },
    /// It went well; there is nothing more to do.
    Committed,
    /// Everything was taken back; there is nothing more to do.
    RolledBack,
    /// Not everything could be taken back, and nobody works on it any more.
    Left,
}

/// A saga that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its name among all sagas.
    pub gid: Gid,
    /// What it is called.
    pub name: String,
    /// What becomes of a step in doubt.
    pub on_ambiguous: OnAmbiguous,
    /// What may have to be taken back, oldest first.
    pub steps: Vec<OpenStep>,
}

/// A step that has, or may have, an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenStep {
    /// Which, from 1.
    pub step: u32,
    /// What takes it back.
    pub undo: Undo,
    /// Whether it was answered; otherwise it is in doubt.
    pub done: bool,
}

/// Why something could not be written down or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file system does not let it.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What it answered.
        source: io::Error,
    },
    /// Another process works with this file, or this one does a second time.
    #[error("{path} is in use: one process has it open at a time, and opens it once")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file does not say what a log says.
    #[error("{path}, line {line} (byte {at}): {why}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Where in the file the line begins, in bytes.
        at: u64,
        /// What is wrong.
        why: Misread,
    },
    /// It failed before, and what it holds on disk since is not known.
    #[error("{path} could not be written earlier: open it again")]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// The record makes no sense after those before it.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A log of somebody else's could not.
    #[error(transparent)]
    Foreign(Box<dyn Error + Send + Sync>),
}

/// Why a line of a log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misread {
    /// It is no saga log at all, or one of a later format.
    #[error("this is no saga log: its first line would be `{0}`")]
    Head(&'static str),
    /// It has no end within the longest line that is ever written.
    #[error("no end of the line within {0} bytes")]
    Endless(u64),
    /// Its checksum is another.
    #[error("its checksum does not fit: something else has changed the file, or the disk has")]
    Checksum,
    /// It is no record.
    #[error("`{0}` is no record")]
    Unknown(String),
    /// It makes no sense after those before it.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// Why a record makes no sense after those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// Two sagas of one name at a time.
    #[error("saga {0} is under way already")]
    Twice(Gid),
    /// Nobody has heard of the saga, or it is over.
    #[error("there is no saga {0} under way")]
    NoSaga(Gid),
    /// The steps of a saga are numbered upwards.
    #[error("step {step} of saga {gid} follows on a later one")]
    Order {
        /// The saga.
        gid: Gid,
        /// The step.
        step: u32,
    },
    /// Nobody has heard of the step, or it was taken back.
    #[error("there is no step {step} of saga {gid} to speak of")]
    NoStep {
        /// The saga.
        gid: Gid,
        /// The step.
        step: u32,
    },
    /// It is larger than what a log would read again.
    #[error("a compensation of {0} bytes is too large to be written down; the most is {1}")]
    TooLarge(usize, usize),
}
