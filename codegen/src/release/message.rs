//! What a build says of the versions of a contract, as people read it.

use super::check::Check;

/// What is said of the versions of a contract, without colour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// What stops the build, each of several lines, the summary last.
    pub errors: Vec<String>,
    /// What does not.
    pub warnings: Vec<String>,
}

pub(super) fn told(_check: &Check) -> Told {
    Told::default()
}
