//! What is said of mistakes in a trait: `ui/*.rs`, named after the mistake, and `ui/*.stderr`.
//!
//! `TRYBUILD=overwrite cargo test -p couplet-macros --test ui` writes what is said now.

#[test]
fn every_mistake_is_told_where_it_is() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
