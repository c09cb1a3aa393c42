//! Workflow commands of GitHub Actions: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::fmt::Write;

use couplet_codegen::compat::Bump;

use super::{Compared, place};

/// One command a change: errors for breaks, warnings for additions, notices for the rest.
pub(super) fn show(compared: &Compared<'_>) -> String {
    let mut text = String::new();
    for change in &compared.changes {
        let level = match change.bump {
            Bump::Major => "error",
            Bump::Minor => "warning",
            Bump::Patch | Bump::None => "notice",
        };
        let title = property(&format!("{} [{}]", change.bump, change.rule.id));
        let message = data(&format!(
            "{}: {}\n{}",
            change.subject, change.message, change.note
        ));
        let at = match place(change, compared) {
            Some((path, line, column)) => {
                format!("file={},line={line},col={column},", property(&path))
            }
            None => String::new(),
        };
        let _ = writeln!(text, "::{level} {at}title={title}::{message}");
    }
    text
}

/// What follows the second pair of colons.
fn data(text: &str) -> String {
    text.trim_end()
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
