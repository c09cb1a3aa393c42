//! A compiled contract with its text: one of the two sides of a comparison.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use prost_reflect::{DescriptorPool, FileDescriptor};

use super::change::{Location, Site};
use super::text::Text;
use crate::proto::{Columns, Errors, Sources};

/// A compiled contract with its text.
#[derive(Debug)]
pub struct Contract {
    pool: DescriptorPool,
    sources: Rc<Sources>,
    columns: Columns,
    own: BTreeSet<String>,
    /// Each file's text, made when a place in it is first asked for.
    texts: RefCell<HashMap<String, Text>>,
    /// Each file's comments by path, found when first asked for.
    comments: OnceCell<HashMap<String, Comments>>,
}

type Comments = HashMap<Vec<i32>, [String; 2]>;

impl Contract {
    /// Compiles every `.proto` file below `folder`; what they import is looked for there, then in `includes`.
    ///
    /// # Errors
    /// All mistakes of a phase, as in a build.
    pub fn read(folder: &Path, includes: &[PathBuf]) -> Result<Self, Errors> {
        crate::proto::contract(folder, includes)
    }

    /// A contract that is known by its descriptors alone: all of its files are compared.
    pub fn of(pool: DescriptorPool) -> Self {
        let own = pool.files().map(|file| file.name().to_owned()).collect();
        Self::new(pool, Rc::default(), Columns::Bytes, own)
    }

    pub(crate) fn new(
        pool: DescriptorPool,
        sources: Rc<Sources>,
        columns: Columns,
        own: BTreeSet<String>,
    ) -> Self {
        Self {
            pool,
            sources,
            columns,
            own,
            texts: RefCell::default(),
            comments: OnceCell::new(),
        }
    }

    /// The files that are compared: without those that couplet brings along, and without mere imports.
    pub fn files(&self) -> impl Iterator<Item = FileDescriptor> + '_ {
        let files = self.pool.files();
        files.filter(|file| self.is_own(file.name()))
    }

    /// Whether the file of this name is one of those that are compared.
    pub(super) fn is_own(&self, file: &str) -> bool {
        self.own.contains(file)
    }

    /// Every descriptor, of imports too.
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// The path to show of a file that is imported as `file`, and its text as far as it can be read.
    pub fn text(&self, file: &str) -> (String, Option<Rc<str>>) {
        self.sources.shown(file)
    }

    /// Where a declaration, or the nearest part around it, stands.
    pub(super) fn locate(&self, site: &Site) -> Location {
        if let Some(known) = self.texts.borrow().get(&site.file) {
            return known.locate(site);
        }
        let (_, text) = self.text(&site.file);
        let file = self.pool.get_file_by_name(&site.file);
        let info = file
            .as_ref()
            .and_then(|file| file.file_descriptor_proto().source_code_info.as_ref());
        let spans = info.map_or(&[][..], |info| &info.location);
        let text = Text::new(text.unwrap_or_default(), spans, self.columns);
        let location = text.locate(site);
        self.texts.borrow_mut().insert(site.file.clone(), text);
        location
    }

    /// The comments at a place of a file: those apart from it, then those that belong to it. Empty where there is none.
    pub(super) fn comments(&self, site: &Site) -> [String; 2] {
        let comments = self.comments.get_or_init(|| self.commented());
        let comments = comments.get(&site.file);
        let comments = comments.and_then(|comments| comments.get(&site.path));
        comments.cloned().unwrap_or_default()
    }

    fn commented(&self) -> HashMap<String, Comments> {
        let mut files = HashMap::new();
        for file in self.files() {
            let info = file.file_descriptor_proto().source_code_info.as_ref();
            let mut comments = Comments::new();
            for span in info.into_iter().flat_map(|info| &info.location) {
                let own = [&span.leading_comments, &span.trailing_comments];
                let own: Vec<_> = own.into_iter().flatten().map(String::as_str).collect();
                if !own.is_empty() || !span.leading_detached_comments.is_empty() {
                    let apart = span.leading_detached_comments.join("\n");
                    comments.insert(span.path.clone(), [apart, own.join("\n")]);
                }
            }
            files.insert(file.name().to_owned(), comments);
        }
        files
    }
}
