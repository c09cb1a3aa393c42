//! Files and packages: where declarations stand, and in which syntax they are written.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{FileDescriptor, Syntax};

use crate::compat::change::{Draft, Site};
use crate::compat::compare::{Comparison, Declared, Drafts, Fate, pair_up};
use crate::compat::declaration::{Declaration, owner};
use crate::compat::effect::Bump;
use crate::compat::effect::Effect::{Major, None as Not};
use crate::compat::rule::{Family, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[
        &MOVED,
        &FILE_REMOVED,
        &SYNTAX_CHANGED,
        &PACKAGE_CHANGED,
        &PACKAGE_REMOVED,
    ],
    pages: include_str!("file.md"),
    contract,
    ..Family::EMPTY
};

static MOVED: Rule = Rule {
    id: "moved",
    title: "a declaration stands in another file",
};
static FILE_REMOVED: Rule = Rule {
    id: "file-removed",
    title: "a file is gone, and all that it declared lives on",
};
static SYNTAX_CHANGED: Rule = Rule {
    id: "syntax-changed",
    title: "a file is written in another syntax",
};
static PACKAGE_CHANGED: Rule = Rule {
    id: "package-changed",
    title: "a file belongs to another package",
};
static PACKAGE_REMOVED: Rule = Rule {
    id: "package-removed",
    title: "a package is gone",
};

/// Numbers of `FileDescriptorProto`.
const PACKAGE: &[i32] = &[2];
const SYNTAX: &[i32] = &[12];

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    let (old, new) = (comparison.old.files(), comparison.new.files());
    let files = pair_up(old, new, |file| file.name().to_owned());
    let (mut gone, mut emptied) = (Vec::new(), Vec::new());
    for fate in &files {
        match fate {
            // What declares nothing any more belongs nowhere, whatever it still says.
            Fate::Kept(old, new) if declares(old) && !declares(new) => emptied.push(old),
            Fate::Kept(old, new) => {
                syntax(old, new, found);
                package(old, new, found);
            }
            Fate::Removed(old) => gone.push(old),
            Fate::Added(_) => {}
        }
    }
    packages(comparison, gone.iter().chain(&emptied).copied(), found);
    moves(comparison, &gone, found);
}

// === Syntax ===

fn syntax(old: &FileDescriptor, new: &FileDescriptor, found: &mut Drafts) {
    let name = |file: &FileDescriptor| match file.syntax() {
        Syntax::Proto2 => "proto2",
        Syntax::Proto3 => "proto3",
    };
    if name(old) != name(new) {
        let (file, new_syntax, old_syntax) = (new.name(), name(new), name(old));
        let message = format!("file `{file}` is written in {new_syntax}, and was in {old_syntax}");
        found.add(
            Draft::new(&SYNTAX_CHANGED, new.owner(), file, message)
                .bump(Bump::Patch)
                .note("what it means for a declaration, if anything, is a change of that one")
                .old(old.site().part(SYNTAX))
                .new_site(new.site().part(SYNTAX)),
        );
    }
}

// === Packages ===

fn package(old: &FileDescriptor, new: &FileDescriptor, found: &mut Drafts) {
    let (before, after) = (old.package_name(), new.package_name());
    if before != after && declares(old) {
        let message = format!(
            "file `{}` belongs to package `{after}`, and belonged to `{before}`",
            new.name()
        );
        found.add(
            another_api(Draft::new(&PACKAGE_CHANGED, old.owner(), before, message))
                .old(old.site().part(PACKAGE))
                .new_site(new.site().part(PACKAGE)),
        );
    }
}

/// What is gone and not only in files that went to another package: then each of these says so.
fn packages<'a>(
    comparison: &Comparison<'_>,
    gone: impl Iterator<Item = &'a FileDescriptor>,
    found: &mut Drafts,
) {
    let new = comparison.new.files();
    let left: BTreeSet<_> = new.map(|file| file.package_name().to_owned()).collect();
    let mut packages: BTreeMap<_, Vec<FileDescriptor>> = BTreeMap::new();
    for file in gone {
        if declares(file) && !left.contains(file.package_name()) {
            let files = packages.entry(file.package_name()).or_default();
            files.push(file.clone());
        }
    }
    for (package, files) in packages {
        let message = format!("package `{package}` was removed");
        let draft = Draft::new(&PACKAGE_REMOVED, owner(package, &files), package, message);
        let draft = another_api(draft).old(files[0].site().part(PACKAGE));
        let is_called = files.iter().any(|file| file.services().len() > 0);
        found.add(match is_called {
            true => draft,
            // Nothing on the wire tells of the package of a message but an `Any`.
            false => draft
                .effects(Major, Not, Not)
                .note("no call has its name in its path; Rust that uses it no longer compiles"),
        });
    }
}

fn another_api(draft: Draft) -> Draft {
    draft
        .effects(Major, Major, Major)
        .note("a package's name is in the path of every call, in every type's name, and in its path in Rust")
        .instead("keep the package, and let the new one stand beside it")
}

fn declares(file: &FileDescriptor) -> bool {
    outermost(file) > 0
}

// === Moves ===

fn moves(comparison: &Comparison<'_>, gone: &[&FileDescriptor], found: &mut Drafts) {
    let mut moved: BTreeMap<String, Vec<(&Declaration, &Declaration, String)>> = BTreeMap::new();
    for (old, new) in comparison.declarations() {
        let (from, to) = (old.site().file, new.site().file);
        if old.is_outermost() && from != to {
            moved.entry(from).or_default().push((old, new, to));
        }
    }
    for file in gone {
        let moved_from = moved.get(file.name()).map_or(&[][..], Vec::as_slice);
        let to: BTreeSet<_> = moved_from.iter().map(|(.., to)| to.as_str()).collect();
        if moved_from.len() == outermost(file) && to.len() <= 1 {
            found.add(removed(file, to.first().copied()));
            moved.remove(file.name());
        }
    }
    for (from, moved) in moved {
        for (old, new, to) in moved {
            let message = format!("{} moved from `{from}` to `{to}`", old.title());
            found.add(
                Draft::new(&MOVED, new.owner(), old.subject(), message)
                    .bump(Bump::Patch)
                    .note("its name is as it was; files that import it have to follow")
                    .old(old.site())
                    .new_site(new.site()),
            );
        }
    }
}

/// How many declarations stand in a file and in nothing else there.
fn outermost(file: &FileDescriptor) -> usize {
    let types = file.messages().len() + file.enums().len();
    types + file.services().len() + file.extensions().len()
}

fn removed(file: &FileDescriptor, to: Option<&str>) -> Draft {
    let name = file.name();
    let message = match to {
        Some(to) => format!("file `{name}` was removed, and all that it declared is in `{to}`"),
        None => format!("file `{name}` was removed, and declared nothing"),
    };
    let draft = Draft::new(&FILE_REMOVED, file.owner(), name, message)
        .bump(Bump::Patch)
        .note("all names are as they were; files that import it have to follow")
        .old(file.site());
    match to {
        Some(to) => draft.new_site(Site::new(to, &[])),
        None => draft,
    }
}
