//! A shop in two services, and a checkout that needs both or neither.

couplet::include_contract!("orders.v1");

mod checkout;
mod shop;

pub use checkout::{Basket, checkout};
pub use shop::Shop;

/// The code of the page about sagas, which is compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/sagas.md")]
mod guide {}
