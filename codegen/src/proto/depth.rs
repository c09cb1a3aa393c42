//! How deep a contract may go: the compiler below goes down once for every bracket, name of a path and import, and has
//! one stack.
//!
//! A contract of people is far from either limit; one that is not from people ends as a finding in
//! place of an abort. Nothing here judges whether brackets fit: that is the compiler's to say.

use std::cell::RefCell;
use std::collections::BTreeMap;

use protox::file::File;

/// How many brackets of any kind may be open at once: as many as protobuf lets messages nest.
pub(super) const BRACKETS: usize = 100;
/// How many names a path may have, such as that of a field in an option.
pub(super) const NAMES: usize = 100;
/// How many imports may lead from a file that is compiled to one that it needs.
pub(super) const IMPORTS: usize = 200;

/// Something is nested deeper than the compiler can follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooDeep {
    /// In one file; the byte of the first bracket too many.
    #[error("`{file}` is nested more than {BRACKETS} deep")]
    Bracket { file: String, at: usize },
    /// In one file; the byte of the first dot too many.
    #[error("a path has more than {NAMES} names")]
    Path { file: String, at: usize },
    /// From file to file; the first import too many, and who writes it.
    #[error("`{file}` imports `{import}`, and is itself {IMPORTS} imports deep")]
    Import { file: String, import: String },
}

/// How far each file is from the one that is compiled, while the compiler opens them: each before its imports.
#[derive(Debug, Default)]
pub(super) struct Imports {
    nearest: RefCell<BTreeMap<String, (usize, String)>>,
}

// === Imports ===

impl Imports {
    /// Notes that `file` is read, and what it will have read in turn.
    ///
    /// # Errors
    /// If it is too far from the file that is compiled.
    pub(super) fn note(&self, file: &File) -> Result<(), TooDeep> {
        let mut nearest = self.nearest.borrow_mut();
        // Whoever was opened last and names it is who asks for it now.
        let (depth, importer) = nearest.get(file.name()).cloned().unwrap_or_default();
        if depth > IMPORTS {
            return Err(TooDeep::Import {
                file: importer,
                import: file.name().to_owned(),
            });
        }
        for import in &file.file_descriptor_proto().dependency {
            nearest.insert(import.clone(), (depth + 1, file.name().to_owned()));
        }
        Ok(())
    }
}

/// Holds that no bracket of a file's text is too deep in others, and that no path is too long, outside of strings and
/// comments.
///
/// # Errors
/// The first that is.
pub(super) fn within(file: &str, text: &str) -> Result<(), TooDeep> {
    let bytes = text.as_bytes();
    let mut open: Vec<u8> = Vec::new();
    let (mut at, mut dots) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match byte {
            b'"' | b'\'' => at += string(rest),
            b'#' => at += line(rest),
            b'/' if rest.starts_with(b"//") => at += line(rest),
            b'/' if rest.starts_with(b"/*") => at += comment(rest),
            b'{' | b'[' | b'(' | b'<' if open.len() == BRACKETS => {
                let file = file.to_owned();
                return Err(TooDeep::Bracket { file, at });
            }
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'(' => open.push(b')'),
            b'<' => open.push(b'>'),
            b'}' | b']' | b')' | b'>' => {
                // What closes nothing is no way out.
                if let Some(opened) = open.iter().rposition(|closing| *closing == byte) {
                    open.truncate(opened);
                }
            }
            b'.' if dots == NAMES => {
                let file = file.to_owned();
                return Err(TooDeep::Path { file, at });
            }
            b'.' => dots += 1,
            b'=' | b':' | b';' | b',' => dots = 0,
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// How far the end of a string is: its quote, or the line's where the quote is missing.
fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\\' if rest.get(at + 1) != Some(&b'\n') => at += 1,
            b'\n' => return at,
            quote if quote == rest[0] => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// How far the end of the line is.
fn line(rest: &[u8]) -> usize {
    let end = rest.iter().position(|byte| *byte == b'\n');
    end.unwrap_or(rest.len())
}

/// How far the last byte of a comment is; comments in comments are wrong, and the compiler reads on behind all of them.
fn comment(rest: &[u8]) -> usize {
    let (mut at, mut depth, mut end) = (2, 1, None);
    while depth > 0 && at < rest.len() {
        let mark = &rest[at..];
        at += match mark {
            [b'*', b'/', ..] => {
                depth -= 1;
                end = Some(at + 1);
                2
            }
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            _ => 1,
        };
    }
    end.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::{BRACKETS, NAMES, TooDeep, within};

    fn depth_found(text: &str) -> Option<usize> {
        match within("deep.proto", text) {
            Err(TooDeep::Bracket { at, .. } | TooDeep::Path { at, .. }) => Some(at),
            _ => None,
        }
    }

    #[test]
    fn the_first_bracket_too_many_is_found_whatever_its_kind() {
        for (open, close) in [("{", "}"), ("[", "]"), ("(", ")"), ("<", ">")] {
            let fits = open.repeat(BRACKETS) + &close.repeat(BRACKETS);
            assert_eq!(depth_found(&fits.repeat(3)), None, "{open}");
            let too_many = open.repeat(BRACKETS + 1);
            assert_eq!(depth_found(&too_many), Some(BRACKETS), "{open}");
        }
        // One kind does not close another.
        assert_eq!(depth_found(&"{)".repeat(101)), Some(200));
    }

    #[test]
    fn a_path_may_be_long_and_there_may_be_many() {
        let path = "a.".repeat(NAMES) + "a";
        assert_eq!(depth_found(&format!("{path} = 1, b: {path};{path}")), None);
        assert_eq!(depth_found(&format!("(a) /* */ .{path}")), Some(210));
    }

    #[test]
    fn brackets_in_strings_and_comments_are_no_brackets() {
        let many = "{".repeat(101);
        for text in [
            format!("\"{many}\""),
            format!("'\\'{many}\"'"),
            format!("// \" {many}"),
            format!("# ' {many}\n"),
            format!("/* ' // {many} */"),
            format!("/* /* */ {many}\n */"),
        ] {
            assert_eq!(depth_found(&text), None, "{text}");
            let after = format!("{text}\n{many}");
            assert_eq!(depth_found(&after), Some(after.len() - 1), "{text}");
        }
        // A quote that is not closed ends with its line, and hides nothing below it.
        assert!(depth_found(&format!("\"\n{many}")).is_some());
        assert!(depth_found(&format!("\"\\\n{many}")).is_some());
    }
}
