//! Stories of channels.

mod deadlines;
mod fleets;
mod limits;
mod fleets;
