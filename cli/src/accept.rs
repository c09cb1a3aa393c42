//! `accept`: one change that no version covers, and why it may pass.

use couplet_codegen::release;

use crate::arguments::AcceptArguments;
use crate::failure::Failure;
use crate::terminal::say;
use crate::{Answer, packages};

/// Writes the acceptance into the history.
pub(crate) fn run(arguments: &AcceptArguments) -> Result<Answer, Failure> {
    let project = packages::one(&arguments.package)?;
    let change = release::accept(&project, &arguments.fingerprint, &arguments.reason)?;
    let history = project.released.join("history.toml");
    say(format_args!(
        "accepted: {}: {}\ncommit `{}`",
        change.subject,
        change.message,
        history.display()
    ))?;
    Ok(Answer::Yes)
}
