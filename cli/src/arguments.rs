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
    /// Says what a build would say of the versions, and whether it would go on
    Check(CheckArguments),
    /// Shows what changed between two states of a contract, and what that asks of its version
    Diff(DiffArguments),
    /// Releases the contract as it is now: moves the baseline and the history on
    Release(ReleaseArguments),
    /// Accepts one change that no version covers, with a reason
    Accept(AcceptArguments),
    /// Shows where the version of each service stands, and what it is of
    Versions(VersionsArguments),
    /// Shows which policies hold for each method, and who said each value
    Policies(PoliciesArguments),
    /// Explains a rule, with examples; lists all rules if none is named
    Explain(ExplainArguments),
}

/// Whose contract it is.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Package")]
pub(crate) struct PackageArguments {
    /// The package with the contract. Default: the one of this folder, or the only one of the workspace
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// One of several contracts of a package: `proto/NAME`, released in `released/NAME`
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    /// The Cargo.toml of the package or of its workspace
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
}

/// Whose contract is checked, and how the answer is shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet check                   every contract of this workspace
  cargo couplet check -p movies-api
  cargo couplet check --format github   what is not covered, beside its lines in a pull request
  cargo couplet check --require-release fails also where there is no release to compare with

Exit codes: 0 if a build would go on; 1 if a version does not cover what changed; 2 if a contract does not compile or its
baseline cannot be read.")]
pub(crate) struct CheckArguments {
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Answers with exit code 1 where nothing was released: for CI, which should see that the baseline is gone
    #[arg(long)]
    pub(crate) require_release: bool,
    #[command(flatten)]
    pub(crate) package: PackageArguments,
}

/// What is released, and what is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet release --dry-run    shows what would be released, and writes nothing
  cargo couplet release              then commit released/ and CHANGELOG.md with the contract

The version is the one that the contract declares. The first release makes the baseline.

Exit codes: 0 if it is released; 1 if a version does not cover what changed; 2 if there is nothing to release, or if it could
not be made. Unless it is 0, nothing is written.")]
pub(crate) struct ReleaseArguments {
    /// Shows what would be released, and writes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the section about the API is added. Default: CHANGELOG.md beside Cargo.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) changelog: Option<PathBuf>,
    /// Adds no section to a changelog
    #[arg(long, conflicts_with = "changelog")]
    pub(crate) no_changelog: bool,
    #[command(flatten)]
    pub(crate) package: PackageArguments,
}

/// What is accepted, and why.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet accept 3f2c9a41d07b --reason \"no client ever set it: metrics of May\"

The change is written into released/history.toml; commit that file. It stays accepted through unrelated edits, and the
next release takes it in.

Exit codes: 0 if it is accepted; 2 if there is no such change, or if it needs no acceptance.")]
pub(crate) struct AcceptArguments {
    /// The twelve digits that stand with the change
    pub(crate) fingerprint: String,
    /// Why it breaks nobody, for those who ask later
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) package: PackageArguments,
}

/// Whose versions are shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet versions                 every contract of this workspace
  cargo couplet versions --format json   one JSON object a line, for each service")]
pub(crate) struct VersionsArguments {
    /// How they are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Table,
    #[command(flatten)]
    pub(crate) package: PackageArguments,
}

/// Whose policies are shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo couplet policies                                   what the contract says, and the defaults
  cargo couplet policies --service-config production.json  what holds where that file is used
  cargo couplet policies --format service-config           the contract's policies for clients in other languages

Exit codes: 0 if they are shown; 2 if a contract does not compile, or if the service config is wrong.")]
pub(crate) struct PoliciesArguments {
    /// A service config in gRPC's JSON that says more than the contract, or something else
    #[arg(long, value_name = "FILE")]
    pub(crate) service_config: Option<PathBuf>,
    /// How they are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: PoliciesFormat,
    #[command(flatten)]
    pub(crate) package: PackageArguments,
}

/// How policies are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PoliciesFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, for each value
    Json,
    /// What the contract says, as a service config of gRPC
    ServiceConfig,
}

/// How a table is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
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
    /// Leaves JSON out of account, for two folders of a contract that is spoken in protobuf's binary format alone
    #[arg(long, requires = "old")]
    pub(crate) no_json: bool,
    #[command(flatten)]
    pub(crate) package: PackageArguments,
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
