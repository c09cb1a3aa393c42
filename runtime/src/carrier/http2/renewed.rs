//! What is made of files and made anew when they change, such as the certificates that a machine renews.
//!
//! The files are read once a second, which for a few kilobytes costs nothing that can be measured, and sees a file that is
//! renamed into place as well as a link that is turned to another folder. What cannot be used changes nothing.

use std::{
    error::Error,
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{runtime::Handle, task::spawn_blocking, time::sleep};

use super::fault::chain;
use crate::policy::counter::Counter;

/// How often what is made of files was made anew.
#[derive(Debug, Default)]
pub struct Renewals {
    /// What the files said holds.
    pub renewed: Counter,
    /// What they said could not be used. Told with `tracing::warn!`, once while it lasts.
    pub refused: Counter,
}

/// A value made of files.
pub(crate) struct Renewed<T> {
    current: ArcSwap<T>,
    files: Vec<PathBuf>,
    make: Make<T>,
    counts: Arc<Renewals>,
    /// What it was made of, until somebody looks.
    unwatched: Mutex<Option<Seen>>,
}

type Make<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// What was seen at the last look: what the files said, or why they could not be read. Keys are not kept.
#[derive(Debug, PartialEq, Eq)]
struct Seen(Result<u64, String>);

/// The time between two looks.
const PAUSE: Duration = Duration::from_secs(1);

impl<T: Send + Sync + 'static> Renewed<T> {
    /// A value that is never made anew.
    pub(crate) fn fixed(value: T) -> Self {
        Self {
            current: ArcSwap::from_pointee(value),
            files: Vec::new(),
            make: Box::new(|| Err("it is made of no file".to_owned())),
            counts: Arc::default(),
            unwatched: Mutex::new(None),
        }
    }

    /// A value that `make` makes of `files`, now and when they change.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub(crate) fn of<E: Error + 'static>(
        files: Vec<PathBuf>,
        counts: Arc<Renewals>,
        make: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        // Before it is made, so that a change in between is found by the first look.
        let seen = Seen(read(&files));
        Ok(Self {
            current: ArcSwap::from_pointee(make()?),
            make: Box::new(move || make().map_err(|error| chain(&error))),
            unwatched: Mutex::new((!files.is_empty()).then_some(seen)),
            files,
            counts,
        })
    }

    /// The value as it is now.
    pub(crate) fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Puts `value` in its place, until the files change.
    pub(crate) fn replace(&self, value: Arc<T>) {
        self.current.store(value);
    }

    /// What became of changes.
    pub(crate) fn counts(&self) -> &Renewals {
        &self.counts
    }

    /// Begins to look at the files, for as long as the value is in use; again does nothing.
    pub(crate) fn watch(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut unwatched = self
            .unwatched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(mut seen) = unwatched.take() else {
            return;
        };
        let watched = Arc::downgrade(self);
        runtime.spawn(async move {
            loop {
                let Some(renewed) = watched.upgrade() else {
                    return;
                };
                let Ok(looked) = spawn_blocking(move || renewed.look(seen)).await else {
                    // The runtime ends.
                    return;
                };
                seen = looked;
                sleep(PAUSE).await;
            }
        });
    }

    fn look(&self, before: Seen) -> Seen {
        let seen = Seen(read(&self.files));
        if seen == before {
            return seen;
        }
        let made = match &seen.0 {
            Ok(_) => (self.make)(),
            Err(why) => Err(why.clone()),
        };
        match made {
            Ok(value) => {
                self.current.store(Arc::new(value));
                self.counts.renewed.add();
                tracing::info!(files = ?self.files, "the files changed, and hold");
            }
            Err(why) => {
                self.counts.refused.add();
                tracing::warn!(files = ?self.files, %why, "the files cannot be used; what they said before holds");
            }
        }
        seen
    }
}

/// What stands for all that the files say.
fn read(files: &[PathBuf]) -> Result<u64, String> {
    let mut hasher = DefaultHasher::new();
    for path in files {
        let text = fs::read(path);
        let text = text.map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        text.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

impl<T> fmt::Debug for Renewed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Renewed")
            .field("files", &self.files)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
