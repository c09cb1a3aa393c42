//! What is said to whoever started the program, be it a person, a log or a pipe.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// Writes a line, or several, to standard output.
///
/// # Errors
/// As [`show`].
pub(crate) fn say(text: impl Display) -> Result<(), Failure> {
    show(&format!("{text}\n"))
}

/// Writes text to standard output as it is.
///
/// A reader that goes away early, such as `head`, has seen what it wanted: the answer and its exit code stay what they are.
///
/// # Errors
/// If it cannot be written, as to a disk that is full.
pub(crate) fn show(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Writes a line, or several, to standard error. Where that is closed there is nobody left to tell.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
