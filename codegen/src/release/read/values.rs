//! Values of TOML as what they have to be, and an error at their line where they are something else.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use semver::Version;
use toml_edit::{Array, Item, Key, Value};

/// Where in the text something is.
pub(super) type At = Option<Range<usize>>;

/// A text that is read, and what was found wrong in it.
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) errors: Vec<String>,
}

impl<'a> Reader<'a> {
    /// `path` is only named in errors.
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        let errors = Vec::new();
        Self { path, text, errors }
    }
}

impl Reader<'_> {
    /// The entries of a table, each with the place of its key.
    pub(super) fn table(&mut self, item: &Item) -> Vec<(String, At, Item)> {
        match item.as_table_like() {
            Some(table) => {
                let entries = table.iter();
                let at = |name: &str| table.key(name).and_then(Key::span);
                entries
                    .map(|(name, item)| (name.to_owned(), at(name), item.clone()))
                    .collect()
            }
            None => {
                self.wrong(
                    item.span(),
                    "this is no table",
                    "write `[name]` and its keys below",
                );
                Vec::new()
            }
        }
    }

    pub(super) fn each<T>(
        &mut self,
        item: &Item,
        read: fn(&mut Self, &Item) -> T,
    ) -> BTreeMap<String, T> {
        let entries = self.table(item).into_iter();
        entries
            .map(|(name, _, item)| (name, read(self, &item)))
            .collect()
    }

    pub(super) fn list<T>(&mut self, item: &Item, read: fn(&mut Self, &Item) -> T) -> Vec<T> {
        let Some(tables) = item.as_array_of_tables() else {
            self.wrong(
                item.span(),
                "this is no list of tables",
                "write each entry below a line `[[name]]`",
            );
            return Vec::new();
        };
        let tables = tables.iter();
        tables
            .map(|table| read(self, &Item::Table(table.clone())))
            .collect()
    }

    pub(super) fn elements(&mut self, item: &Item, mut read: impl FnMut(&mut Self, &Value)) {
        match item.as_array() {
            Some(array) => Array::iter(array).for_each(|value| read(self, value)),
            None => self.wrong(
                item.span(),
                "this is no list",
                "write `[`, the elements, and `]`",
            ),
        }
    }

    pub(super) fn paths(&mut self, item: &Item) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        self.elements(item, |reader, value| match value.as_str() {
            Some(path) => paths.push(PathBuf::from(path)),
            None => reader.wrong(value.span(), "this is no path", "write it between quotes"),
        });
        paths
    }

    pub(super) fn boolean(&mut self, item: &Item) -> Option<bool> {
        if item.as_bool().is_none() {
            self.wrong(
                item.span(),
                "this is neither true nor false",
                "write it without quotes",
            );
        }
        item.as_bool()
    }

    pub(super) fn string(&mut self, item: &Item) -> Option<String> {
        if item.as_str().is_none() {
            self.wrong(item.span(), "this is no text", "write it between quotes");
        }
        item.as_str().map(str::to_owned)
    }

    pub(super) fn version(&mut self, item: &Item) -> Option<Version> {
        let version = Version::parse(&self.string(item)?).ok();
        match version {
            Some(version) if version.pre.is_empty() && version.build.is_empty() => Some(version),
            _ => {
                self.wrong(
                    item.span(),
                    "this is no version that can be released",
                    "write MAJOR.MINOR.PATCH, such as \"1.4.2\"",
                );
                None
            }
        }
    }

    pub(super) fn needed<T: Needed>(&mut self, item: &Item, name: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            let there = item
                .as_table_like()
                .is_some_and(|table| table.contains_key(name));
            if !there {
                let title = format!("`{name}` is missing");
                self.wrong(
                    item.span(),
                    &title,
                    "add it, or take the last commit's: `git checkout released/history.toml`",
                );
            }
            T::none()
        })
    }

    pub(super) fn unknown(&mut self, at: At, name: &str, known: &str) {
        self.wrong(
            at,
            &format!("unknown key `{name}`"),
            &format!("known: {known}"),
        );
    }

    pub(super) fn wrong(&mut self, at: At, title: &str, help: &str) {
        let group = Level::ERROR.primary_title(title);
        let at = at
            .filter(|at| self.text.get(at.clone()).is_some())
            .unwrap_or(0..0);
        let first = self.text[at.clone()]
            .find('\n')
            .map_or(at.end, |length| at.start + length);
        let snippet = Snippet::source(self.text)
            .path(self.path.display().to_string())
            .annotation(AnnotationKind::Primary.span(at.start..first));
        let group = group.element(snippet).element(Level::HELP.message(help));
        self.errors.push(Renderer::plain().render(&[group]));
    }
}

/// What stands in for a value that is missing, so that reading goes on and finds every mistake.
pub(super) trait Needed {
    fn none() -> Self;
}

impl Needed for String {
    fn none() -> Self {
        Self::new()
    }
}

impl Needed for Version {
    fn none() -> Self {
        Self::new(0, 0, 0)
    }
}
