//! Why a question could not be answered.

use std::path::PathBuf;

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A contract that does not compile, or cannot be read.
    #[error("{0}")]
    Contract(#[from] couplet_codegen::Errors),
    /// A folder that is not there.
    #[error("error: `{}` is no folder: name the folder that holds the .proto files", .0.display())]
    NoFolder(PathBuf),
    /// A rule that there is not.
    #[error("error: there is no rule `{name}`{}\nhelp: `cargo couplet explain` lists all rules", similar(.near))]
    NoRule {
        /// What was asked for.
        name: String,
        /// The rule with the most similar name.
        near: Option<&'static str>,
    },
}

fn similar(near: &Option<&'static str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
