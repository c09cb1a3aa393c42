//! The build plugin: what a `build.rs` calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost_build::Config;
use prost_reflect::DescriptorPool;

use super::errors::{Errors, directives};
use super::places::Columns;
use super::sources::Sources;
use super::{Current, Front, Settings, files, generate, parse, protoc, render, written};
use crate::derived::Histories;
use crate::finding::Severity;
use crate::release::{Gate, Place, Told};

/// Generates Rust from the files at `protos`, which import each other from `includes`.
///
/// This is all that most build scripts need: the output is in cargo's `OUT_DIR`, ready for
/// `couplet::include_contract!`, and mistakes are told to cargo, which shows them and stops.
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) {
    if let Err(errors) = Builder::new().compile(protos, includes) {
        errors.tell_cargo();
    }
}

type Tweak = Box<dyn FnOnce(&mut Config)>;

/// A build with settings.
#[derive(Default)]
#[must_use = "nothing is generated before `compile`"]
pub struct Builder {
    out_dir: Option<PathBuf>,
    protoc: Option<PathBuf>,
    tweaks: Vec<Tweak>,
    tonic_stubs: bool,
    service_config: Option<PathBuf>,
    histories: Histories,
    released: Option<PathBuf>,
    errors_in_code: bool,
    quiet: bool,
}

/// What a build did.
#[derive(Debug, Clone)]
pub struct Report {
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// The author's files that were read, imports included.
    pub inputs: Vec<PathBuf>,
    /// What is doubtful in the contract, each as text of several lines.
    pub warnings: Vec<String>,
}

// === Builder ===

impl Builder {
    /// A build without settings: output in `OUT_DIR`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes to this folder, which must exist. Default: cargo's `OUT_DIR`.
    ///
    /// A list of what was written stays there, `_couplet.files`, by which a later build removes what it no longer writes.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Reads contracts with this `protoc` in place of the compiler that couplet brings along.
    pub fn protoc(mut self, program: impl Into<PathBuf>) -> Self {
        self.protoc = Some(program.into());
        self
    }

    /// Uses an existing Rust type or module for a message or package, such as `.google.type` and
    /// `::common::google::r#type`.
    pub fn extern_path(self, proto: impl Into<String>, rust: impl Into<String>) -> Self {
        let (proto, rust) = (proto.into(), rust.into());
        self.prost(move |config| {
            config.extern_path(proto, rust);
        })
    }

    /// Adds an attribute to messages, enums and oneofs; `path` is such as `.movies.v1.Movie`, `.` is all of them.
    pub fn type_attribute(
        self,
        path: impl AsRef<str> + 'static,
        attribute: impl AsRef<str> + 'static,
    ) -> Self {
        self.prost(move |config| {
            config.type_attribute(path, attribute);
        })
    }

    /// Adds an attribute to fields and variants; `path` is such as `.movies.v1.Movie.title`.
    pub fn field_attribute(
        self,
        path: impl AsRef<str> + 'static,
        attribute: impl AsRef<str> + 'static,
    ) -> Self {
        self.prost(move |config| {
            config.field_attribute(path, attribute);
        })
    }

    /// Uses `Bytes` in place of `Vec<u8>` for the fields below these paths; `.` is all of them.
    pub fn bytes(self, paths: &[&str]) -> Self {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        self.prost(move |config| {
            config.bytes(paths);
        })
    }

    /// Changes any other setting of prost-build.
    ///
    /// What couplet needs of it stays couplet's: the paths of prost, the service generator and the
    /// output folder.
    pub fn prost(mut self, tweak: impl FnOnce(&mut Config) + 'static) -> Self {
        self.tweaks.push(Box::new(tweak));
        self
    }

    /// Also writes plain tonic stubs of every service; the crate then depends on `tonic` and `tonic-prost`.
    pub fn tonic_stubs(mut self, yes: bool) -> Self {
        self.tonic_stubs = yes;
        self
    }

    /// Also writes the contract's policies as a gRPC service config, which clients in other languages obey, to this file:
    /// below the output folder, or wherever an absolute path says.
    pub fn service_config(mut self, file: impl Into<PathBuf>) -> Self {
        self.service_config = Some(file.into());
        self
    }

    /// Compares with the release in this folder. Default: `released` beside the Cargo.toml of the build script's package;
    /// outside a build script there is none. A build script that compiles several contracts names one for each.
    ///
    /// A package that cargo has fetched, or that is vendored, is compared with nothing.
    pub fn released(mut self, folder: impl Into<PathBuf>) -> Self {
        self.released = Some(folder.into());
        self
    }

    /// Says what the releases of services tell of them, in the place of a history in files.
    #[doc(hidden)]
    pub fn histories(mut self, histories: Histories) -> Self {
        self.histories = histories;
        self
    }

    /// Writes mistakes as `compile_error!` into the generated files in place of failing, so that an
    /// editor shows them. Not together with [`Errors::tell_cargo`], which stops before rustc runs.
    pub fn errors_in_code(mut self, yes: bool) -> Self {
        self.errors_in_code = yes;
        self
    }

    /// Prints nothing for cargo: neither `rerun-if-changed` nor warnings.
    pub fn quiet(mut self, yes: bool) -> Self {
        self.quiet = yes;
        self
    }

