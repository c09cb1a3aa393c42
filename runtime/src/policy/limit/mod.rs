//! Limits: how many calls at once, how many in a time, and how many a server can really bear.
//!
//! [`bulkhead`] bounds the calls under way by a number that somebody chose, [`rate`] bounds how many begin in a time,
//! [`adaptive`] finds the number by itself, and [`priority`] says who gives way first when there is not room for all.

pub mod adaptive;
pub mod bulkhead;
mod declared;
pub mod priority;
pub mod rate;
