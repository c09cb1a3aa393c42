//! The file of a saga log: told with its place, or read, and then what is written in its stead says the same.
#![no_main]

use std::{fs, path::PathBuf, sync::OnceLock};

use couplet::saga::log::{FileLog, LogError, SagaLog, Unfinished};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let path = path();
    fs::write(path, log(input)).expect("a folder for temporary files");
    match claimed() {
        Ok(first) => assert_eq!(claimed().expect("a log that was written anew"), first),
        Err(error) => assert!(matches!(error, LogError::Corrupt { .. }), "{error}"),
    }
});

/// A log of these lines, with the checksums that an input would not find. A line that begins with `!` is left as it is
/// after that, and so is one that does not end.
fn log(lines: &[u8]) -> Vec<u8> {
    let mut log = b"couplet saga log 1\n".to_vec();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        match (line.strip_prefix(b"!"), line.strip_suffix(b"\n")) {
            (None, Some(text)) => {
                log.extend(format!("{:08x} ", crc32fast::hash(text)).bytes());
                log.extend(line);
            }
            (raw, _) => log.extend(raw.unwrap_or(line)),
        }
    }
    log
}

/// What a process finds that opens the log.
fn claimed() -> Result<Vec<Unfinished>, LogError> {
    let log = FileLog::open(path())?;
    couplet_fuzz::run(log.claim())
}

fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::temp_dir().join(format!("saga-{}", std::process::id())))
}
