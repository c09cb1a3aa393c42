//! A log that survives its process.
//!
//! A file of lines, each with a checksum, to which is only appended. A thread of its own writes it, so that nothing else
//! waits for the disk; records that come while it syncs are written together, and synced once. When most of the file speaks
//! of sagas that are over, what is left is written to a new file, which takes its place.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use super::{
    LogError, Misfit, Pending, Record, SagaLog, Unfinished,
    ledger::Ledger,
    line,
    read::{HEAD, read},
};

/// The most records that are synced at once.
const BATCH: usize = 256;
/// A smaller file is not worth being written anew, in bytes.
const SMALL: u64 = 4 * 1024 * 1024;

/// Keeps sagas in a file. What was written down survives the process, killed at any moment, and a machine whose disk keeps
/// what it has synced.
///
/// One process works with a file at a time; a second one is told so. The lock is on a file beside it, with `.lock` appended
/// to its name, and ends with the process.
#[derive(Debug)]
pub struct FileLog {
    path: PathBuf,
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

enum Job {
    Append(Record, oneshot::Sender<Result<(), LogError>>),
    Claim(oneshot::Sender<Result<Vec<Unfinished>, LogError>>),
}

/// What the thread works with.
struct Writer {
    path: PathBuf,
    file: File,
    ledger: Ledger,
    /// How long the file is, and how long it was when it held only what was needed; in bytes.
    length: u64,
    least: u64,
    /// Whether nobody knows what is on disk.
    broken: bool,
    /// Held as long as this is.
    _lock: File,
}

// === FileLog ===

impl FileLog {
    /// Opens the log at `path`, or begins one; its folder has to be there. Reads what is in it, and leaves out a last
    /// record that was not written to its end. Waits for the disk.
    ///
    /// # Errors
    /// If the file is in use, cannot be read or written, or holds anything but what a log writes, with the place.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LogError> {
        let path = path.into();
        let lock = lock(&path)?;
        let mut ledger = match File::open(&path) {
            Ok(file) => read(&path, file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ledger::default(),
            Err(error) => return Err(failed("open", &path)(error)),
        };
        ledger.abandon();
        let renewed = renew(&path, &ledger).and_then(|new| sync_folder(&path).map(|()| new));
        let (file, length) = renewed.map_err(failed("write", &path))?;
        let writer = Writer {
            path: path.clone(),
            file,
            ledger,
            length,
            least: length,
            broken: false,
            _lock: lock,
        };
        let (jobs, queue) = mpsc::channel();
        let named = thread::Builder::new().name("saga log".to_owned());
        let writer = named.spawn(move || writer.work(&queue));
        Ok(Self {
            writer: Some(writer.map_err(failed("start a thread to write", &path))?),
            jobs: Some(jobs),
            path,
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, LogError>>) -> Job,
    ) -> Pending<'_, T> {
        let (answer, told) = oneshot::channel();
        // Where the writer is gone, so is the other end of `answer`.
        let _ = self.jobs.as_ref().map(|jobs| jobs.send(job(answer)));
        Box::pin(async move {
            let path = || self.path.clone();
            told.await
                .unwrap_or_else(|_| Err(LogError::Broken { path: path() }))
        })
    }
}

impl SagaLog for FileLog {
    fn append(&self, record: Record) -> Pending<'_, ()> {
        self.ask(|answer| Job::Append(record, answer))
    }

    fn claim(&self) -> Pending<'_, Vec<Unfinished>> {
        self.ask(Job::Claim)
    }
}

impl Drop for FileLog {
    /// Waits until what was asked is written, and the file can be opened again.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            // It would have panicked, and has let go of the file all the same.
            let _ = writer.join();
        }
    }
}

// === Writer ===

impl Writer {
    fn work(mut self, queue: &mpsc::Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let mut answers = Vec::new();
            let mut text = Vec::new();
            for job in std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)) {
                match job {
                    Job::Append(record, answer) => match self.take(record, &mut text) {
                        Ok(()) => answers.push(answer),
                        Err(error) => drop(answer.send(Err(error))),
                    },
                    Job::Claim(answer) => drop(answer.send(self.claim())),
                }
            }
            self.write(&text, answers);
        }
    }

    fn take(&mut self, record: Record, text: &mut Vec<u8>) -> Result<(), LogError> {
        if self.broken {
            return Err(self.is_broken());
        }
        let before = text.len();
        line::write(&record, text)?;
        let noted = self.ledger.apply(record);
        noted.map_err(|misfit: Misfit| {
            text.truncate(before);
            misfit.into()
        })
    }

    fn claim(&mut self) -> Result<Vec<Unfinished>, LogError> {
        match self.broken {
            true => Err(self.is_broken()),
            false => Ok(self.ledger.claim()),
        }
    }

    /// Writes, syncs, and tells those who wait.
    fn write(&mut self, text: &[u8], answers: Vec<oneshot::Sender<Result<(), LogError>>>) {
        if text.is_empty() {
            return;
        }
        let written = self.file.write_all(text);
        let written = written.and_then(|()| self.file.sync_data());
        if let Err(error) = &written {
            tracing::error!(path = %self.path.display(), %error, "a saga log cannot be written");
            // After a sync that failed nobody knows what the disk has. What was not answered is taken off again as far as
            // that goes; no later record may rely on it.
            self.broken = true;
            let _ = self.file.set_len(self.length);
        }
        self.length += text.len() as u64;
        for answer in answers {
            let told = match &written {
                Ok(()) => Ok(()),
                Err(error) => Err(failed("write", &self.path)(io::Error::new(
                    error.kind(),
                    error.to_string(),
                ))),
            };
            // Whoever asked may have stopped waiting.
            let _ = answer.send(told);
        }
        if !self.broken && self.length > SMALL.max(4 * self.least) {
            self.renew();
        }
    }

    /// Writes what is needed to a new file. Where that fails the old one does.
    fn renew(&mut self) {
        match renew(&self.path, &self.ledger) {
            Ok((file, length)) => {
                (self.file, self.length, self.least) = (file, length, length);
                // Or a machine that fails might come back with the old file, without what is written from here on.
                self.broken = sync_folder(&self.path).is_err();
            }
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "a saga log cannot be made shorter");
                self.least = self.length;
            }
        }
    }

    fn is_broken(&self) -> LogError {
        LogError::Broken {
            path: self.path.clone(),
        }
    }
}

// === Files ===

fn lock(path: &Path) -> Result<File, LogError> {
    let path = beside(path, ".lock");
    let file = options().open(&path).map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse { path }),
        Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
    }
}

/// Puts a file that says what `ledger` does, and no more, in the place of what is at `path`, or changes nothing. The folder
/// is still to be synced.
fn renew(path: &Path, ledger: &Ledger) -> io::Result<(File, u64)> {
    let next = beside(path, ".next");
    let mut text = format!("{HEAD}\n").into_bytes();
    for record in ledger.records() {
        line::write(&record, &mut text).map_err(io::Error::other)?;
    }
    let mut file = options().open(&next)?;
    // Left by one that was killed right here.
    file.set_len(0)?;
    file.write_all(&text)?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    Ok((file, text.len() as u64))
}

/// What a compensation is called with may be nobody else's business.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new name in a folder is durable once the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> LogError {
    let path = path.to_owned();
    move |source| LogError::Io {
        doing,
        path: path.clone(),
        source,
    }
}
