//! The table of all rules, one file a family; beside each its pages with their cases.
//!
//! To add a rule: its `static` and its page in its family, its line in the family's `rules`. To add a family: its two
//! files, its `mod` line, its line here.

mod call;
mod deprecation;
mod docs;
mod field;
mod file;
mod http;
mod method;
mod service;

use super::rule::Family;

pub(super) use self::field::fields;

/// Every family.
pub(super) const FAMILIES: &[Family] = &[
    service::FAMILY,
    method::FAMILY,
    call::FAMILY,
    http::FAMILY,
    file::FAMILY,
    deprecation::FAMILY,
    docs::FAMILY,
    field::FAMILY,
];
