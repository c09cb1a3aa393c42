//! Accepting one change that no version covers, with a reason.

use super::check::check;
use super::history::Accepted;
use super::make::{history_of, write_history};
use super::project::Project;
use super::verdict::{Answer, Judged};
use super::write;
use crate::compat::Change;
use crate::proto::Errors;

/// Writes into `released/history.toml` that the change with this fingerprint is accepted, and names the change.
///
/// From then on it asks nothing of any version, until a release takes it in.
///
/// # Errors
/// If there is no such change, if it is covered or accepted already, if the reason is empty, or if the history cannot
/// be written.
pub fn accept(project: &Project, fingerprint: &str, reason: &str) -> Result<Change, Errors> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Errors::one(
            "an accepted break needs a reason: those who come later will ask for it",
        ));
    }
    let check = check(project)?;
    let changes = &check.verdict().changes;
    let same = |judged: &&Judged| judged.change.fingerprint == fingerprint;
    let Some(judged) = changes.iter().find(same) else {
        return Err(unknown(fingerprint, changes));
    };
    let (what, change) = (&judged.change.message, &judged.change);
    match &judged.answer {
        Answer::Uncovered(_) | Answer::Orphaned(_) => {}
        Answer::Accepted(reason) => {
            return Err(Errors::one(format!("{what}: accepted already: {reason}")));
        }
        Answer::Covered => {
            return Err(Errors::one(format!(
                "{what}: the declared version covers it"
            )));
        }
        Answer::Excused | Answer::Unversioned(_) => {
            return Err(Errors::one(format!("{what}: it asks for no version")));
        }
    }
    let mut history = check.history().cloned().unwrap_or_default();
    history.accepted.push(Accepted {
        fingerprint: fingerprint.to_owned(),
        rule: change.rule.id.to_owned(),
        subject: change.subject.clone(),
        reason: reason.to_owned(),
        released: None,
    });
    let text = history_of(&project.released)?;
    let text = write::history(&text, &history);
    let text = text.map_err(|error| Errors::one(error.to_string()))?;
    write_history(&project.released, &text)?;
    Ok(change.clone())
}

fn unknown(fingerprint: &str, changes: &[Judged]) -> Errors {
    let open = changes
        .iter()
        .filter(|judged| matches!(judged.answer, Answer::Uncovered(_) | Answer::Orphaned(_)));
    let open: Vec<_> = open
        .map(|judged| {
            format!(
                "\n    {} {}",
                judged.change.fingerprint, judged.change.message
            )
        })
        .collect();
    let known = match open.as_slice() {
        [] => "every change is covered".to_owned(),
        some => format!("these are not covered:{}", some.concat()),
    };
    Errors::one(format!(
        "there is no change `{fingerprint}` since the last release\n  = help: {known}"
    ))
}
