//! From `.proto` files to descriptors, with everything that the compiler below finds wrong on the way.
//!
//! Mistakes come a phase at a time, all of a phase at once: first what cannot be read (syntax,
//! imports that are nowhere), then what does not fit together (names, options).

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use miette::Diagnostic;
use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::Front;
use super::depth::{self, BRACKETS, IMPORTS, NAMES, TooDeep};
use super::places::{At, Columns, range};
use super::sources::Resolver;
use super::wording;
use crate::finding::Finding;

/// Reads the files at `protos` and all that they import. `None` where something is wrong.
pub(super) fn parse(front: &mut Front, protos: &[PathBuf]) -> Option<DescriptorPool> {
    let roots = roots(front, protos);
    read(front, &roots);
    front.roots = roots;
    if front.findings.stop_the_build() {
        return None;
    }
    let resolver = Resolver::new(&front.sources);
    let refused = resolver.refused();
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    for root in front.roots.clone() {
        let Err(error) = compiler.open_file(&root) else {
            continue;
        };
        match refused.take() {
            Some(reason) => too_deep(front, &reason),
            None => {
                let file = error.file().unwrap_or(&root).to_owned();
                note(front, &file, &error);
            }
        }
    }
    (!front.findings.stop_the_build()).then(|| compiler.descriptor_pool())
}

/// The names by which the given files would be imported.
pub(super) fn roots(front: &mut Front, protos: &[PathBuf]) -> Vec<String> {
    let mut roots = Vec::with_capacity(protos.len());
    for path in protos {
        match front.sources.name_of(path) {
            Some(name) => roots.push(name),
            None => {
                let shown = path.display().to_string();
                let place = front.places.of(&shown, At::File);
                let title = match path.is_file() {
                    true => format!("`{shown}` is below none of the include folders"),
                    false => format!("`{shown}` is no file"),
                };
                let includes = front.sources.includes().iter();
                let includes: Vec<_> = includes
                    .map(|path| format!("`{}`", path.display()))
                    .collect();
                let help = format!("files are looked for in {}", includes.join(", "));
                front.findings.add(Finding::error(place, title).help(help));
            }
        }
    }
    roots
}

/// Reads every file once, for what cannot be read and for imports that are nowhere.
fn read(front: &mut Front, roots: &[String]) {
    let mut known: BTreeSet<String> = roots.iter().cloned().collect();
    let mut next = roots.to_vec();
    while let Some(name) = next.pop() {
        let source = match front.sources.open(&name) {
            Ok(Some(source)) => source,
            // Google's own: read by protox.
            Ok(None) => continue,
            Err(error) => {
                let place = front.places.of(&name, At::File);
                let finding = Finding::error(place, format!("cannot read `{name}`: {error}"));
                front.findings.add(finding);
                continue;
            }
        };
        if let Some(finding) = edition(front, &name, &source.text) {
            front.findings.add(finding);
            continue;
        }
        if let Err(reason) = depth::within(&name, &source.text) {
            too_deep(front, &reason);
            continue;
        }
        let file = match File::from_source(&name, &source.text) {
            Ok(file) => file,
            Err(error) => {
                note(front, &name, &error);
                continue;
            }
        };
        let descriptor = file.file_descriptor_proto();
        let messages = descriptor.message_type.iter().map(|message| message.name());
        let enums = descriptor.enum_type.iter().map(|choice| choice.name());
        front
            .declared
            .extend(messages.chain(enums).map(str::to_owned));
        for (index, import) in descriptor.dependency.iter().enumerate() {
            if !exists(front, import) {
                missing(front, &file, &source.text, index, import);
            } else if known.insert(import.clone()) {
                next.push(import.clone());
            }
        }
    }
}

fn exists(front: &Front, name: &str) -> bool {
    match front.sources.open(name) {
        Ok(None) => GoogleFileResolver::new().open_file(name).is_ok(),
        // What cannot be read is noted when its turn comes.
        Ok(Some(_)) | Err(_) => true,
    }
}

