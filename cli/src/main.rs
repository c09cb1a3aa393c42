//! `cargo couplet`: what a contract's version must be, and why, and which policies hold for its methods.
//!
//! Everything is decided in `couplet_codegen`, which the build plugin asks the same questions; here are the commands and
//! how their answers look. Exit codes: 0 all is well, 1 the answer is no, 2 the question could not be answered.

mod accept;
mod arguments;
mod check;
mod diff;
mod explain;
mod failure;
mod output;
mod packages;
mod policies;
mod release;
mod terminal;
mod versions;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command};

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// All is well.
    Yes,
    /// What was asked for does not hold.
    No,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(words(std::env::args_os()));
    let answer = match arguments.command {
        Command::Accept(arguments) => accept::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Release(arguments) => release::run(&arguments),
        Command::Versions(arguments) => versions::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Policies(arguments) => policies::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
    };
    match answer {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(failure) => {
            terminal::complain(failure);
            ExitCode::from(2)
        }
    }
}

/// Cargo runs `cargo-couplet couplet check` for `cargo couplet check`.
fn words(all: impl Iterator<Item = std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let mut words: Vec<_> = all.collect();
    if words.get(1).is_some_and(|word| word == "couplet") {
        words.remove(1);
    }
    words
}
