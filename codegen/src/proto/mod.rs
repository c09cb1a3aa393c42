//! The `.proto` front end: from files to descriptors to services, and from there to files of Rust.
//!
//! ```text
//! sources ─▶ parse (or protoc, or a plugin's request) ─▶ pool ─▶ messages ─▶ lower ─▶ check ─▶ emit ─▶ files
//! ```

mod ages;
mod aggregate;
mod aliases;
mod builder;
mod contract;
mod current;
mod depth;
mod errors;
mod files;
mod lower;
mod messages;
mod options;
mod parse;
mod places;
pub mod plugin;
mod profile;
mod protoc;
mod render;
mod schema;
mod setters;
mod sources;
mod types;
mod wording;
mod written;

use std::collections::BTreeMap;
use std::rc::Rc;

use prost_reflect::{DescriptorPool, FileDescriptor};

use self::messages::Types;
use self::places::{At, Places};
use crate::derived::Histories;
use crate::emit::service_config::{Silence, service_config};
use crate::finding::{Finding, Findings};
use crate::{check, ir};

pub use builder::{Builder, Report, compile};
pub(crate) use contract::{contract, proto_files};
pub(crate) use current::{Current, generated_for, released, services as services_of};
pub use errors::Errors;
pub(crate) use places::{Columns, Lines};
pub(crate) use sources::{Sources, text};

/// What is known about the sources of a contract, and what was found in them.
#[derive(Debug)]
struct Front {
    sources: Rc<Sources>,
    columns: Columns,
    roots: Vec<String>,
    /// The names of all messages and enums, for those that are misspelled.
    declared: Vec<String>,
    places: Places,
    findings: Findings,
}

impl Front {
    fn new(sources: Sources, columns: Columns) -> Self {
        Self {
            sources: Rc::new(sources),
            columns,
            roots: Vec::new(),
            declared: Vec::new(),
            places: Places::default(),
            findings: Findings::default(),
        }
    }
}

/// What shapes the output beside the contract itself.
struct Settings {
    config: prost_build::Config,
    tonic_stubs: bool,
    /// What the releases of the services tell of them.
    histories: Histories,
}

/// What comes of a contract.
struct Generated {
    /// The files of Rust, by name.
    files: BTreeMap<String, String>,
    /// Its policies, as gRPC has them.
    service_config: String,
}

/// What comes of a contract. `None` where something is wrong.
fn generate(front: &mut Front, pool: &DescriptorPool, settings: Settings) -> Option<Generated> {
    let tonic_stubs = settings.tonic_stubs;
    let right = checked(front, pool, settings)?;
    let parts = files::Parts {
        pool,
        files: &right.files,
        messages: &right.messages,
        services: &right.services,
        tonic_stubs,
    };
    Some(Generated {
        files: files::write(front, &parts)?,
        service_config: service_config(&right.services, Silence::Filled),
    })
}

/// A contract in which nothing is wrong.
struct Checked {
    files: Vec<FileDescriptor>,
    messages: BTreeMap<String, String>,
    services: Vec<ir::Service>,
}

/// All that is checked before any file of Rust is made. `None` where something is wrong.
fn checked(front: &mut Front, pool: &DescriptorPool, settings: Settings) -> Option<Checked> {
    let used = messages::used(pool, &front.roots);
    types::check(front, &used);
    let (code, types) = match front.findings.stop_the_build() {
        // prost would stumble over such names; services can be checked without it.
        true => (BTreeMap::new(), Types::default()),
        false => match messages::generate(settings.config, &used) {
            Ok(generated) => generated,
            Err(reason) => {
                let place = front.places.of(used.first()?.name(), At::File);
                front.findings.add(Finding::error(place, reason));
                return None;
            }
        },
    };
    let services = services(front, pool, &used, &types, &settings.histories)?;
    Some(Checked {
        files: used,
        messages: code,
        services,
    })
}

/// All services of a contract, checked.
fn services(
    front: &mut Front,
    pool: &DescriptorPool,
    files: &[FileDescriptor],
    types: &Types,
    histories: &Histories,
) -> Option<Vec<ir::Service>> {
    let mut drafts = Vec::new();
    for file in files {
        let services = lower::services(front, pool, file, types, histories);
        let own = front.roots.iter().any(|root| root == file.name());
        drafts.extend(services.into_iter().map(|service| (own, service)));
    }
    let mut checked = Vec::new();
    for (own, draft) in &drafts {
        let mut findings = Findings::default();
        checked.extend(check::service(draft, &mut findings));
        // Nobody is told what to mend in a contract that is somebody else's.
        let told = |finding: &&Finding| *own || finding.is_error();
        front.findings.extend(findings.iter().filter(told).cloned());
    }
    let drafts: Vec<_> = drafts.into_iter().map(|(_, draft)| draft).collect();
    check::collisions(&drafts, &types::all(front, files), &mut front.findings);
    (!front.findings.stop_the_build()).then_some(checked)
}
