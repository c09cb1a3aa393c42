//! Contracts that nobody here wrote: all of them generate, and what is generated compiles without a warning.

#![deny(warnings, missing_docs)]

couplet::include_contract!();
