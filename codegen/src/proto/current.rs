//! The contract as it is now, for what compares it with its releases: compiled, and every declared version with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use prost_reflect::{DescriptorPool, ServiceDescriptor};
use protox::Compiler;
use semver::Version;

use super::builder::{Builder, rendered};
use super::options::{self, Origin};
use super::places::{At, Columns, Places, range};
use super::sources::{Resolver, Sources};
use super::{Errors, Front, checked, messages, parse};
use crate::compat::Contract;
use crate::derived::Histories;
use crate::finding::{Place, Severity};
use crate::ir;
use crate::release::Declared;

/// The field numbers of names and options in descriptors, which positions are made of.
const NAME: i32 = 1;
const SERVICE_OPTIONS: i32 = 3;

/// A contract as it is now.
#[derive(Debug)]
pub(crate) struct Current {
    /// Compiled; what is compared are the files that code is generated for.
    pub(crate) contract: Contract,
    /// What it declares for each of its services.
    pub(crate) declared: Vec<Declared>,
    /// The text of every file of the author's that was read, by the name it is imported by.
    pub(crate) texts: BTreeMap<String, Rc<str>>,
    /// The files that were named to be compiled.
    pub(crate) roots: Vec<String>,
}

impl Current {
    /// Compiles the files at `protos`, which import each other from `includes`, and checks all that a build checks;
    /// `histories` is what the releases tell.
    ///
    /// # Errors
    /// All mistakes of a phase, as in a build.
    pub(crate) fn read(
        protos: &[PathBuf],
        includes: &[PathBuf],
        histories: Histories,
    ) -> Result<Self, Errors> {
        let mut front = Front::new(Sources::new(includes), Columns::Bytes);
        let settings = Builder::new().histories(histories).into_settings(None);
        let pool = parse::parse(&mut front, protos);
        // No Rust is written here, but only what it could be written for is right.
        let right = pool.filter(|pool| checked(&mut front, pool, settings).is_some());
        match right {
            Some(pool) => Ok(Self::of(&front, &pool)),
            None => Err(Errors(rendered(&front, Severity::Error))),
        }
    }

    /// What a build has compiled.
    pub(super) fn of(front: &Front, pool: &DescriptorPool) -> Self {
        let used = messages::used(pool, &front.roots);
        let texts = front.sources.texts();
        let own: BTreeSet<_> = used
            .iter()
            .map(|file| file.name().to_owned())
            .filter(|name| texts.contains_key(name))
            .collect();
        let services = used.iter().filter(|file| own.contains(file.name()));
        let services = services.flat_map(|file| file.services().collect::<Vec<_>>());
        Self {
            declared: services
                .map(|service| declared(front, pool, &service))
                .collect(),
            contract: Contract::new(pool.clone(), Rc::clone(&front.sources), front.columns, own),
            texts,
            roots: front.roots.clone(),
        }
    }
}

/// The services of the files at `protos`, checked as in a build.
///
/// # Errors
/// All mistakes of a phase, as in a build.
pub(crate) fn services(
    protos: &[PathBuf],
    includes: &[PathBuf],
    histories: Histories,
) -> Result<Vec<ir::Service>, Errors> {
    let mut front = Front::new(Sources::new(includes), Columns::Bytes);
    let settings = Builder::new().histories(histories).into_settings(None);
    let pool = parse::parse(&mut front, protos);
    let right = pool.and_then(|pool| checked(&mut front, &pool, settings));
    match right {
        Some(right) => Ok(right.services),
        None => Err(Errors(rendered(&front, Severity::Error))),
    }
}

/// Compiles these files below `folder`, and compares those that `own` chooses.
///
/// # Errors
/// All mistakes of a phase, as in a build.
pub(crate) fn released(
    folder: &Path,
    files: &BTreeSet<String>,
    own: impl Fn(&DescriptorPool) -> BTreeSet<String>,
) -> Result<Contract, Errors> {
    let mut front = Front::new(Sources::new(&[folder.to_path_buf()]), Columns::Bytes);
    let pool = compiled(&front.sources, files).or_else(|| {
        // Only now is it worth the time to find every mistake.
        let protos: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
        parse::parse(&mut front, &protos)
    });
    match pool {
        Some(pool) => {
            let own = own(&pool);
            let sources = Rc::clone(&front.sources);
            Ok(Contract::new(pool, sources, front.columns, own))
        }
        None => Err(Errors(rendered(&front, Severity::Error))),
    }
}

fn compiled(sources: &Rc<Sources>, files: &BTreeSet<String>) -> Option<DescriptorPool> {
    let mut compiler = Compiler::with_file_resolver(Resolver::new(sources));
    compiler.include_imports(true).include_source_info(true);
    for file in files {
        compiler.open_file(file).ok()?;
    }
    Some(compiler.descriptor_pool())
}

/// The files that code would be generated for if these were named to be compiled.
pub(crate) fn generated_for(pool: &DescriptorPool, roots: &[String]) -> BTreeSet<String> {
    let used = messages::used(pool, roots);
    used.iter().map(|file| file.name().to_owned()).collect()
}

fn declared(front: &Front, pool: &DescriptorPool, service: &ServiceDescriptor) -> Declared {
    let file = service.parent_file();
    let (_, text) = front.sources.shown(file.name());
    let proto = file.file_descriptor_proto();
    let locations = proto.source_code_info.as_ref();
    let mut places = Places::default();
    let path = service.path();
    let mut origin = Origin {
        file: file.name(),
        text: text.as_deref(),
        locations: locations.map_or(&[], |info| info.location.as_slice()),
        columns: front.columns,
        places: &mut places,
    };
    let extension = pool.get_extension_by_name(options::SERVICE);
    let version = extension.and_then(|extension| {
        let path = [path, &[SERVICE_OPTIONS]].concat();
        options::service(&service.options(), &extension, &path, &mut origin).version
    });
    let name = [path, &[NAME]].concat();
    let at = match &version {
        Some(version) => bytes(&places, version.place),
        None => origin
            .locations
            .iter()
            .find(|location| location.path == name)
            .and_then(|location| {
                range(
                    origin.text.unwrap_or_default(),
                    &location.span,
                    front.columns,
                )
            }),
    };
    Declared {
        service: service.full_name().to_owned(),
        version: version.and_then(|version| Version::parse(&version.value).ok()),
        at: at.map(|range| (file.name().to_owned(), range)),
    }
}

fn bytes(places: &Places, place: Place) -> Option<std::ops::Range<usize>> {
    match &places.spot(place)?.at {
        At::Bytes(range) => Some(range.clone()),
        At::File | At::Line(..) => None,
    }
}
