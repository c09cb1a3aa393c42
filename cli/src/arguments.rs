//! The commands and their options, with the words that `--help` shows.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use couplet_codegen::compat::Bump;

/// Versions of contracts: what changed, what it asks for, and what was released.
#[derive(Debug, Parser)]
#[command(
    name = "cargo couplet",
    bin_name = "cargo couplet",
    version,
    propagate_version = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows what changed between two states of a contract, and what that asks of its version
    Diff(DiffArguments),
    /// Explains a rule, with examples; lists all rules if none is named
    Explain(ExplainArguments),
}

/// What is compared, and how it is shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet diff                          the released contract and the one in this package
  cargo couplet diff old/ new/                two folders of .proto files
  cargo couplet diff old/ new/ --format json  one JSON object a line, the worst of each in the last
  cargo couplet diff old/ new/ --fail-on major

Exit codes: 0, or 1 where --fail-on says so; 2 if a contract does not compile.")]
pub(crate) struct DiffArguments {
    /// The folder with the old .proto files. Default: the released ones of this package
    #[arg(requires = "new")]
    pub(crate) old: Option<PathBuf>,
    /// The folder with the new .proto files
    pub(crate) new: Option<PathBuf>,
    /// Where imports are looked for that are in neither folder; may be given several times
    #[arg(long, short = 'I', value_name = "DIR")]
    pub(crate) include: Vec<PathBuf>,
    /// How changes are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Answers with exit code 1 if a change asks for this much or more
    #[arg(long, value_enum, value_name = "BUMP")]
    pub(crate) fail_on: Option<Step>,
    /// Leaves JSON out of account, for a contract that is spoken in protobuf's binary format alone
    #[arg(long)]
    pub(crate) no_json: bool,
}

/// What is to be explained.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet explain              all rules, a line each
  cargo couplet explain field-type   what the rule means, why, what to do instead, and its cases")]
pub(crate) struct ExplainArguments {
    /// The rule's id, as it stands in brackets in a message: `error[api::field-type]`
    pub(crate) rule: Option<String>,
}

/// How changes are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, and a summary in the last
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a pull request
    Github,
}

/// Which part of a version has to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Comments, files, advice to clients
    Patch,
    /// Additions and deprecations
    Minor,
    /// Breaks
    Major,
}

impl From<Step> for Bump {
    fn from(step: Step) -> Self {
        match step {
            Step::Patch => Self::Patch,
            Step::Minor => Self::Minor,
            Step::Major => Self::Major,
        }
    }
}
