//! A contract is a trait.

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub struct Movies;

fn main() {}
