//! Stories of channels.

mod deadlines;
mod fleets;
mod limits;
mod policies;
mod reload;
