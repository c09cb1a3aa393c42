//! Balancing, told as stories of peers that can be reached, that cannot, and that do not fit.

mod choice;
mod fake;
mod strategies;
mod ways;
