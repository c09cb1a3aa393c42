//! Stories of channels.

mod deadlines;
mod limits;
mod policies;
mod reload;
