//! Balancing, told as stories of peers that can be reached, that cannot, and that do not fit.

mod choice;
mod ends;
mod fake;
mod figures;
mod patience;
mod serving;
mod shares;
mod strategies;
mod ways;
