//! The `.proto` files that couplet's contracts import, as files and as strings.
//!
//! `couplet-codegen` reads them from here, so that a contract may import
//! `couplet/options.proto` and `google/api/annotations.proto` without any include path. Other
//! compilers (`protoc`, `buf`) are pointed at the folder:
//!
//! ```no_run
//! std::process::Command::new("protoc")
//!     .arg("-I")
//!     .arg(couplet_proto::INCLUDE)
//!     .args(["-I", "proto", "-o", "movies.bin", "proto/movies.proto"])
//!     .status()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The files below `google/` and `grpc/` are Google's and gRPC's own, unchanged, under the
//! Apache License 2.0 (a `LICENSE` file stands in each of the two folders).

/// The folder that holds the files, to be passed to a compiler as an include path.
///
/// It is the folder of this crate's sources on the machine that compiled it. What must also work
/// elsewhere writes [`FILES`] where it needs them.
pub const INCLUDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../proto/", $name)))),*]
    };
}

/// Every file: the name by which contracts import it, and its text, sorted by name.
pub const FILES: &[(&str, &str)] = files![
    "couplet/options.proto",
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "grpc/health/v1/health.proto",
    "grpc/reflection/v1/reflection.proto",
    "grpc/reflection/v1alpha/reflection.proto",
];

/// The text of the file that contracts import as `name`.
///
/// ```
/// let options = couplet_proto::file("couplet/options.proto").unwrap();
/// assert!(options.contains("package couplet;"));
/// assert_eq!(couplet_proto::file("couplet/optons.proto"), None);
/// ```
#[must_use]
pub fn file(name: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{FILES, INCLUDE};

    #[test]
    fn lists_every_file_of_the_folder_once_and_in_order() {
        let mut found = Vec::new();
        walk(Path::new(INCLUDE), &mut found);
        found.sort();

        let listed: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, found);
    }

    #[test]
    fn imports_nothing_that_is_not_here() {
        for (name, text) in FILES {
            let imports = text
                .lines()
                .filter_map(|line| line.strip_prefix("import \""));
            for import in imports.filter_map(|rest| rest.split('"').next()) {
                assert!(
                    import.starts_with("google/protobuf/") || super::file(import).is_some(),
                    "{name} imports {import}"
                );
            }
        }
    }

    fn walk(folder: &Path, found: &mut Vec<String>) {
        let entries = std::fs::read_dir(folder).expect("the folder of this crate");
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                walk(&path, found);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "proto")
            {
                let name: PathBuf = path.strip_prefix(INCLUDE).expect("below it").to_owned();
                found.push(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
}
