//! Contracts read by a `protoc` of the author's: the same descriptors, and its mistakes as ours.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost_reflect::DescriptorPool;

use super::Front;
use super::parse::roots;
use super::places::{At, Columns, offset};
use super::wording;
use crate::finding::Finding;

/// Runs `program` on the files at `protos`. `None` where something is wrong.
pub(super) fn parse(
    front: &mut Front,
    program: &Path,
    protos: &[PathBuf],
    out_dir: &Path,
) -> Option<DescriptorPool> {
    front.roots = roots(front, protos);
    if front.findings.stop_the_build() {
        return None;
    }
    let set = out_dir.join("couplet-contract.bin");
    let read = run(front, program, &set, out_dir);
    // It is of no use to anyone else, and missing where protoc stopped.
    let _ = std::fs::remove_file(&set);
    let bytes =
        match read {
            Ok(bytes) => bytes,
            Err(error) => {
                let place = front.places.of(&program.display().to_string(), At::File);
                let finding = Finding::error(place, format!("cannot run protoc: {error}"));
                front.findings.add(finding.help(
                    "leave `protoc` out of the build script: couplet brings its own compiler",
                ));
                return None;
            }
        };
    if front.findings.stop_the_build() {
        return None;
    }
    match DescriptorPool::decode(bytes.as_slice()) {
        Ok(pool) => {
            for file in pool.files() {
                // Cargo is told of every file; those that are nowhere are protoc's own.
                let _ = front.sources.open(file.name());
            }
            Some(pool)
        }
        Err(error) => {
            let place = front.places.of(&program.display().to_string(), At::File);
            front.findings.add(Finding::error(
                place,
                format!("cannot read what protoc wrote: {error}"),
            ));
            None
        }
    }
}

/// The bytes of the descriptor set; empty where protoc found mistakes.
fn run(front: &mut Front, program: &Path, set: &Path, out_dir: &Path) -> io::Result<Vec<u8>> {
    let mut command = Command::new(program);
    command
        .args(["--include_imports", "--include_source_info", "-o"])
        .arg(set);
    for include in front.sources.includes() {
        command.arg("-I").arg(include);
    }
    command.arg("-I").arg(brought_along(out_dir)?);
    let output = command.args(&front.roots).output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        text.lines().for_each(|line| note(front, line));
        return Ok(Vec::new());
    }
    std::fs::read(set)
}

/// The folder of the files that couplet brings along; written out where its sources are not at hand.
fn brought_along(out_dir: &Path) -> io::Result<PathBuf> {
    let sources = PathBuf::from(couplet_proto::INCLUDE);
    if sources.is_dir() {
        return Ok(sources);
    }
    let folder = out_dir.join("couplet-proto");
    for (name, text) in couplet_proto::FILES {
        let path = folder.join(name);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, text)?;
    }
    Ok(folder)
}

/// Notes a mistake as protoc writes them: `movies.proto:3:7: message`.
fn note(front: &mut Front, line: &str) {
    let located = || {
        let (file, rest) = line.split_once(".proto:")?;
        let (row, rest) = rest.split_once(':')?;
        let (column, message) = rest.split_once(": ")?;
        let row = row.parse::<usize>().ok()?.checked_sub(1)?;
        let column = column.parse::<usize>().ok()?.checked_sub(1)?;
        Some((format!("{file}.proto"), row, column, message))
    };
    let Some((file, row, column, message)) = located() else {
        let place = front.places.of(
            front.roots.first().map_or("protoc", String::as_str),
            At::File,
        );
        front.findings.add(Finding::error(place, line.trim()));
        return;
    };
    let (_, text) = front.sources.shown(&file);
    let start = text
        .as_ref()
        .and_then(|text| offset(text, row, column, Columns::Tabbed));
    let at = match (start, &text) {
        (Some(start), Some(text)) => At::Bytes(start..start + wording::token(&text[start..])),
        _ => At::Line(row, column),
    };
    let place = front.places.of(&file, at);
    front.findings.add(Finding::error(
        place,
        wording::title(message.trim_end_matches('.')),
    ));
}
