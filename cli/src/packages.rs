//! Which contracts are meant: those of the packages that build with `couplet-codegen`.

use std::path::{Path, PathBuf};
use std::process::Command;

use couplet_codegen::release::Project;
use serde_json::Value;

use crate::arguments::PackageArguments;
use crate::failure::Failure;

/// A package with a contract, or with several.
#[derive(Debug, Clone)]
struct Package {
    name: String,
    /// The folder of its Cargo.toml.
    folder: PathBuf,
}

impl Package {
    fn contracts(&self, name: Option<&str>) -> Result<Vec<Project>, Failure> {
        // Paths in messages are easier to read, and to click on, as seen from here.
        let here = std::env::current_dir().unwrap_or_default();
        let folder = self.folder.strip_prefix(&here).unwrap_or(&self.folder);
        Ok(match name {
            Some(name) => vec![Project::named(folder, name)?],
            None => Project::all(folder)?,
        })
    }

    /// Whether its contracts are where the command line looks for them.
    fn is_usual(&self) -> bool {
        let mut folders = ["proto", "released"]
            .iter()
            .map(|folder| self.folder.join(folder));
        folders.any(|folder| folder.is_dir())
    }
}

/// The contracts that are meant: of the package that is named, of the one of this folder, or of all of the workspace.
pub(crate) fn meant(arguments: &PackageArguments) -> Result<Vec<Project>, Failure> {
    let mut contracts = Vec::new();
    for package in packages(arguments)? {
        contracts.extend(package.contracts(arguments.contract.as_deref())?);
    }
    Ok(contracts)
}

/// The one contract that is meant.
pub(crate) fn one(arguments: &PackageArguments) -> Result<Project, Failure> {
    let packages = packages(arguments)?;
    let [package] = packages.as_slice() else {
        return Err(Failure::SeveralPackages(
            packages.into_iter().map(|package| package.name).collect(),
        ));
    };
    let mut contracts = package.contracts(arguments.contract.as_deref())?;
    match (contracts.pop(), contracts.is_empty()) {
        (Some(contract), true) => Ok(contract),
        (last, _) => {
            let folders = contracts.into_iter().chain(last);
            let names = folders
                .filter_map(|contract| Some(contract.released.file_name()?.to_str()?.to_owned()));
            Err(Failure::SeveralContracts(names.collect()))
        }
    }
}

fn packages(arguments: &PackageArguments) -> Result<Vec<Package>, Failure> {
    let all = with_contracts(arguments.manifest_path.as_deref())?;
    if let Some(name) = &arguments.package {
        let named: Vec<_> = all
            .iter()
            .filter(|package| package.name == *name)
            .cloned()
            .collect();
        let known = all.into_iter().map(|package| package.name).collect();
        return match named.is_empty() {
            true => Err(Failure::NoPackage {
                name: name.clone(),
                known,
            }),
            false => Ok(named),
        };
    }
    // Cargo names folders as they were named to it, so a link may stand for one.
    let real = |path: &Path| path.canonicalize().ok();
    let here = match &arguments.manifest_path {
        Some(path) => real(path).and_then(|path| Some(path.parent()?.to_path_buf())),
        None => real(Path::new(".")),
    };
    let around = |package: &&Package| {
        let folders = here.as_deref().zip(real(&package.folder));
        folders.is_some_and(|(here, folder)| here.starts_with(folder))
    };
    let nearest = all
        .iter()
        .filter(around)
        .max_by_key(|package| package.folder.as_os_str().len());
    let meant: Vec<_> = match nearest {
        Some(package) => vec![package.clone()],
        None => all.into_iter().filter(Package::is_usual).collect(),
    };
    match meant.is_empty() {
        true => Err(Failure::NoContract),
        false => Ok(meant),
    }
}

/// Every package of the workspace that builds with `couplet-codegen`.
fn with_contracts(manifest: Option<&Path>) -> Result<Vec<Package>, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    if let Some(path) = manifest {
        command.arg("--manifest-path").arg(path);
    }
    let output = command
        .output()
        .map_err(|error| Failure::Cargo(error.to_string()))?;
    if !output.status.success() {
        return Err(Failure::Cargo(
            String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned(),
        ));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::Cargo(error.to_string()))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages
        .filter(|package| has_contract(package))
        .filter_map(package)
        .collect())
}

fn has_contract(package: &Value) -> bool {
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let mut building = dependencies.filter(|dependency| dependency["kind"] == "build");
    building.any(|dependency| dependency["name"] == "couplet-codegen")
}

fn package(package: &Value) -> Option<Package> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        folder: manifest.parent()?.to_path_buf(),
    })
}
