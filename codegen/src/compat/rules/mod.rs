//! The table of all rules, one file a family; beside each its pages with their cases.
//!
//! To add a rule: its `static` and its page in its family, its line in the family's `rules`. To add a family: its two
//! files, its `mod` line, its line here.

mod call;
mod field;
mod http;
mod method;
mod service;

use super::rule::Family;

/// Every family.
pub(super) const FAMILIES: &[Family] = &[
    service::FAMILY,
    method::FAMILY,
    call::FAMILY,
    http::FAMILY,
    field::FAMILY,
];
