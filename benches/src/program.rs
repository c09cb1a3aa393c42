//! The comparing end: another program, started, asked and ended by its own process id.

use std::{
    fs,
    io::{self, BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::measured::{Figures, read};

/// A program of this package that is running.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts the program `name` of this package with `arguments`, behind `wrapper` if that is not empty.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(wrapper: &[String], name: &str, arguments: &[&str]) -> io::Result<Self> {
        let own = std::env::current_exe()?;
        let path = own.with_file_name(name).to_string_lossy().into_owned();
        let words: Vec<_> = wrapper.iter().cloned().chain([path]).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = output.ok_or_else(|| broken(name, "it has no output"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            input,
            output: BufReader::new(output).lines(),
        })
    }

    /// The next line that it writes.
    ///
    /// # Errors
    /// If it has ended.
    pub fn line(&mut self) -> io::Result<String> {
        let line = self.output.next();
        line.unwrap_or_else(|| Err(broken(&self.name, "it ended")))
    }

    /// Sends a line and reads the figures that it answers with.
    ///
    /// # Errors
    /// If it has ended or answers with something else.
    pub fn ask(&mut self, line: &str) -> io::Result<Figures> {
        let mut input = self
            .input
            .as_ref()
            .ok_or_else(|| broken(&self.name, "it is ending"))?;
        writeln!(input, "{line}")?;
        let answer = self.line()?;
        read(&answer).ok_or_else(|| broken(&self.name, &answer))
    }

    /// Seconds of processor time that it has used, of all its threads that are alive.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn cpu(&self) -> io::Result<f64> {
        let mut nanos = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            nanos += on_cpu(&thread?.path())?;
        }
        Ok(nanos / 1e9)
    }

    /// Closes its input and waits for its end.
    ///
    /// # Errors
    /// If it fails.
    pub fn end(mut self) -> io::Result<()> {
        self.input = None;
        let status = self.child.wait()?;
        match status.success() {
            true => Ok(()),
            false => Err(broken(&self.name, &status.to_string())),
        }
    }
}

/// Nanoseconds that a thread was running.
fn on_cpu(thread: &Path) -> io::Result<f64> {
    let text = fs::read_to_string(thread.join("schedstat"))?;
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.ok_or_else(|| broken("schedstat", &text))
}

fn broken(name: &str, what: &str) -> io::Error {
    io::Error::other(format!("{name}: {what}"))
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
