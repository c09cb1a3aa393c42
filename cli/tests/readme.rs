//! The README's section on versions, replayed: every command in it is run, and says what it says there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The contract and the program of the section.
const FIXTURE: &str = "../tests/fixtures/cinema";

/// A command of the transcript and what it prints.
struct Step<'a> {
    command: &'a str,
    prints: Vec<&'a str>,
}

/// A folder that is gone when the test is over.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_section_on_versions_is_what_happens() {
    let root = fs::canonicalize("..").expect("the workspace");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let scratch = Scratch(
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cinema-{}", std::process::id())),
    );
    prepare(&root, &scratch.0);
    // Where `target/debug` is looked for.
    let target = fs::canonicalize(target).expect("the target folder");
    std::os::unix::fs::symlink(&target, scratch.0.join("target")).expect("a link");

    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let steps = steps(&readme);
    assert!(steps.len() > 10, "the section has {} commands", steps.len());
    for step in &steps {
        let printed = run(&scratch.0, &target, step.command);
        if let Err(expected) = is(&printed, &step.prints) {
            panic!(
                "$ {}\n{printed}\n--- should have had: {expected}",
                step.command
            );
        }
    }
}

/// The fixture with this workspace's crates in place of the registry's.
fn prepare(root: &Path, folder: &Path) {
    let files = [
        "Cargo.toml.in",
        "cinema/Cargo.toml.in",
        "cinema/src/main.rs",
        "movies-api/Cargo.toml.in",
        "movies-api/build.rs",
        "movies-api/src/lib.rs",
        "movies-api/proto/movies.proto",
    ];
    for file in files {
        let text =
            fs::read_to_string(Path::new(FIXTURE).join(file)).expect("a file of the fixture");
        let to = folder.join(file.trim_end_matches(".in"));
        fs::create_dir_all(to.parent().expect("it is in a folder")).expect("a fresh folder");
        fs::write(to, text).expect("a fresh folder takes a file");
    }
    let path =
        |name: &str, folder: &str| format!("{name} = {{ path = {:?} }}\n", root.join(folder));
    let patch = path("couplet", "runtime") + &path("couplet-codegen", "codegen");
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("it was just written");
    fs::write(manifest, format!("{text}\n[patch.crates-io]\n{patch}")).expect("a file");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))
        .expect("the workspace's lock file");
}

/// The commands of every `console` block after the heading, until the next one.
fn steps(readme: &str) -> Vec<Step<'_>> {
    let (_, section) = readme
        .split_once("\n## Versions\n")
        .expect("a section on versions");
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in lines {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step {
                command,
                prints: Vec::new(),
            }),
            None => steps.last_mut().expect("a command first").prints.push(line),
        }
    }
    steps
}

/// Both streams of a command, as a terminal shows them.
fn run(folder: &Path, target: &Path, command: &str) -> String {
    let cli = Path::new(env!("CARGO_BIN_EXE_cargo-couplet"))
        .parent()
        .expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", cli.display()))
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .output()
        .expect("bash is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether the lines are those of the transcript, in which `...` stands for any that are left out.
fn is(printed: &str, expected: &[&str]) -> Result<(), String> {
    let mut lines = printed
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .peekable();
    let mut skipping = false;
    for expected in expected
        .iter()
        .map(|line| line.trim_end())
        .filter(|line| !line.is_empty())
    {
        if expected == "..." {
            skipping = true;
            continue;
        }
        let found = match skipping {
            true => lines.any(|line| line == expected),
            false => lines.next() == Some(expected),
        };
        if !found {
            return Err(expected.to_owned());
        }
        skipping = false;
    }
    match lines.next() {
        Some(more) if !skipping => Err(format!("nothing more than that, and not `{more}`")),
        _ => Ok(()),
    }
}
