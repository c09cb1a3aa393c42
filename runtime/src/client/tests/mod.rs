//! Stories of channels.

mod deadlines;
mod policies;
mod reload;
