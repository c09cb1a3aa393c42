//! The rules of compatibility: each page's cases, and a corpus of changes that was labelled by hand and by measurement.

mod contracts;
mod corpora;
mod corpus;
mod pages;
mod tokens;
mod types;
