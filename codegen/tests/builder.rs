//! What a build leaves behind: which files, from which sources, and what becomes of mistakes.

#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::path::PathBuf;

use couplet_codegen::{Builder, Errors, Report};
use scratch::Scratch;

/// A folder with contracts and one for what is generated.
struct Project {
    folder: Scratch,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Scratch::new();
        for (name, text) in files {
            let path = folder.path().join("proto").join(name);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("our own folder");
            fs::write(path, text).expect("our own folder");
        }
        Self { folder }
    }

    fn proto(&self, name: &str) -> PathBuf {
        self.folder.path().join("proto").join(name)
    }

    fn build(&self, builder: Builder, roots: &[&str]) -> Result<Report, Errors> {
        let roots: Vec<_> = roots.iter().map(|root| self.proto(root)).collect();
        let builder = builder.quiet(true).out_dir(self.folder.path());
        builder.compile(&roots, &[self.folder.path().join("proto")])
    }

    fn generated(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("it was generated")
    }
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    paths.iter().filter_map(name).collect()
}

const LENDING: &str = r#"
    syntax = "proto3";
    package lending.v1;
    import "couplet/options.proto";
    import "google/api/annotations.proto";
    import "google/rpc/status.proto";
    import "books/v1/book.proto";
    import "unused/v1/unused.proto";

    service Lending {
      option (couplet.service) = { version: "1.0.0" };
      rpc Lend(books.v1.Book) returns (Loan);
    }
    message Loan { google.rpc.Status status = 1; }
"#;
const BOOK: &str = r#"
    syntax = "proto3";
    package books.v1;
    message Book { string title = 1; }
"#;
const UNUSED: &str = r#"
    syntax = "proto3";
    package unused.v1;
    message Nothing {}
"#;

fn library() -> Project {
    Project::new(&[
        ("lending/v1/lending.proto", LENDING),
        ("books/v1/book.proto", BOOK),
        ("unused/v1/unused.proto", UNUSED),
    ])
}

#[test]
fn packages_refer_to_each_other_through_the_tree() {
    let project = library();
    let report = project
        .build(Builder::new(), &["lending/v1/lending.proto"])
        .expect("no mistake");

    // What is imported and used is generated; what only brings options along is not.
    let expected = [
        "_contract.rs",
        "books.v1.rs",
        "google.rpc.rs",
        "lending.v1.rs",
    ];
    assert_eq!(names(&report.files), expected);
    assert!(
        project
            .generated("lending.v1.rs")
            .contains("super::super::books::v1::Book")
    );
    assert!(
        project
            .generated("lending.v1.rs")
            .contains("super::super::google::rpc::Status")
    );
    // On its own such a file does not compile, and says what to do; one that refers to nothing says nothing.
    let hint = "// Include it with `couplet::include_contract!()`, the tree of all packages: it refers to books.v1, google.rpc.\n";
    assert_eq!(
        project
            .generated("lending.v1.rs")
            .split_inclusive('\n')
            .nth(1),
        Some(hint)
    );
    assert!(
        !project
            .generated("books.v1.rs")
            .contains("include_contract!")
    );
    let tree = project.generated("_contract.rs");
    assert!(
        tree.contains("pub mod lending {") && tree.contains("include!(\"lending.v1.rs\");"),
        "{tree}"
    );
}

#[test]
fn every_file_that_was_read_is_reported_imports_included() {
    let project = library();
    let report = project
        .build(Builder::new(), &["lending/v1/lending.proto"])
        .expect("no mistake");
    assert_eq!(
        names(&report.inputs),
        ["book.proto", "lending.proto", "unused.proto"]
    );
}

#[test]
fn what_has_not_changed_is_not_written_again() {
    let project = library();
    let changed = |project: &Project| {
        let path = project.folder.path().join("lending.v1.rs");
        fs::metadata(path)
            .and_then(|data| data.modified())
            .expect("a time")
    };
    project
        .build(Builder::new(), &["lending/v1/lending.proto"])
        .expect("no mistake");
    let first = changed(&project);
    project
        .build(Builder::new(), &["lending/v1/lending.proto"])
        .expect("no mistake");
    assert_eq!(changed(&project), first);
}

#[test]
fn mistakes_of_several_files_are_told_at_once() {
    let project = Project::new(&[
        (
            "a.proto",
            "syntax = \"proto3\";\nmessage A { string a = ; }\n",
        ),
        (
            "b.proto",
            "syntax = \"proto3\";\nimport \"nowhere.proto\";\nmessage B { string b 1; }\n",
        ),
        (
            "c.proto",
            "syntax = \"proto3\";\nimport \"nowhere.proto\";\n",
        ),
    ]);
    let errors = project.build(Builder::new(), &["a.proto", "b.proto", "c.proto"]);
    let told = errors.expect_err("three mistakes").to_string();
    for place in ["a.proto:2:24", "b.proto:3:22", "c.proto:2:8"] {
        assert!(told.contains(place), "{place} is not in:\n{told}");
    }
}

#[test]
fn contracts_that_are_nowhere_are_named_with_where_they_were_looked_for() {
    let project = library();
    let told = project
        .build(Builder::new(), &["lending.proto"])
        .expect_err("a mistake")
        .to_string();
    assert!(told.contains("lending.proto` is no file"), "{told}");
    assert!(told.contains("help: files are looked for in `"), "{told}");

    let outside = Builder::new().quiet(true).out_dir(project.folder.path());
    let told = outside
        .compile(&["tests/golden/movies.proto"], &["tests/ui"])
        .expect_err("a mistake");
    assert!(
        told.to_string()
            .contains("is below none of the include folders"),
        "{told}"
    );
}

