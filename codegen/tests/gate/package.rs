//! A user's package in a folder of its own, built by the real cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch::Scratch;

/// What the package is a copy of.
const TEMPLATE: &str = "tests/gate/store-api";

/// What stands for the package's folder in what is said.
const FOLDER: &str = "FOLDER";

/// A user's package.
pub(crate) struct Package {
    name: &'static str,
    folder: Scratch,
}

/// How a build ended, and what it said from the package on.
pub(crate) struct Built {
    pub(crate) success: bool,
    pub(crate) said: String,
}

impl Package {
    /// Packages that are built at the same time need different names: where they are is nothing to cargo.
    pub(crate) fn new(name: &'static str) -> Self {
        let folder = Scratch::new();
        let package = Self { name, folder };
        for file in ["build.rs", "src/lib.rs", "proto/acme/store/v1/store.proto"] {
            let text = fs::read_to_string(Path::new(TEMPLATE).join(file));
            package.write(file, &text.expect("the template is there"));
        }
        let manifest = fs::read_to_string(Path::new(TEMPLATE).join("Cargo.toml.in"));
        let codegen = fs::canonicalize(".").expect("cargo runs tests in their package's folder");
        let manifest = manifest.expect("the template is there");
        package.write(
            "Cargo.toml",
            &manifest
                .replace("NAME", name)
                .replace("CODEGEN", &codegen.display().to_string()),
        );
        let lock = fs::read_to_string("../Cargo.lock").expect("the workspace has one");
        package.write("Cargo.lock", &lock);
        // What an earlier run of this test has built.
        let cleaned = package.cargo(&["clean", "--package", name], &[]);
        assert!(cleaned.status.success(), "{cleaned:?}");
        package
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("our own folder");
        fs::write(path, text).expect("our own folder");
    }

    /// Exchanges a piece of a file for another one.
    #[track_caller]
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(name)).expect("our own file");
        assert!(text.contains(from), "{name} has no `{from}`");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// `cargo build`, without colour as in a log.
    pub(crate) fn build(&self, environment: &[(&str, &str)]) -> Built {
        let output = self.cargo(&["build"], environment);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Built {
            success: output.status.success(),
            said: self.without_other_packages(&said),
        }
    }

    /// What an editor gets that asks for messages as JSON: the text of the compiler's.
    pub(crate) fn build_for_an_editor(&self) -> Built {
        let output = self.cargo(
            &["build", "--message-format=json"],
            &[("STORE_ERRORS_IN_CODE", "1")],
        );
        let of_the_compiler = messages(&output.stdout, "compiler-message");
        let text =
            |message: serde_json::Value| message["message"]["message"].as_str().map(str::to_owned);
        Built {
            success: output.status.success(),
            said: of_the_compiler
                .filter_map(text)
                .collect::<Vec<_>>()
                .join("\n")
                + "\n",
        }
    }

    /// A file that the build script has generated.
    pub(crate) fn generated(&self, name: &str) -> String {
        let output = self.cargo(&["build", "--message-format=json"], &[]);
        let scripts = messages(&output.stdout, "build-script-executed");
        let folders = scripts.filter_map(|message| message["out_dir"].as_str().map(PathBuf::from));
        let mut files = folders.map(|folder| folder.join(name));
        let file = files.find(|file| file.is_file()).expect("it was generated");
        fs::read_to_string(file).expect("a file")
    }

    /// The tests' own target folder, where most of what it needs is built.
    fn target(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("..")
    }

    fn cargo(&self, arguments: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).arg("--offline");
        command.arg("--target-dir").arg(self.target());
        command
            .env("CARGO_TERM_COLOR", "never")
            .envs(environment.iter().copied());
        command
            .current_dir(self.path())
            .output()
            .expect("cargo is there: it runs this test")
    }

    /// Without what cargo says of other packages and how long it took.
    fn without_other_packages(&self, said: &str) -> String {
        let start = said
            .find(&format!("   Compiling {}", self.name))
            .unwrap_or_default();
        let folder = self.path().display().to_string();
        let lines = said[start..]
            .lines()
            .filter(|line| !line.starts_with("    Finished"));
        let lines: Vec<_> = lines.map(|line| line.replace(&folder, FOLDER)).collect();
        lines.join("\n") + "\n"
    }
}

/// The messages of one kind that cargo has printed.
fn messages(stdout: &[u8], reason: &str) -> impl Iterator<Item = serde_json::Value> + use<> {
    let reason = reason.to_owned();
    let lines = String::from_utf8_lossy(stdout).into_owned();
    let messages: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("cargo writes JSON"))
        .collect();
    let is_meant = move |message: &serde_json::Value| message["reason"] == reason.as_str();
    messages.into_iter().filter(is_meant)
}

/// Holds that `said` is what the file of this name has.
#[track_caller]
pub(crate) fn assert_said(name: &str, said: &str) {
    let path = Path::new("tests/gate/said")
        .join(name)
        .with_extension("txt");
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(&path, said).expect("the folder of this test");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, expected, "{}", path.display());
}
