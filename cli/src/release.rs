//! `release`: the baseline and the history moved on, and the changelog of the API.

use std::path::Path;

use couplet_codegen::release::{self, Moved, Project, Release};

use crate::arguments::ReleaseArguments;
use crate::failure::Failure;
use crate::terminal::{complain, say};
use crate::{Answer, packages};

/// Releases the one contract that is meant.
pub(crate) fn run(arguments: &ReleaseArguments) -> Result<Answer, Failure> {
    let project = packages::one(&arguments.package)?;
    let check = release::check(&project)?;
    let told = check.told();
    for text in told.errors.iter().chain(&told.warnings) {
        complain(format_args!("{text}\n"));
    }
    if !told.errors.is_empty() {
        complain("nothing was released");
        return Ok(Answer::No);
    }
    let release = release::release(&project)?;
    for moved in &release.services {
        say(line(moved))?;
    }
    if arguments.dry_run {
        say(format_args!("\n{}", release.changelog.trim_end()))?;
        return Ok(Answer::Yes);
    }
    write(arguments, &project, &release)?;
    Ok(Answer::Yes)
}

/// Writes the release and its section of the changelog, and says what is to be committed.
fn write(
    arguments: &ReleaseArguments,
    project: &Project,
    release: &Release,
) -> Result<(), Failure> {
    let path = arguments.changelog.clone();
    let path = path.unwrap_or_else(|| project.manifest_dir.join("CHANGELOG.md"));
    let path = (!arguments.no_changelog).then_some(path);
    // What cannot be read stops the release before anything of it is written.
    let changelog = match path {
        Some(path) => Some((with_section(&read(&path)?, &release.changelog), path)),
        None => None,
    };
    let mut written = release.write()?;
    if let Some((text, path)) = changelog {
        std::fs::write(&path, text).map_err(|why| Failure::Section {
            path: path.clone(),
            section: release.changelog.clone(),
            why,
        })?;
        written.push(path);
    }
    let paths: Vec<_> = written
        .iter()
        .map(|path| format!("\n  {}", path.display()))
        .collect();
    say(format_args!(
        "\nwritten, and to be committed with the contract:{}",
        paths.concat()
    ))
}

fn line(moved: &Moved) -> String {
    let Moved {
        service,
        to,
        wire_since,
        ..
    } = moved;
    match &moved.from {
        None => format!("{service}: {to}, the first release"),
        Some(from) => {
            format!("{service}: {from} to {to}; its wire is that of {wire_since} and later")
        }
    }
}

/// The text of a changelog, or that of an empty one where there is none.
fn read(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok("# Changelog\n".to_owned())
        }
        text => text.map_err(|why| Failure::Changelog {
            path: path.to_path_buf(),
            why,
        }),
    }
}

/// Adds a section above the newest one, or at the end of a text that has none.
fn with_section(text: &str, section: &str) -> String {
    let newest = text.match_indices("## ").map(|(start, _)| start);
    let mut starts = newest.filter(|start| *start == 0 || text[..*start].ends_with('\n'));
    // What is not released yet stays on top.
    let place = starts.find(|start| {
        !text[*start..].to_lowercase().starts_with("## [unreleased]")
            && !text[*start..].to_lowercase().starts_with("## unreleased")
    });
    let (above, below) = text.split_at(place.unwrap_or(text.len()));
    let mut joined = format!("{}\n\n{}\n", above.trim_end(), section.trim());
    if !below.is_empty() {
        joined.push('\n');
        joined.push_str(below);
    }
    joined.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::with_section;

    #[test]
    fn a_section_goes_above_the_newest_release_and_below_what_is_not_released() {
        let new = "## 1.1.0\n\n- more\n";
        assert_eq!(
            with_section("# Changelog\n", new),
            "# Changelog\n\n## 1.1.0\n\n- more\n"
        );
        assert_eq!(
            with_section(
                "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## 1.0.0\n\n- first\n",
                new
            ),
            "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## 1.1.0\n\n- more\n\n## 1.0.0\n\n- first\n"
        );
        assert_eq!(with_section("", new), "## 1.1.0\n\n- more\n");
    }
}
