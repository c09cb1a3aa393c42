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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saga::log::{Event, Misfit, Record};

    /// A log of one saga that was begun, and whatever follows.
    fn log(rest: &[u8]) -> Vec<u8> {
        let mut text = format!("{HEAD}\n").into_bytes();
        let event = Event::Begun {
            name: "checkout".to_owned(),
            on_ambiguous: crate::saga::OnAmbiguous::Compensate,
        };
        let gid = "a".parse().unwrap();
        line::write(&Record { gid, event }, &mut text).unwrap();
        text.extend_from_slice(rest);
        text
    }

    fn record(gid: &str, event: Event) -> Vec<u8> {
        let (gid, mut text) = (gid.parse().unwrap(), Vec::new());
        line::write(&Record { gid, event }, &mut text).unwrap();
        text
    }

    fn open(text: impl BufRead) -> Result<usize, (u64, u64, Misread)> {
        match lines(text) {
            Ok(mut ledger) => {
                ledger.abandon();
                Ok(ledger.claim().len())
            }
            Err(Failed::Misread { line, at, why }) => Err((line, at, why)),
            Err(Failed::Io(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn a_last_line_that_was_not_written_to_its_end_is_left_out_wherever_it_was_cut() {
        let whole = log(&record("a", Event::Committed));
        let first = log(&[]).len();
        for cut in first..whole.len() {
            assert_eq!(open(&whole[..cut]), Ok(1), "cut at {cut}");
        }
        assert_eq!(open(&whole[..]), Ok(0));
        assert_eq!(open(&[][..]), Ok(0));
    }

    #[test]
    fn pages_that_never_reached_the_disk_are_left_out_at_the_end_and_told_elsewhere() {
        let mut torn = record("a", Event::Committed);
        torn[2..9].fill(0);
        assert_eq!(open(&log(&torn)[..]), Ok(1));
        assert_eq!(open(&log(&[0; 4096])[..]), Ok(1));
        torn.extend(record("a", Event::Committed));
        let at = log(&[]).len() as u64;
        assert_eq!(open(&log(&torn)[..]), Err((3, at, Misread::Checksum)));
    }

    #[test]
    fn what_is_no_log_is_told_with_its_place() {
        let at = log(&[]).len() as u64;
        let cases: [(Vec<u8>, (u64, u64, Misread)); 7] = [
            (b"hello".to_vec(), (1, 0, Misread::Head(HEAD))),
            (
                b"couplet saga log 2\n".to_vec(),
                (1, 0, Misread::Head(HEAD)),
            ),
            (vec![0; 64], (1, 0, Misread::Head(HEAD))),
            (log(b"\n"), (3, at, Misread::Checksum)),
            (log(b"00000000 a committed\n"), (3, at, Misread::Checksum)),
            (
                log(&record("b", Event::Committed)),
                (3, at, Misread::Misfit(Misfit::NoSaga("b".parse().unwrap()))),
            ),
            (
                log(&record("a", Event::Compensated { step: 3 })),
                (
                    3,
                    at,
                    Misread::Misfit(Misfit::NoStep {
                        gid: "a".parse().unwrap(),
                        step: 3,
                    }),
                ),
            ),
        ];
        for (text, told) in cases {
            assert_eq!(
                open(&text[..]),
                Err(told),
                "{:?}",
                text.escape_ascii().to_string()
            );
        }
        let unknown = "a danced";
        let line = format!("{:08x} {unknown}\n", crc32fast::hash(unknown.as_bytes()));
        let told = (3, at, Misread::Unknown(unknown.to_owned()));
        assert_eq!(open(&log(line.as_bytes())[..]), Err(told));
    }

    #[test]
    fn a_hundred_million_zeros_are_told_and_not_kept_in_memory() {
        let zeros = || io::repeat(0).take(100_000_000);
        assert_eq!(
            open(BufReader::new(zeros())),
            Err((1, 0, Misread::Head(HEAD)))
        );
        let head = log(&[]);
        let at = head.len() as u64;
        let text = BufReader::new(io::Cursor::new(head).chain(zeros()));
        // Read no further than the longest line that is ever written.
        assert_eq!(open(text), Err((3, at, Misread::Endless(line::LONGEST))));
    }
}
