//! A service config in a file that may change while the program runs.
//!
//! It is polled: one look at its metadata a second costs nothing that can be measured, works on every file system, and
//! sees a file that is renamed into place as well as a symbolic link that is turned to another folder, which is where
//! services that tell of changes differ from system to system.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use tokio::{task::spawn_blocking, time::sleep};

use super::{Origin, ServiceConfig, ServiceConfigErrors, live::Live};
use crate::json::text_of;

/// The time between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a file with a service config cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read the service config `{}`: {why}", .path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// What it says makes no sense.
    #[error("service config `{}`: {errors}", .path.display())]
    Wrong {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        errors: ServiceConfigErrors,
    },
}

/// A file as it was when it was looked at last.
#[derive(Debug)]
pub(crate) struct File {
    path: Arc<PathBuf>,
    /// How it looked when it was read; none if it could not be.
    stamp: Option<Stamp>,
    /// What it said when it could be read last.
    text: Option<String>,
    /// Why it could not be read just now, as it was told.
    trouble: Option<String>,
}

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    identity: (u64, u64, i64, i64),
}

/// What is new in a file.
type News = Result<ServiceConfig, FileError>;

// === File ===

impl File {
    /// Reads it for the first time.
    pub(crate) fn read(path: PathBuf) -> Result<(Self, ServiceConfig), FileError> {
        let mut file = Self {
            path: Arc::new(path),
            stamp: None,
            text: None,
            trouble: None,
        };
        let config = file.look().unwrap_or_else(|| Ok(ServiceConfig::new()))?;
        Ok((file, config))
    }

    /// Whose values they are.
    pub(crate) fn origin(&self) -> Origin {
        Origin::ServiceConfig(Some(Arc::clone(&self.path)))
    }

    /// Tells `live` what changes, for as long as that is there.
    pub(super) async fn follow(mut self, live: Weak<Live>) {
        loop {
            sleep(PAUSE).await;
            let looked = spawn_blocking(move || {
                let news = self.look();
                (self, news)
            });
            // Else the runtime ends.
            let Ok((file, news)) = looked.await else {
                return;
            };
            self = file;
            let Some(live) = live.upgrade() else {
                return;
            };
            if let Some(news) = news {
                self.tell(&live, news);
            }
        }
    }

    fn tell(&self, live: &Live, news: News) {
        let path = self.path.display();
        let told = news.and_then(|config| {
            for warning in config.warnings() {
                tracing::warn!(%path, "service config: {warning}");
            }
            let updated = live.update(self.origin(), config);
            updated.map_err(|errors| self.wrong(errors))
        });
        live.count(&told);
        match told {
            Ok(()) => tracing::info!(%path, "the service config changed, and holds"),
            Err(reason) => {
                tracing::warn!(%path, %reason, "the service config was refused; what it said before holds");
            }
        }
    }

    /// What it says, if that is not what it said before.
    fn look(&mut self) -> Option<News> {
        self.look_by(text_of)
    }

    /// The same, where `read` opens it.
    fn look_by(&mut self, read: impl FnOnce(&Path) -> io::Result<String>) -> Option<News> {
        let metadata = fs::metadata(&*self.path);
        let stamp = metadata.as_ref().ok().map(Stamp::of);
        if stamp.is_some() && stamp == self.stamp {
            return None;
        }
        let text = metadata.and_then(|_| read(&self.path));
        // What could not be read is looked at again, though it does not change: what was in the way may pass.
        self.stamp = stamp.filter(|_| text.is_ok());
        match text {
            Ok(text) => {
                self.trouble = None;
                let new = self.text.as_ref() != Some(&text);
                let news = new.then(|| {
                    let read = ServiceConfig::from_json(&text);
                    read.map_err(|errors| self.wrong(errors))
                });
                self.text = Some(text);
                news
            }
            Err(error) => {
                let why = error.to_string();
                let lasts = self.trouble.as_ref() == Some(&why);
                self.trouble = Some(why.clone());
                // What lasts is told once.
                (!lasts).then(|| Err(self.unreadable(why)))
            }
        }
    }

    fn unreadable(&self, why: String) -> FileError {
        let path = self.path.to_path_buf();
        FileError::Unreadable { path, why }
    }

    fn wrong(&self, errors: ServiceConfigErrors) -> FileError {
        FileError::Wrong {
            path: self.path.to_path_buf(),
            errors,
        }
    }
}

// === Stamp ===

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            let changed = (metadata.ctime(), metadata.ctime_nsec());
            (metadata.dev(), metadata.ino(), changed.0, changed.1)
        };
        #[cfg(not(unix))]
        let identity = (0, 0, 0, 0);
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            identity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Too many files were open for an instant, and the file was as good as gone until somebody touched it.
    #[test]
    fn what_could_not_be_read_is_tried_again_though_it_does_not_change_and_told_once() {
        let name = format!("couplet-config-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, "{}").unwrap();
        let (mut file, _) = File::read(path.clone()).unwrap();
        assert_eq!(file.look(), None);

        let timeout = r#"{"methodConfig": [{"name": [{}], "timeout": "7s"}]}"#;
        fs::write(&path, timeout).unwrap();
        let full = |_: &Path| Err(io::Error::other("too many open files"));
        let told = file.look_by(full).unwrap().unwrap_err();
        assert!(told.to_string().contains("too many open files"), "{told}");
        assert_eq!(file.look_by(full), None, "the same again");
        let expected = ServiceConfig::from_json(timeout).unwrap();
        assert_eq!(file.look(), Some(Ok(expected)));

        // A trouble that comes back is another one.
        fs::remove_file(&path).unwrap();
        assert!(file.look().is_some_and(|news| news.is_err()));
        assert_eq!(file.look(), None);
        fs::write(&path, timeout).unwrap();
        assert_eq!(file.look(), None, "it says what it said");
        fs::remove_file(&path).unwrap();
        assert!(file.look().is_some_and(|news| news.is_err()));
    }

    #[test]
    fn a_file_of_ten_megabytes_or_of_sixty_gigabytes_is_refused_and_not_read_to_its_end() {
        let name = format!("couplet-long-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        // The limit falls into the middle of a letter.
        fs::write(&path, format!("\"{}\"", "€".repeat(10_000_000 / 3))).unwrap();
        let told = File::read(path.clone()).unwrap_err().to_string();
        assert!(
            told.ends_with(".json`: it has more than 4194304 bytes"),
            "{told}"
        );
        assert!(
            told.starts_with("cannot read the service config `"),
            "{told}"
        );

        // A file of holes: no memory would do for all of it.
        let file = fs::File::create(&path).unwrap();
        file.set_len(60 << 30).unwrap();
        let again = File::read(path.clone()).unwrap_err().to_string();
        assert_eq!(again, told);
        fs::remove_file(&path).unwrap();
    }
}
