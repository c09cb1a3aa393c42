//! What people tell git where a baseline is not as it was released: always the whole folder, for its parts belong together.

use std::path::Path;

use super::baseline::HISTORY;

/// The command that takes the folder of a baseline from `side`, such as `HEAD`, wherever it is called.
pub(super) fn command(folder: &Path, side: &str) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let (parent, name) = (folder.parent(), folder.file_name());
    let parent = parent.unwrap_or(&folder).display().to_string();
    let quote = match parent.contains(' ') {
        true => "\"",
        false => "",
    };
    let name = name.unwrap_or_default().to_string_lossy();
    // Without the option git would leave files there that only the other side has.
    format!("git -C {quote}{parent}{quote} checkout --no-overlay {side} -- {name}")
}

/// What to do after two branches have both released.
pub(super) fn merged(folder: &Path) -> String {
    format!(
        "take all of it from the branch that is published: `{}` for the one that is being merged, or `HEAD` for this one \
         (in a rebase `HEAD`, too; after the merge the branch's name); then declare the next version for what the other \
         one changed, and run `cargo couplet release`",
        command(folder, "MERGE_HEAD")
    )
}

/// The same, by the path of the history.
pub(super) fn merged_at(history: &Path) -> String {
    debug_assert!(history.ends_with(HISTORY), "{}", history.display());
    merged(history.parent().unwrap_or(history))
}
