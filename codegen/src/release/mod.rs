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
//! Of `history.toml` these parts are the team's to write; a comment anywhere in it stays:
//!
//! ```toml
//! format = 1
//!
//! [settings]
//! json = true          # false: the contract is never served as JSON, so what breaks only there is no break
//! docs = "warn"        # what only asks for a PATCH, such as a changed comment, a declaration in another file, a looser
//!                      # policy: "patch" insists on it, "warn" says so, "none" is silent
//! protos = ["proto/movies.proto"]     # what `cargo couplet` compiles, unless it is every file below `proto`
//! includes = ["proto"]
//!
//! [options."acme.auth.scope"]         # what a change of somebody else's option asks for; unless told, nothing
//! added = "major"
//! removed = "minor"
//! changed = "major"
//!
//! [[breaking]]                        # a break that no comparison sees: the next release has to be MAJOR
//! service = "movies.v1.Movies"
//! subject = "Movie.length"
//! reason = "seconds now, no longer minutes"
//! ```
//!
//! What is compared belongs to versions by these rules. A change belongs to every service that reaches it. One that no
//! service reaches is covered by the version of any released service of its package, and where it is at most MINOR by a
//! new service there; so is that a service goes, and what changes in messages that no other released service reaches. In
//! a package whose last released service goes, or gets another name, this can only be accepted; in one that never had a
//! service nothing is asked. A new service begins with whatever version it likes. A prerelease counts as what it leads
//! to, and the last final release stays what changes are compared with.
//!
//! Cargo runs the build script again when `released` changes. It cannot watch a folder that is not there: the first
//! release wakes it by giving the contract's files a new time, and a branch that brings the first release along is only
//! noticed with the next change of the contract, or after a build without what was built before, as in CI.
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
mod restore;
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
