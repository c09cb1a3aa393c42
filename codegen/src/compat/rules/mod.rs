//! The table of all rules, one file a family; beside each its pages with their cases.
//!
//! To add a rule: its `static` and its page in its family, its line in the family's `rules`. To add a family: its two
//! files, its `mod` line, its line here.

mod accepts;
mod behavior;
mod call;
mod default;
mod deprecation;
mod docs;
mod enums;
mod extension;
mod field;
mod file;
mod foreign;
mod http;
mod kind;
mod message;
mod method;
mod oneof;
mod policy;
mod presence;
mod ranges;
mod reserved;
mod rust;
mod service;
mod slot;
pub(super) mod types;
mod values;

use super::rule::Family;

pub(super) use self::field::fields;

/// Every family.
pub(super) const FAMILIES: &[Family] = &[
    message::FAMILY,
    field::FAMILY,
    kind::FAMILY,
    presence::FAMILY,
    default::FAMILY,
    oneof::FAMILY,
    enums::FAMILY,
    values::FAMILY,
    reserved::FAMILY,
    extension::FAMILY,
    service::FAMILY,
    method::FAMILY,
    call::FAMILY,
    http::FAMILY,
    policy::FAMILY,
    accepts::FAMILY,
    file::FAMILY,
    deprecation::FAMILY,
    docs::FAMILY,
    behavior::FAMILY,
    foreign::FAMILY,
];
