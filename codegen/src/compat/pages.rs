//! The page of each rule: what `cargo couplet explain` prints, and what the documentation shows.
//!
//! A family's file holds a page for each of its rules, in Markdown: `# rule-id`, what it means, why it is graded so and
//! what to do instead; then its cases. A case is a heading, the verdict in one line (`NONE` where nothing is found), and
//! the change as a `diff` block. Every case is a test: the block is cut into the contract before and after it, and the
//! verdict must be what is found.
//!
//! What a comparison is told beside the contracts stands below the verdict, a line each: `given exhaustive`,
//! `given without JSON`, `given option acme.v1.scope major minor major` (added, removed, changed),
//! `given retired acme.v1.Book 3 isbn`.

use super::rule::Rule;
use super::rules::FAMILIES;

/// The page of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The rule.
    pub rule: &'static Rule,
    /// What there is to say about it, in Markdown.
    pub text: &'static str,
}

/// Every page, in the order of the table.
pub fn pages() -> impl Iterator<Item = Page> {
    FAMILIES.iter().flat_map(|family| {
        let text = |rule: &'static Rule| Page {
            rule,
            text: section(family.pages, rule.id).unwrap_or_default(),
        };
        family.rules.iter().map(move |rule| text(rule))
    })
}

/// The page of the rule with this id.
pub fn page(id: &str) -> Option<Page> {
    pages().find(|page| page.rule.id == id)
}

/// What stands under `# id`, heading included.
fn section(pages: &'static str, id: &str) -> Option<&'static str> {
    let heading = format!("# {id}\n");
    let start = match pages.starts_with(&heading) {
        true => 0,
        false => pages.find(&format!("\n{heading}"))? + 1,
    };
    let rest = &pages[start..];
    let end = rest[1..].find("\n# ").map_or(rest.len(), |end| end + 2);
    Some(rest[..end].trim_end())
}
