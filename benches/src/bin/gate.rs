//! What the gate costs: `cargo couplet diff` beside `buf breaking` on one pair of trees, and a check with a baseline
//! beside one without.
//!
//! A build script is compiled without optimisation unless its author says otherwise, so that is measured too.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 11;
/// The one change: a field of one file gets another name.
const CHANGED: &str = "google/pubsub/v1/pubsub.proto";
const MANIFEST: &str = "[package]\nname = \"contract\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
                        [build-dependencies]\ncouplet-codegen = \"0.1\"\n\n[workspace]\n";
const SMALL: &str = "syntax = \"proto3\";\npackage movies.v1;\nimport \"couplet/options.proto\";\n\
                     service Movies {\n  option (couplet.service) = { version: \"1.0.0\" };\n  rpc Get(Movie) returns (Movie);\n}\n\
                     message Movie { uint64 id = 1; string title = 2; }\n";

fn main() -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = env::temp_dir().join(format!("couplet-gate-{}", std::process::id()));
    let done = measure(&root, &folder);
    fs::remove_dir_all(&folder)?;
    done
}

fn measure(root: &Path, folder: &Path) -> Outcome<()> {
    let (release, debug) = (built(root, true)?, built(root, false)?);
    let apis = root.join("tests/protos/googleapis");
    let (old, new) = (folder.join("old"), folder.join("new"));
    copy(&apis, &old)?;
    copy(&apis, &new)?;
    let changed = new.join(CHANGED);
    let text = fs::read_to_string(&changed)?;
    fs::write(
        &changed,
        text.replacen("string name = 1", "string nickname = 1", 1),
    )?;

    println!(
        "googleapis, {} files, one field renamed; medians of {ROUNDS} rounds",
        count(&old)?
    );
    let buf = || {
        let mut command = Command::new("buf");
        command.arg("breaking").arg(&new).arg("--against").arg(&old);
        command
    };
    for (name, program) in [("optimised", &release), ("as in a build script", &debug)] {
        let diff = || {
            let mut command = Command::new(program);
            command.arg("diff").arg(&old).arg(&new);
            command
        };
        let [ours, theirs] = paired([&diff, &buf])?;
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        let [ours, theirs] = [ours, theirs].map(|time| time.as_millis());
        println!("  diff, {name}: {ours} ms, buf breaking {theirs} ms, ratio {ratio:.2}");
    }

    // Of all these services only one, in a file of its own, has a version: there has to be something to release.
    let large = project(folder, "large", &debug, &|proto| {
        copy(&old, proto)?;
        Ok(fs::write(proto.join("movies.proto"), SMALL)?)
    })?;
    copy(&new, &large.join("proto"))?;
    let small = project(folder, "small", &debug, &|proto| {
        fs::create_dir_all(proto)?;
        Ok(fs::write(proto.join("movies.proto"), SMALL)?)
    })?;
    for (name, with) in [
        ("googleapis, one change", large),
        ("a small contract, no change", small),
    ] {
        let without = with.with_extension("without");
        copy(&with, &without)?;
        fs::remove_dir_all(without.join("released"))?;
        let check = |folder: &Path| {
            let mut command = Command::new(&debug);
            command.arg("check").current_dir(folder);
            command
        };
        let [with, without] = paired([&|| check(&with), &|| check(&without)])?;
        let gate = with.saturating_sub(without);
        let [with, without] = [with, without].map(|time| time.as_millis());
        println!(
            "  check, as in a build script, {name}: {with} ms with a baseline, {without} ms without; the gate {gate:.1?}"
        );
    }
    Ok(())
}

/// The command line's program.
fn built(root: &Path, optimised: bool) -> Outcome<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut command = Command::new("cargo");
    command
        .args([
            "build",
            "--quiet",
            "--package",
            "cargo-couplet",
            "--manifest-path",
        ])
        .arg(root.join("Cargo.toml"));
    command
        .args(optimised.then_some("--release"))
        .env("CARGO_TARGET_DIR", &target);
    match command.status()?.success() {
        true => Ok(target
            .join(if optimised { "release" } else { "debug" })
            .join("cargo-couplet")),
        false => Err("cargo-couplet does not build".into()),
    }
}

/// A package with a contract that was released as it is.
fn project(
    folder: &Path,
    name: &str,
    couplet: &Path,
    fill: &dyn Fn(&Path) -> Outcome<()>,
) -> Outcome<PathBuf> {
    let project = folder.join(name);
    fs::create_dir_all(&project)?;
    fs::write(project.join("Cargo.toml"), MANIFEST)?;
    fs::write(project.join("lib.rs"), "")?;
    fill(&project.join("proto"))?;
    let mut command = Command::new(couplet);
    let output = command
        .args(["release", "--no-changelog"])
        .current_dir(&project)
        .output()?;
    match output.status.success() {
        true => Ok(project),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

/// The median time of each, run one after the other; who begins alternates.
fn paired(commands: [&dyn Fn() -> Command; 2]) -> Outcome<[Duration; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let mut command = commands[which]();
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let began = Instant::now();
            command.status()?;
            times[which].push(began.elapsed());
        }
    }
    Ok(times.map(|mut times| {
        times.sort();
        times[ROUNDS / 2]
    }))
}

fn copy(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &to)?,
            false => drop(fs::copy(&path, &to)?),
        }
    }
    Ok(())
}

fn count(folder: &Path) -> Outcome<usize> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files += count(&path)?,
            false => {
                files += usize::from(
                    path.extension()
                        .is_some_and(|extension| extension == "proto"),
                )
            }
        }
    }
    Ok(files)
}
