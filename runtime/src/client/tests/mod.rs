//! Stories of channels.

mod deadlines;
mod fleets;
mod limits;
mod misfits;
mod policies;
mod reload;
