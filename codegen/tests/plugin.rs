//! The protoc plugin, driven by the real `protoc` and the real `buf`: the same files as the build plugin's.

#[path = "support/generated.rs"]
mod generated;
#[path = "support/peers.rs"]
mod peers;
#[path = "support/scratch.rs"]
mod scratch;

/// With the real `protoc` and the real `buf`.
mod foreign {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output};

    use couplet_codegen::Builder;

    use crate::generated::assert_same;
    use crate::peers::peer;
    use crate::scratch::Scratch;

    const PLUGIN: &str = env!("CARGO_BIN_EXE_protoc-gen-couplet");

    fn files(folder: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let files = entries.map(|entry| {
            let entry = entry.expect("an entry");
            let text = fs::read_to_string(entry.path()).expect("generated text");
            (entry.file_name().to_string_lossy().into_owned(), text)
        });
        files.collect()
    }

    fn built(builder: Builder) -> BTreeMap<String, String> {
        let out = Scratch::new();
        let builder = builder.quiet(true).out_dir(out.path());
        let built = builder.compile(&["tests/golden/movies.proto"], &["tests/golden"]);
        built.expect("the contract is right");
        let mut files = files(out.path());
        // Only a build script needs to know what it left: protoc and buf own the folders that they write to.
        files.remove("_couplet.files").expect("the list of a build");
        files
    }

    fn protoc(
        contract: &str,
        include: &str,
        parameters: &str,
    ) -> (Output, BTreeMap<String, String>) {
        let out = Scratch::new();
        let output = Command::new(peer("protoc"))
            .arg(format!("--plugin=protoc-gen-couplet={PLUGIN}"))
            .args(["-I", include, "-I", couplet_proto::INCLUDE])
            .arg(format!(
                "--couplet_out={parameters}:{}",
                out.path().display()
            ))
            .arg(contract)
            .output();
        (output.expect("protoc is installed"), files(out.path()))
    }

    /// Holds that both are the same files.
    fn same(ones: &BTreeMap<String, String>, others: &BTreeMap<String, String>) {
        assert!(ones.keys().eq(others.keys()), "{:?}", ones.keys());
        assert_eq!(ones["_contract.rs"], others["_contract.rs"]);
        assert_same(&ones["movies.v1.rs"], &others["movies.v1.rs"]);
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn protoc_gets_what_a_build_script_gets() {
        let (output, files) = protoc("movies.proto", "tests/golden", "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        same(&files, &built(Builder::new()));
    }

    #[test]
    fn parameters_are_the_settings_of_a_build_script() {
        let parameters =
            r"bytes=.,tonic_stubs,type_attribute=.movies.v1.Movie=#[derive(Eq\, Hash)]";
        let (output, files) = protoc("movies.proto", "tests/golden", parameters);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let builder = Builder::new().bytes(&["."]).tonic_stubs(true);
        let builder = builder.type_attribute(".movies.v1.Movie", "#[derive(Eq, Hash)]");
        same(&files, &built(builder));
    }

    #[test]
    fn mistakes_reach_the_author_when_protoc_runs_the_plugin() {
        let (output, files) = protoc("durations.proto", "tests/ui", "include=tests/ui");
        assert!(!output.status.success() && files.is_empty());
        let told = text(&output.stderr);
        let expected = fs::read_to_string("tests/ui/durations.txt").expect("what is said about it");
        assert!(told.contains(expected.trim()), "{told}");

        // Without the sources the place is still known.
        let (output, _) = protoc("durations.proto", "tests/ui", "");
        let told = text(&output.stderr);
        assert!(
            told.contains("`250mss` is not a duration") && told.contains("durations.proto:8:"),
            "{told}"
        );
    }

    #[test]
    fn buf_gets_what_a_build_script_gets() {
        let work = Scratch::new();
        copy(
            Path::new("tests/golden/movies.proto"),
            &work.path().join("proto/movies.proto"),
        );
        for (name, _) in couplet_proto::FILES {
            copy(
                &Path::new(couplet_proto::INCLUDE).join(name),
                &work.path().join("couplet").join(name),
            );
        }
        let write = |name: &str, content: &str| {
            fs::write(work.path().join(name), content).expect("a file in the test's own folder");
        };
        write(
            "buf.yaml",
            "version: v2\nmodules:\n  - path: proto\n  - path: couplet\n",
        );
        write(
            "buf.gen.yaml",
            &format!(
                "version: v2\nplugins:\n  - local: {PLUGIN}\n    out: out\n    strategy: all\n"
            ),
        );
        let output = Command::new(peer("buf"))
            .args(["generate", "--path", "proto/movies.proto"])
            .current_dir(work.path())
            .output()
            .expect("buf is installed");
        assert!(output.status.success(), "{}", text(&output.stderr));
        same(&files(&work.path().join("out")), &built(Builder::new()));
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to.parent().expect("it is in a folder")).expect("the test's own folder");
        fs::copy(from, to).expect("a contract");
    }
}
