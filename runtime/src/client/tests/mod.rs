//! Stories of channels.

mod policies;
mod reload;