#[test]
fn editors_get_mistakes_in_the_code_if_asked_for() {
    let project = Project::new(&[(
        "a.proto",
        "syntax = \"proto3\";\npackage a.b;\nmessage A { string a = ; }\n",
    )]);
    let report = project.build(Builder::new().errors_in_code(true), &["a.proto"]);
    assert_eq!(
        names(&report.expect("it is in the code").files),
        ["_contract.rs", "a.b.rs"]
    );
    let code = project.generated("a.b.rs");
    assert!(
        code.starts_with("::core::compile_error!(\"error: expected an integer"),
        "{code}"
    );
    syn::parse_file(&code).expect("it is Rust");
}

#[test]
fn a_service_without_any_option_has_its_stubs() {
    let contract = "syntax = \"proto3\";\nservice Plain { rpc Do(Nothing) returns (Nothing); }\nmessage Nothing {}\n";
    let project = Project::new(&[("plain.proto", contract)]);
    let report = project
        .build(Builder::new(), &["plain.proto"])
        .expect("no mistake");
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert!(report.warnings[0].contains("counts as 0.0.0"));

    // Without a package as well.
    let code = project.generated("_.rs");
    assert!(
        code.contains("name: \"Plain\"") && code.contains("path: \"/Plain/Do\""),
        "{code}"
    );
    assert!(code.contains("version: \"0.0.0\"") && code.contains("fn r#do("));
    assert!(
        project
            .generated("_contract.rs")
            .contains("include!(\"_.rs\");")
    );
}

#[test]
fn attributes_that_are_no_rust_are_a_mistake_and_no_panic() {
    let builder = Builder::new().type_attribute(".", "#[derive(");
    let told = library()
        .build(builder, &["books/v1/book.proto"])
        .expect_err("a mistake")
        .to_string();
    assert!(
        told.contains("the code of package `books.v1` is not Rust"),
        "{told}"
    );

    let builder = Builder::new().extern_path("books.v1", "::books");
    let told = library()
        .build(builder, &["books/v1/book.proto"])
        .expect_err("a mistake")
        .to_string();
    assert!(
        told.contains("Protobuf paths must be fully qualified"),
        "{told}"
    );
}

#[test]
fn a_file_that_is_no_text_is_a_mistake() {
    let project = library();
    fs::write(project.proto("binary.proto"), [0xff, 0xfe, 0x00]).expect("our own folder");
    let told = project
        .build(Builder::new(), &["binary.proto"])
        .expect_err("a mistake")
        .to_string();
    assert!(told.contains("cannot read `binary.proto`"), "{told}");
}

#[test]
fn nested_types_and_packages_may_not_become_the_same_module() {
    let project = Project::new(&[
        (
            "a.proto",
            "syntax = \"proto3\";\npackage a;\nimport \"b.proto\";\nmessage B { message C {} a.b.D d = 1; }\n",
        ),
        (
            "b.proto",
            "syntax = \"proto3\";\npackage a.b;\nmessage D {}\n",
        ),
    ]);
    let told = project
        .build(Builder::new(), &["a.proto"])
        .expect_err("a mistake")
        .to_string();
    assert!(
        told.contains("message `B` and package `a.b` are both the module `a::b` in Rust"),
        "{told}"
    );
}

#[test]
fn a_renamed_package_leaves_no_code_of_its_old_name() {
    let contract =
        |package: &str| format!("syntax = \"proto3\";\npackage {package};\nmessage A {{}}\n");
    let project = Project::new(&[
        ("shop.proto", &contract("shop.v1")),
        ("other.proto", &contract("other.v1")),
    ]);
    let is_there = |name: &str| project.folder.path().join(name).exists();
    for root in ["shop.proto", "other.proto"] {
        project.build(Builder::new(), &[root]).expect("no mistake");
    }
    fs::write(project.proto("shop.proto"), contract("shop.v2")).expect("our own folder");
    fs::write(project.folder.path().join("mine.rs"), "").expect("our own folder");
    project
        .build(Builder::new(), &["shop.proto"])
        .expect("no mistake");

    assert!(!is_there("shop.v1.rs") && is_there("shop.v2.rs"));
    // What nobody generated stays, and so does another contract of the same build script.
    assert!(is_there("mine.rs") && is_there("other.v1.rs"));
    assert_eq!(
        project.generated("_couplet.files"),
        "_contract.rs\nother.v1.rs\nshop.v2.rs\n"
    );
}

#[test]
fn a_list_of_former_files_reaches_nothing_outside_of_its_folder() {
    let project = library();
    let out = project.folder.path().join("out");
    let kept = [
        project.folder.path().join("outside.rs"),
        out.join("folder.rs").join("within.rs"),
        out.join("notes.txt"),
    ];
    fs::create_dir_all(out.join("folder.rs")).expect("our own folder");
    for path in kept.iter().chain([&out.join("former.rs")]) {
        fs::write(path, "").expect("our own folder");
    }
    let absolute = kept[0].display().to_string();
    let lines = [
        "../outside.rs",
        "./../outside.rs",
        "folder.rs/../../outside.rs",
        &absolute,
        "folder.rs",
        "folder.rs/within.rs",
        "..",
        ".",
        "",
        "notes.txt",
        "former.rs",
    ];
    fs::write(out.join("_couplet.files"), lines.join("\n")).expect("our own folder");
    let builder = Builder::new().quiet(true).out_dir(&out);
    let include = project.folder.path().join("proto");
    builder
        .compile(&[project.proto("books/v1/book.proto")], &[include])
        .expect("no mistake");

    for path in kept {
        assert!(path.is_file(), "{} is gone", path.display());
    }
    assert!(!out.join("former.rs").exists());
}