    /// Generates Rust from the files at `protos`, which import each other from `includes`.
    ///
    /// # Errors
    /// All mistakes of a phase at once; or that a file could not be written.
    pub fn compile(
        self,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<Report, Errors> {
        let owned = |paths: Vec<&Path>| -> Vec<PathBuf> {
            paths.into_iter().map(Path::to_path_buf).collect()
        };
        let protos = owned(protos.iter().map(AsRef::as_ref).collect());
        let includes = owned(includes.iter().map(AsRef::as_ref).collect());
        self.run(&protos, &includes)
    }

    fn run(mut self, protos: &[PathBuf], includes: &[PathBuf]) -> Result<Report, Errors> {
        let out_dir = self
            .out_dir
            .take()
            .or_else(|| std::env::var_os("OUT_DIR").map(PathBuf::from));
        let Some(out_dir) = out_dir else {
            return Err(Errors::one(
                "no output folder: set `out_dir`, or call this from a build script",
            ));
        };
        let (mut front, pool) = self.front(protos, includes, &out_dir);
        let baseline = self.baseline();
        let (quiet, errors_in_code) = (self.quiet, self.errors_in_code);
        let gate = baseline.as_ref().map_or(Ok(Gate::Nowhere), Place::open);
        let service_config = self.service_config.take().map(|file| out_dir.join(file));
        let settings = self.into_settings(gate.as_ref().ok());
        let generated = pool.and_then(|pool| {
            let generated = generate(&mut front, &pool, settings)?;
            Some((generated, Current::of(&front, &pool)))
        });
        let inputs = front.sources.paths();
        let mut warnings = rendered(&front, Severity::Warning);
        let outcome = match generated {
            None => Err(rendered(&front, Severity::Error)),
            Some((generated, current)) => {
                let told = gate.and_then(|gate| gate.held(current, &out_dir));
                let told = told.unwrap_or_else(Told::from);
                warnings.extend(told.warnings);
                match told.errors {
                    none if none.is_empty() => Ok(generated),
                    errors => Err(errors),
                }
            }
        };
        if !quiet {
            rerun_if_changed(protos, &inputs, baseline.and_then(Place::watched));
            directives("warning", &warnings);
        }
        let files = match outcome {
            Ok(generated) => {
                let mut files = written::replace(&out_dir, protos, &generated.files)?;
                if let Some(path) = service_config {
                    written::update(&path, &generated.service_config)?;
                    files.push(path);
                }
                files
            }
            Err(errors) if errors_in_code => written::write(&out_dir, &in_code(&front, &errors))?,
            Err(errors) => return Err(Errors(errors)),
        };
        Ok(Report {
            files,
            inputs,
            warnings,
        })
    }

    /// Reads the contract, by whichever compiler.
    fn front(
        &self,
        protos: &[PathBuf],
        includes: &[PathBuf],
        out_dir: &Path,
    ) -> (Front, Option<DescriptorPool>) {
        let sources = Sources::new(includes);
        match &self.protoc {
            None => {
                let mut front = Front::new(sources, Columns::Bytes);
                let pool = parse::parse(&mut front, protos);
                (front, pool)
            }
            Some(program) => {
                let mut front = Front::new(sources, Columns::Tabbed);
                let pool = protoc::parse(&mut front, program, protos, out_dir);
                (front, pool)
            }
        }
    }

    /// Where the releases of this contract are, if anybody can know.
    fn baseline(&self) -> Option<Place> {
        // A test has the first of these, too.
        let is_set = |name| std::env::var_os(name).is_some();
        let is_script = ["OUT_DIR", "HOST", "TARGET"].into_iter().all(is_set);
        let package = std::env::var_os("CARGO_MANIFEST_DIR").filter(|_| is_script);
        Place::of(self.released.as_deref(), package.as_deref().map(Path::new))
    }

    /// What the settings are to the generator.
    pub(super) fn into_settings(self, gate: Option<&Gate>) -> Settings {
        let mut histories = gate.map(Gate::histories).unwrap_or_default();
        histories.extend(self.histories);
        let mut config = Config::new();
        for tweak in self.tweaks {
            tweak(&mut config);
        }
        config.prost_path("::couplet::codegen::prost");
        config.prost_types_path("::couplet::codegen::prost_types");
        Settings {
            config,
            tonic_stubs: self.tonic_stubs,
            histories,
        }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("out_dir", &self.out_dir)
            .finish_non_exhaustive()
    }
}

/// The findings of one severity, as text.
pub(super) fn rendered(front: &Front, severity: Severity) -> Vec<String> {
    let findings = front
        .findings
        .iter()
        .filter(|finding| finding.severity == severity);
    findings
        .map(|finding| render::finding(front, finding))
        .collect()
}

/// Tells cargo when to run the build script again: also after a file is mended that could not be read.
#[expect(
    clippy::print_stdout,
    reason = "this is how a build script speaks to cargo"
)]
fn rerun_if_changed(protos: &[PathBuf], inputs: &[PathBuf], baseline: Option<PathBuf>) {
    let all = protos.iter().chain(inputs).chain(&baseline);
    let paths: std::collections::BTreeSet<_> = all.collect();
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

/// Every file that the contract would have, with the mistakes in place of its code.
fn in_code(front: &Front, errors: &[String]) -> BTreeMap<String, String> {
    let text = format!("::core::compile_error!({:?});\n", errors.join("\n\n"));
    let mut out = BTreeMap::from([(files::TREE.to_owned(), text.clone())]);
    for root in &front.roots {
        let (_, source) = front.sources.shown(root);
        out.insert(
            files::name(&package(&source.unwrap_or_default())),
            text.clone(),
        );
    }
    out
}

/// The package that a file names, found even where the file cannot be read otherwise.
fn package(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let statement = lines.find_map(|line| line.strip_prefix("package "));
    let name = statement.and_then(|rest| rest.split(';').next());
    name.unwrap_or_default().trim().to_owned()
}
