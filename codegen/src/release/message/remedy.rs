//! The change that breaks nobody, as a patch: the field as it was, and the new one beside it.

use annotate_snippets::{Group, Level, Patch, Snippet};
use semver::Version;

use crate::compat::{Beside, Bump, Change};
use crate::release::check::Check;
use crate::release::steps;
use crate::release::verdict::Demand;

/// What could be done instead, and the version that it asks for.
pub(super) fn instead<'a>(
    check: &'a Check,
    change: &'a Change,
    demands: &[Demand],
) -> Option<Group<'a>> {
    let instead = change.instead.as_deref()?;
    let plain = || Group::with_title(Level::HELP.secondary_title(instead));
    let patched = change.beside.as_ref().and_then(|beside| {
        let text = both(check, beside)?;
        let title = match minor(check, demands) {
            Some(version) => format!("{instead} (MINOR, {version})"),
            None => instead.to_owned(),
        };
        let (path, now) = check.current().text(&beside.new.file);
        let patch = Patch::new(beside.new.range.clone(), text);
        let group = Group::with_title(Level::HELP.secondary_title(title));
        Some(group.element(Snippet::source(now?.to_string()).path(path).patch(patch)))
    });
    Some(patched.unwrap_or_else(plain))
}

/// The version that an addition asks for.
fn minor(check: &Check, demands: &[Demand]) -> Option<Version> {
    let demand = demands.first()?;
    let released = check
        .verdict()
        .standing(&demand.service)?
        .released
        .as_ref()?;
    let next = steps::next(released, Bump::Minor);
    let is_covered = steps::covers(&demand.declared, released, Bump::Minor);
    Some(if is_covered {
        demand.declared.clone()
    } else {
        next
    })
}

/// The two declarations, the old one deprecated.
fn both(check: &Check, beside: &Beside) -> Option<String> {
    let (_, before) = check.old()?.text(&beside.old.file);
    let (_, now) = check.current().text(&beside.new.file);
    let (before, now) = (before?, now?);
    let old = before.get(beside.old.range.clone())?;
    let new = now.get(beside.new.range.clone())?;
    let indent: String = {
        let line = now.get(..beside.new.range.start)?.rsplit('\n').next()?;
        line.chars()
            .take_while(|character| character.is_whitespace())
            .collect()
    };
    Some(format!(
        "{}\n{indent}{}",
        deprecated(old)?,
        renumbered(new, name(old)?, beside.number)?
    ))
}

/// `int32 pages = 2;` as `int32 pages = 2 [deprecated = true];`
fn deprecated(declaration: &str) -> Option<String> {
    let rest = declaration.strip_suffix(';')?.trim_end();
    Some(match rest.strip_suffix(']') {
        _ if rest.contains("deprecated") => format!("{rest};"),
        Some(options) => format!("{options}, deprecated = true];"),
        None => format!("{rest} [deprecated = true];"),
    })
}

/// The same declaration under another number, and under another name where it has that of the old one.
fn renumbered(declaration: &str, old: &str, number: u32) -> Option<String> {
    let (left, right) = declaration.split_once('=')?;
    let left = match name(declaration)? {
        name if name == old => format!("{}new_{name}", left.trim_end().strip_suffix(name)?),
        _ => left.trim_end().to_owned(),
    };
    let rest = right
        .trim_start()
        .trim_start_matches(|character: char| character.is_ascii_alphanumeric());
    Some(format!("{left} = {number}{rest}"))
}

/// The name that a declaration gives.
fn name(declaration: &str) -> Option<&str> {
    declaration
        .split_once('=')?
        .0
        .split_whitespace()
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::{deprecated, renumbered};

    #[test]
    fn the_old_declaration_stays_and_is_advised_against() {
        let told = |text| deprecated(text).unwrap();
        assert_eq!(
            told("int32 pages = 2;"),
            "int32 pages = 2 [deprecated = true];"
        );
        assert_eq!(
            told("int32 pages = 2 [json_name = \"p\"];"),
            "int32 pages = 2 [json_name = \"p\", deprecated = true];"
        );
        assert_eq!(
            told("int32 pages = 2 [deprecated = true];"),
            "int32 pages = 2 [deprecated = true];"
        );
        assert_eq!(deprecated("no statement"), None);
    }

    #[test]
    fn the_new_one_has_a_number_and_a_name_of_its_own() {
        let beside = |text, old| renumbered(text, old, 7).unwrap();
        assert_eq!(
            beside("sint32 pages = 2;", "pages"),
            "sint32 new_pages = 7;"
        );
        assert_eq!(
            beside("map<string, M> all=0x3 [a = b];", "some"),
            "map<string, M> all = 7 [a = b];"
        );
    }
}
