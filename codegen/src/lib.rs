//! Couplet's build plugin: `.proto` contracts in, messages, servers and clients out.
//!
//! A contract lives in a crate of its own, which both ends depend on. Its `build.rs` is one line:
//!
//! ```no_run
//! // [build-dependencies] couplet-codegen = "0.1"
//! couplet_codegen::compile(&["proto/movies.proto"], &["proto"]);
//! ```
//!
//! and so is its `lib.rs`, with `couplet` as the only dependency:
//!
//! ```text
//! couplet::include_contract!("movies.v1");
//! ```
//!
//! No `protoc` is needed, and the files `couplet/options.proto`, `google/api/annotations.proto` and
//! `google/rpc/*.proto` are there to be imported without an include path. [`Builder`] has the
//! settings, [`plugin`] is the same for `protoc` and `buf`.
//!
//! # What comes out
//!
//! One file for each package, named after it (`movies.v1.rs`), and `_contract.rs`, which holds all
//! packages as nested modules (`movies::v1`). A package stands alone and can be included on its own
//! as long as it uses no type of another one but Google's well-known types. Where packages refer to
//! each other they must see each other, so their crate includes the tree:
//!
//! ```text
//! couplet::include_contract!();
//! // or: include!(concat!(env!("OUT_DIR"), "/_contract.rs"));
//! ```
//!
//! Imported files are generated as well where a type of theirs is used; those that only bring
//! options along are not. To use somebody else's Rust for a package, name it with
//! [`Builder::extern_path`].
//!
//! # Messages that may grow
//!
//! A MINOR change of a contract must not break the Rust of its users, so messages, enums and oneofs
//! are `#[non_exhaustive]`: they are made with `Default` and the `with_…` setters, and matched with
//! an arm for what is not known yet. They derive only what no new field can take away, enums keep
//! the numbers they do not know, and methods of services have default bodies.
//!
//! # Versions
//!
//! A service that declares `version: "1.4.2"` has a release to keep to: `cargo couplet release` puts its text and its
//! history into `released/`, beside the Cargo.toml, and from then on the build compares. A change that the declared
//! version does not cover stops it, with the place, who breaks, what would break nobody, and the version to write:
//! see [`release`], and [`compat`] for the rules.
//!
//! # Mistakes
//!
//! All mistakes of a phase are told at once, each with its place and what would be right:
//!
//! ```text
//! error: `250mss` is not a duration
//!   --> proto/movies.proto:8:42
//!    |
//!  8 |     option (couplet.method) = { timeout: "250mss" };
//!    |                                          ^^^^^^^^ unknown unit `mss`
//!    |
//!    = help: `timeout` is a number and one of the units ns, us, ms, s, m, h, such as "250ms" or "1.5s"
//! ```
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that panics has told what it knows"
    )
)]

#[doc(hidden)]
pub mod check;
#[cfg(feature = "proto")]
pub mod compat;
#[doc(hidden)]
pub mod derived;
#[cfg(feature = "proto")]
mod docs;
#[doc(hidden)]
pub mod draft;
#[doc(hidden)]
pub mod emit;
#[doc(hidden)]
pub mod finding;
#[doc(hidden)]
pub mod ir;
mod names;
#[cfg(feature = "proto")]
pub mod policies;
#[cfg(feature = "proto")]
mod proto;

#[cfg(feature = "proto")]
pub mod release;

#[cfg(feature = "proto")]
pub use proto::{Builder, Errors, Report, compile, plugin};
