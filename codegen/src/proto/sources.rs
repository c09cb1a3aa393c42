//! Where the text of `.proto` files comes from: the author's include folders, then the files that couplet brings along.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use protox::file::{File, FileResolver, GoogleFileResolver};

use super::depth::{self, Imports, TooDeep};

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Where it is, unless couplet brought it along.
    pub(super) path: Option<PathBuf>,
    /// What it says.
    pub(super) text: Rc<str>,
}

/// Every file that was read, by the name it is imported by.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    includes: Vec<PathBuf>,
    read: RefCell<BTreeMap<String, Source>>,
}

impl Sources {
    /// Looks for files in `includes`; in the current folder where there are none.
    pub(super) fn new(includes: &[PathBuf]) -> Self {
        let includes = match includes {
            [] => vec![PathBuf::from(".")],
            some => some.to_vec(),
        };
        let read = RefCell::default();
        Self { includes, read }
    }

    /// The include folders.
    pub(super) fn includes(&self) -> &[PathBuf] {
        &self.includes
    }

    /// The name by which the file at `path` would be imported; a path may also be such a name.
    pub(super) fn name_of(&self, path: &Path) -> Option<String> {
        let below = self.includes.iter().find_map(|include| {
            let name = relative(path, include)?;
            include.join(&name).is_file().then_some(name)
        });
        let name = below.or_else(|| {
            let named = |include: &PathBuf| include.join(path).is_file();
            let found = path.is_relative() && self.includes.iter().any(named);
            found.then(|| path.to_path_buf())
        })?;
        let parts: Option<Vec<_>> = name.iter().map(|part| part.to_str()).collect();
        Some(parts?.join("/"))
    }

    /// The file that is imported as `name`, if there is one.
    ///
    /// # Errors
    /// If it is there and cannot be read as text.
    pub(super) fn open(&self, name: &str) -> io::Result<Option<Source>> {
        if let Some(source) = self.read.borrow().get(name) {
            return Ok(Some(source.clone()));
        }
        let found = self.includes.iter().map(|include| include.join(name));
        let source = match found.into_iter().find(|path| path.is_file()) {
            Some(path) => Source {
                text: text(&path)?.into(),
                path: Some(path),
            },
            None => match couplet_proto::file(name) {
                Some(text) => Source {
                    text: text.into(),
                    path: None,
                },
                None => return Ok(None),
            },
        };
        let mut read = self.read.borrow_mut();
        read.insert(name.to_owned(), source.clone());
        Ok(Some(source))
    }

    /// The text and the path to show of a file, as far as it can be read.
    pub(crate) fn shown(&self, name: &str) -> (String, Option<Rc<str>>) {
        match self.open(name) {
            Ok(Some(source)) => {
                let path = source.path.map(|path| path.display().to_string());
                (path.unwrap_or_else(|| name.to_owned()), Some(source.text))
            }
            _ => (name.to_owned(), None),
        }
    }

    /// The text of all files that were read and are the author's, by the name they are imported by.
    pub(super) fn texts(&self) -> BTreeMap<String, Rc<str>> {
        let read = self.read.borrow();
        read.iter()
            .filter(|(_, source)| source.path.is_some())
            .map(|(name, source)| (name.clone(), Rc::clone(&source.text)))
            .collect()
    }

    /// The paths of all files that were read and are the author's.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let read = self.read.borrow();
        read.values()
            .filter_map(|source| source.path.clone())
            .collect()
    }
}

/// What a file says, without the byte order mark that some editors put before it.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// `path` as seen from `folder`, without asking the file system what either of them is.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    let plain = |path: &Path| -> PathBuf {
        let current = std::path::Component::CurDir;
        path.components().filter(|part| *part != current).collect()
    };
    plain(path)
        .strip_prefix(plain(folder))
        .ok()
        .map(Path::to_path_buf)
}

/// The same files for protox, and after them Google's well-known ones; none that would take it too deep.
pub(super) struct Resolver {
    sources: Rc<Sources>,
    imports: Imports,
    /// What was refused: protox lets nobody see what is in an error.
    refused: Rc<RefCell<Option<TooDeep>>>,
}

impl Resolver {
    pub(super) fn new(sources: &Rc<Sources>) -> Self {
        Self {
            sources: Rc::clone(sources),
            imports: Imports::default(),
            refused: Rc::default(),
        }
    }

    /// Where the reason will be if this refuses a file.
    pub(super) fn refused(&self) -> Rc<RefCell<Option<TooDeep>>> {
        Rc::clone(&self.refused)
    }

    fn refuse(&self, reason: TooDeep) -> protox::Error {
        self.refused.replace(Some(reason.clone()));
        protox::Error::new(reason)
    }
}

impl FileResolver for Resolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let source = self.sources.open(name).map_err(protox::Error::new)?;
        let Some(source) = source else {
            return GoogleFileResolver::new().open_file(name);
        };
        depth::within(name, &source.text).map_err(|reason| self.refuse(reason))?;
        let file = File::from_source(name, &source.text)?;
        let noted = self.imports.note(&file);
        noted.map_err(|reason| self.refuse(reason))?;
        Ok(file)
    }
}
