//! Names as a contract can have them.

use couplet_codegen::draft::Written;
use couplet_codegen::finding::Finding;

use crate::report::Report;

/// Notes a package, such as `movies.v1`, that is none.
pub(super) fn package(written: &Written<String>, report: &mut Report) {
    if !written.value.split('.').all(is_name) {
        let title = format!("`{}` is not a package", written.value);
        let finding = Finding::error(written.place, title);
        let help =
            "names of letters, digits and underscores, joined by dots, such as \"movies.v1\"";
        report.findings.add(finding.help(help));
    }
}

/// Notes a name, such as `GetMovie`, that is none.
pub(super) fn single(written: &Written<String>, report: &mut Report) {
    if !is_name(&written.value) {
        let title = format!("`{}` is not a name in a contract", written.value);
        let finding = Finding::error(written.place, title);
        let help = "ASCII letters, digits and underscores, the first no digit: name = \"GetMovie\"";
        report.findings.add(finding.help(help));
    }
}

fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(word) && text.starts_with(|first: char| word(first) && !first.is_ascii_digit())
}
