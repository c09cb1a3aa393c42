//! The rules of compatibility: each page's cases, and a corpus of changes that was labelled by hand and by measurement.

mod contracts;
mod corpora;
mod corpus;
mod editions;
mod measured;
mod pages;
mod renamed;
mod routes;
mod scope;
mod subject;
mod tokens;
mod types;
