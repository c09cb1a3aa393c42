//! Releases of a contract as stories: what a build says of a change, what a release makes of it.

#[path = "../support/scratch.rs"]
mod scratch;

mod comebacks;
mod histories;
mod merges;
mod messages;
mod places;
mod releases;
mod replaced;
mod store;
mod unbuildable;
mod verdicts;
