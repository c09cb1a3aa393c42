//! `release`: the baseline and the history moved on, and the changelog of the API.

use std::path::Path;

use couplet_codegen::release::{self, Moved};

use crate::arguments::ReleaseArguments;
use crate::failure::Failure;
use crate::{Answer, packages};

/// Releases the one contract that is meant.
pub(crate) fn run(arguments: &ReleaseArguments) -> Result<Answer, Failure> {
    let package = packages::one(&arguments.package)?;
    let project = package.project()?;
    let check = release::check(&project)?;
    if !check.verdict().passes() {
        for text in check.told().errors {
            eprintln!("{text}\n");
        }
        eprintln!("nothing was released");
        return Ok(Answer::No);
    }
    let release = release::release(&project)?;
    for moved in &release.services {
        println!("{}", line(moved));
    }
    if arguments.dry_run {
        println!("\n{}", release.changelog.trim_end());
        return Ok(Answer::Yes);
    }
    let mut written = release.write()?;
    if !arguments.no_changelog {
        let path = match &arguments.changelog {
            Some(path) => path.clone(),
            None => project.manifest_dir.join("CHANGELOG.md"),
        };
        add_section(&path, &release.changelog).map_err(|why| Failure::Changelog {
            path: path.clone(),
            why,
        })?;
        written.push(path);
    }
    println!("\nwritten, and to be committed with the contract:");
    for path in written {
        println!("  {}", path.display());
    }
    Ok(Answer::Yes)
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

/// Adds a section above the newest one, or at the end of a file that has none; makes the file if it is not there.
fn add_section(path: &Path, section: &str) -> std::io::Result<()> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "# Changelog\n".to_owned(),
        Err(error) => return Err(error),
    };
    std::fs::write(path, with_section(&text, section))
}

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
