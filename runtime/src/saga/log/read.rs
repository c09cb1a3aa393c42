//! Reads the file of a log, whatever is in it: with bounded memory, and each mistake at its place.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use super::{LogError, Misread, ledger::Ledger, line};

/// The first line.
pub(super) const HEAD: &str = "couplet saga log 1";

/// Reads lines and knows where it is.
struct Lines<R> {
    reader: R,
    /// The line read last, without its end.
    line: Vec<u8>,
    /// Whether that line has an end.
    ended: bool,
    number: u64,
    at: u64,
    next: u64,
}

/// What the log in `file` comes to. An empty file is a log of nothing.
pub(super) fn read(path: &Path, file: File) -> Result<Ledger, LogError> {
    lines(BufReader::new(file)).map_err(|failed| match failed {
        Failed::Io(source) => LogError::Io {
            doing: "read",
            path: path.to_owned(),
            source,
        },
        Failed::Misread { line, at, why } => LogError::Corrupt {
            path: path.to_owned(),
            line,
            at,
            why,
        },
    })
}

#[derive(Debug)]
enum Failed {
    Io(io::Error),
    Misread { line: u64, at: u64, why: Misread },
}

fn lines(reader: impl BufRead) -> Result<Ledger, Failed> {
    let mut lines = Lines {
        reader,
        line: Vec::new(),
        ended: true,
        number: 0,
        at: 0,
        next: 0,
    };
    let mut ledger = Ledger::default();
    // No more of a file that is something else is read than a head has bytes.
    let longest = HEAD.len() as u64 + 1;
    if !lines.advance(longest)? {
        return Ok(ledger);
    }
    if !lines.ended || lines.line != HEAD.as_bytes() {
        return Err(lines.wrong(Misread::Head(HEAD)));
    }
    while lines.advance(line::LONGEST)? {
        // The process was killed, or the disk was full, in the middle of this one: what it says was not relied upon.
        if !lines.ended {
            break;
        }
        match line::read(&lines.line) {
            Ok(record) => {
                let noted = ledger.apply(record);
                noted.map_err(|misfit| lines.wrong(misfit.into()))?;
            }
            Err(_) if lines.is_torn()? => break,
            Err(why) => return Err(lines.wrong(why)),
        }
    }
    Ok(ledger)
}

// === Lines ===

impl<R: BufRead> Lines<R> {
    /// Reads the next line; `false` at the end.
    fn advance(&mut self, longest: u64) -> Result<bool, Failed> {
        self.line.clear();
        (self.at, self.number) = (self.next, self.number + 1);
        let mut bounded = self.reader.by_ref().take(longest);
        let read = bounded.read_until(b'\n', &mut self.line);
        let read = read.map_err(Failed::Io)? as u64;
        self.next += read;
        self.ended = self.line.last() == Some(&b'\n');
        if self.ended {
            self.line.pop();
        } else if read == longest && self.number > 1 {
            return Err(self.wrong(Misread::Endless(longest)));
        }
        Ok(read > 0)
    }

    /// Whether the line is the last one and a part of it never reached the disk: that reads as zeros, which no line holds.
    fn is_torn(&mut self) -> Result<bool, Failed> {
        let last = self.reader.fill_buf().map_err(Failed::Io)?.is_empty();
        Ok(last && self.line.contains(&0))
    }

    fn wrong(&self, why: Misread) -> Failed {
        Failed::Misread {
            line: self.number,
            at: self.at,
            why,
        }
    }
}
