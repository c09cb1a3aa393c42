//! `explain`: the page of a rule.

use couplet_codegen::compat::{page, pages};

use crate::Answer;
use crate::arguments::ExplainArguments;
use crate::failure::Failure;
use crate::terminal::say;

/// Prints the page of a rule, or the list of all rules.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<Answer, Failure> {
    match &arguments.rule {
        Some(name) => {
            let id = name.trim_start_matches("api::");
            let Some(page) = page(id) else {
                return Err(Failure::NoRule {
                    name: name.clone(),
                    near: nearest(id),
                });
            };
            say(page.text)?;
        }
        None => {
            let width = pages().map(|page| page.rule.id.len()).max().unwrap_or(0);
            for page in pages() {
                say(format_args!("{:width$}  {}", page.rule.id, page.rule.title))?;
            }
        }
    }
    Ok(Answer::Yes)
}

/// The rule that shares the most of its words with what was asked for.
fn nearest(asked: &str) -> Option<&'static str> {
    let shared = |id: &str| {
        asked
            .split('-')
            .filter(|word| id.split('-').any(|other| other == *word))
            .count()
    };
    let ids = pages().map(|page| page.rule.id);
    ids.filter(|id| shared(id) > 0)
        .max_by_key(|id| (shared(id), std::cmp::Reverse(id.len())))
}
