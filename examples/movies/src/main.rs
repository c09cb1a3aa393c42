//! Couplet at work.
//!
//! `movies` alone starts a server, drives it through real sockets and tells what a newcomer should see, in about ten
//! seconds. `movies serve`, `get`, `list`, … use it by hand; `movies help` lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks"
)]

mod billboard;
mod by_hand;
mod catalog;
#[cfg(unix)]
mod fleet;
mod scenes;
mod stage;
mod storm;
mod story;

/// What a client looks like that was generated from the contract as it will be: 2.0.0.
#[expect(unreachable_pub, reason = "a contract is public where it is included")]
mod next {
    couplet::include_contract!("movies.v1");
}

/// The contract a release later: 1.5.0.
#[cfg(unix)]
#[expect(
    unreachable_pub,
    unnameable_types,
    reason = "a contract is public where it is included"
)]
mod later {
    include!(concat!(env!("OUT_DIR"), "/later/movies.v1.rs"));
}

use std::{error::Error, process::ExitCode};

/// Whatever can go wrong in an example.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    let outcome = match words[..] {
        [] => story::tell().await,
        _ => by_hand::run(&words).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
