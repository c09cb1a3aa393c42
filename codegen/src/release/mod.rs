//! Releases: which version a contract's changes need, whether the declared one covers them, and moving on.
//!
//! A project keeps its last release in `released/`, beside its Cargo.toml and in version control:
//!
//! ```text
//! released/proto/**        the text of every file of the release, as it was
//! released/history.toml    versions, what they brought and gave up, accepted breaks and why
//! ```
//!
//! The build compares with it and refuses what the declared versions do not cover; `cargo couplet release` moves it on.
//! Nothing here writes it but [`Release::write`] and [`accept`].
//!
//! ```text
//! released/ ─▶ Baseline ─┐
//!                        ├─▶ judge ─▶ Verdict ─▶ messages (a build, `check`)
//! .proto ────▶ Current ──┘                   └─▶ Release ─▶ released/, CHANGELOG
//! ```
//!
//! A package that is published leaves the text out and keeps the history, which generated code is told from:
//!
//! ```toml
//! [package]
//! exclude = ["released/proto"]
//! ```

mod accept;
mod baseline;
mod check;
mod gate;
mod history;
mod judge;
mod make;
mod message;
mod project;
mod read;
mod steps;
mod verdict;
mod write;

pub use accept::accept;
pub use check::{Check, check};
pub(crate) use gate::{Gate, Place};
pub use history::{Accepted, Breaking, Docs, Entry, History, RetiredEver, Served, Settings};
pub use judge::judge;
pub use make::{Moved, Release, release};
pub use message::Told;
pub use project::Project;
pub use steps::{covers, is_at_least, next, reset};
pub use verdict::{Answer, Declared, Demand, Fault, Judged, Standing, Tally, Verdict};
