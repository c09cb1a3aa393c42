//! Contracts that nobody wrote by hand: each is an error with a place, and none takes the build down.

#[path = "support/scratch.rs"]
mod scratch;

use std::fs;

use couplet_codegen::Builder;
use scratch::Scratch;

/// What the build says of `main.proto` among these files; nothing where it is fine.
fn said(files: &[(String, String)]) -> String {
    let folder = Scratch::new();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("our own folder");
    }
    let builder = Builder::new().quiet(true).out_dir(folder.path());
    let main = folder.path().join("main.proto");
    match builder.compile(&[main], &[folder.path()]) {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

fn main(text: String) -> Vec<(String, String)> {
    vec![("main.proto".to_owned(), text)]
}

/// A contract with an option whose value is `value`.
fn with_value(value: &str) -> String {
    format!(
        "syntax = \"proto3\";\n\
         import \"google/protobuf/descriptor.proto\";\n\
         message Tree {{ Tree a = 1; repeated Tree many = 2; int32 leaf = 3; }}\n\
         extend google.protobuf.FileOptions {{ optional Tree tree = 50001; }}\n\
         option (tree) = {value};\n"
    )
}

#[test]
fn a_value_that_is_nested_without_end_is_refused_where_it_is_too_deep() {
    for depth in [100, 500, 100_000] {
        for (open, close) in [("{ a: ", "}"), ("{ a ", "}"), ("< a: ", ">")] {
            let value = format!("{{ a: {}{{}}{} }}", open.repeat(depth), close.repeat(depth));
            let said = said(&main(with_value(&value)));
            assert!(
                said.contains("`main.proto` is nested more than 100 deep")
                    && said.contains("main.proto:5:")
                    && said.contains("help: at most 100 brackets"),
                "{depth} of {open}: {said}"
            );
        }
    }
    let value = format!("{{ many: {}{} }}", "[".repeat(3000), "]".repeat(3000));
    let said = said(&main(with_value(&value)));
    assert!(said.contains("nested more than 100 deep"), "{said}");
}

#[test]
fn a_value_that_is_nested_as_deep_as_may_be_is_read() {
    let depth = 90;
    let value = format!("{}{}", "{ a: ".repeat(depth) + "{}", "}".repeat(depth));
    assert_eq!(said(&main(with_value(&value))), "");
    let lists = format!("{{ many: {}{} }}", "[".repeat(90), "]".repeat(90));
    let said = said(&main(with_value(&lists)));
    assert!(!said.is_empty() && !said.contains("deep"), "{said}");
}

#[test]
fn messages_in_messages_are_bounded_and_so_are_the_brackets_of_nonsense() {
    let messages = "message A {".repeat(3000) + &"}".repeat(3000);
    for text in [messages, "(".repeat(50_000), "option a = {[".repeat(9_000)] {
        let said = said(&main(format!("syntax = \"proto3\";\n{text}")));
        assert!(said.contains("nested more than 100 deep"), "{said}");
    }
}

/// `count` files, each of which imports the next; the first is `main.proto`.
fn chain(count: usize) -> Vec<(String, String)> {
    let name = |index| match index {
        0 => "main.proto".to_owned(),
        index => format!("f{index}.proto"),
    };
    let file = |index| {
        let import = match index + 1 == count {
            true => String::new(),
            false => format!("import \"{}\";\n", name(index + 1)),
        };
        let text = format!("syntax = \"proto3\";\n{import}message M{index} {{}}\n");
        (name(index), text)
    };
    (0..count).map(file).collect()
}

#[test]
fn a_chain_of_imports_without_end_is_refused_at_the_import_too_many() {
    for count in [202, 2000] {
        let said = said(&chain(count));
        assert!(
            said.contains("`f200.proto` imports `f201.proto`, and is itself 200 imports deep")
                && said.contains("f200.proto:2:8")
                && said.contains("help: at most 200 imports"),
            "{count}: {said}"
        );
    }
    assert_eq!(said(&chain(201)), "");
}

#[test]
fn many_imports_side_by_side_are_not_deep() {
    let mut files = chain(201);
    let all: String = (1..201)
        .rev()
        .map(|index| format!("import \"f{index}.proto\";\n"))
        .collect();
    files[0].1 = format!("syntax = \"proto3\";\n{all}message M0 {{}}\n");
    assert_eq!(said(&files), "");
}

#[test]
fn a_path_without_end_is_refused_too() {
    let path = |depth| format!("option (tree){}.leaf = 1;", ".a".repeat(depth));
    let option = |depth| with_value("{}").replace("option (tree) = {};", &path(depth));
    assert_eq!(said(&main(option(90))), "");
    let package = format!("syntax = \"proto3\";\npackage a{};", ".a".repeat(5000));
    for text in [option(100), option(5000), package] {
        let said = said(&main(text));
        assert!(
            said.contains("a path has more than 100 names") && said.contains("--> "),
            "{said}"
        );
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let right = "syntax = \"proto3\"; message M {}";
    assert_eq!(said(&main(format!("\u{feff}{right}"))), "");
    // What is said of the first line is said of where it is.
    let wrong = "syntax = \"proto3\"; massage M {}";
    let without = said(&main(wrong.to_owned()));
    assert!(without.contains("main.proto:1:20"), "{without}");
    let folderless = |said: &str| said.lines().skip(3).collect::<Vec<_>>().join("\n");
    let with = said(&main(format!("\u{feff}{wrong}")));
    assert_eq!(folderless(&with), folderless(&without));
    assert!(with.contains("main.proto:1:20"), "{with}");
    // It is one mark, and it comes first.
    let said = said(&main(format!("\u{feff}\u{feff}{right}")));
    assert!(!said.is_empty());
}