/// An import that is nowhere, at the name between its quotes.
fn missing(front: &mut Front, file: &File, text: &str, index: usize, import: &str) {
    let descriptor = file.file_descriptor_proto();
    let path = [3, i32::try_from(index).unwrap_or(i32::MAX)];
    let locations = descriptor
        .source_code_info
        .iter()
        .flat_map(|info| &info.location);
    let mut spans = locations.filter(|location| location.path == path);
    let statement = spans.find_map(|location| range(text, &location.span, Columns::Bytes));
    let quoted = statement.map(|statement| match text[statement.clone()].find(import) {
        Some(start) => statement.start + start - 1..statement.start + start + import.len() + 1,
        None => statement,
    });
    let place = front
        .places
        .of(file.name(), quoted.map_or(At::File, At::Bytes));
    let finding = Finding::error(place, format!("import `{import}` not found"));
    let includes = front.sources.includes().iter();
    let known = couplet_proto::FILES.iter().map(|(name, _)| *name);
    let help = match wording::nearest(import, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            let includes: Vec<_> = includes
                .map(|path| format!("`{}`", path.display()))
                .collect();
            format!(
                "it is in none of the include folders: {}",
                includes.join(", ")
            )
        }
    };
    front.findings.add(finding.help(help));
}

/// What the compiler below would not come back from.
fn too_deep(front: &mut Front, reason: &TooDeep) {
    let (file, range, help) = match reason {
        TooDeep::Bracket { file, at } => (
            file,
            Some(*at..at + 1),
            format!(
                "at most {BRACKETS} brackets may be open at once: give what is inside a name and a place of its own"
            ),
        ),
        TooDeep::Path { file, at } => (
            file,
            Some(*at..at + 1),
            format!(
                "at most {NAMES} names may follow one another: give what is further in a name and a place of its own"
            ),
        ),
        TooDeep::Import { file, import } => {
            let (_, text) = front.sources.shown(file);
            let quoted = format!("\"{import}\"");
            let start = text.as_deref().and_then(|text| text.find(&quoted));
            (
                file,
                start.map(|start| start..start + quoted.len()),
                format!(
                    "at most {IMPORTS} imports may lead from a file to one that it needs: import that file directly"
                ),
            )
        }
    };
    let place = front.places.of(file, range.map_or(At::File, At::Bytes));
    front
        .findings
        .add(Finding::error(place, reason.to_string()).help(help));
}

/// Editions, which no Rust compiler of contracts can read.
fn edition(front: &mut Front, name: &str, text: &str) -> Option<Finding> {
    let start = wording::first_statement(text);
    let rest = &text[start..];
    let after = rest.strip_prefix("edition")?;
    if !after.trim_start().starts_with('=') {
        return None;
    }
    let end = start + rest.find(';').map_or(rest.len(), |end| end + 1);
    let place = front.places.of(name, At::Bytes(start..end));
    let finding = Finding::error(place, "editions cannot be read yet");
    Some(finding.help("write `syntax = \"proto3\";` and mark fields with presence as `optional`"))
}

/// Notes an error of protox and all that are related to it.
fn note(front: &mut Front, file: &str, error: &protox::Error) {
    one(front, file, error);
    for related in error.related().into_iter().flatten() {
        one(front, file, related);
    }
}

fn one(front: &mut Front, file: &str, diagnostic: &dyn Diagnostic) {
    let reason = diagnostic.diagnostic_source().map(ToString::to_string);
    let title = reason.unwrap_or_else(|| diagnostic.to_string());
    let (_, text) = front.sources.shown(file);
    let text = text.unwrap_or_default();
    let labels = diagnostic.labels().into_iter().flatten();
    let labels: Vec<(Range<usize>, Option<String>)> = labels
        .map(|label| {
            let range = label.offset()..label.offset() + label.len();
            (range, label.label().map(str::to_owned))
        })
        .collect();
    // The mistake is where the last label is; the ones before say what it clashes with.
    let at = labels
        .last()
        .map(|(range, _)| wording::narrowed(&text, range, &title));
    let before = at.as_ref().and_then(|at| text.get(..at.start));
    let help = wording::help(&title, before.unwrap_or_default(), &front.declared)
        .or_else(|| diagnostic.help().map(|help| help.to_string()));
    let place = front.places.of(file, at.map_or(At::File, At::Bytes));
    let mut finding = Finding::error(place, wording::title(&title));
    if let [others @ .., (_, label)] = labels.as_slice() {
        finding.label = label.clone().filter(|label| {
            !matches!(
                label.as_str(),
                "found here" | "defined here" | "set here" | "used here"
            )
        });
        for (range, label) in others {
            let place = front.places.of(file, At::Bytes(range.clone()));
            finding = finding.related(place, label.clone().unwrap_or_default());
        }
    }
    finding.help = help;
    front.findings.add(finding);
}
