//! Comments: what is said about a declaration, whatever its line breaks and marks.

use crate::compat::change::{Draft, Site};
use crate::compat::compare::{Comparison, Drafts};
use crate::compat::contract::Contract;
use crate::compat::declaration::Declaration;
use crate::compat::effect::Bump;
use crate::compat::rule::{Family, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&DOCS_CHANGED],
    pages: include_str!("docs.md"),
    contract,
    ..Family::EMPTY
};

static DOCS_CHANGED: Rule = Rule {
    id: "docs-changed",
    title: "a comment was added, changed or removed",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for (old, new) in comparison.declarations() {
        let before = comments(comparison.old, old);
        let after = comments(comparison.new, new);
        if before == after || words(&before).eq(words(&after)) {
            continue;
        }
        let is_blank = |text: &str| words(text).next().is_none();
        let what = match (is_blank(&before), is_blank(&after)) {
            (true, _) => "added",
            (_, true) => "removed",
            _ => "changed",
        };
        let message = format!("the comment of {} was {what}", old.title());
        found.add(
            Draft::new(&DOCS_CHANGED, new.owner(), old.subject(), message)
                .bump(Bump::Patch)
                .note("read by people, and shown by rustdoc")
                .old(old.site())
                .new_site(new.site()),
        );
    }
}

/// What a comment says, without the marks that some writers begin each of its lines with: ` * ` and `/// `.
fn words(comment: &str) -> impl Iterator<Item = &str> {
    let lines = comment.lines().map(str::trim_start);
    let lines = lines.map(|line| line.trim_start_matches(['*', '/']));
    lines.flat_map(str::split_whitespace)
}

/// What belongs to a declaration. Comments that stand apart in a file belong to none, save for those at its head: they
/// are the file's.
fn comments(contract: &Contract, declaration: &Declaration) -> String {
    let site = declaration.site();
    let Declaration::File(_) = declaration else {
        let [_, own] = contract.comments(&site);
        return own;
    };
    /// Numbers of `FileDescriptorProto`: `syntax` and `package`.
    const HEAD: [i32; 2] = [12, 2];
    let places = HEAD.map(|number| Site::new(&site.file, &[number]));
    let comments = places.map(|place| contract.comments(&place).join("\n"));
    comments.join("\n")
}
