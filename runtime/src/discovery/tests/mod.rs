//! What every resolver and every registry does: one suite for all of them.

mod conformance;
mod lies;
