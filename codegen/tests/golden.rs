//! What is generated for a small contract, as a whole: `golden/movies.proto` and `golden/movies.v1.rs`.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-codegen --test golden` writes what is generated now. That
//! it compiles is held by the crate of contracts, which generates the same file.

#[path = "support/generated.rs"]
mod generated;
#[path = "support/peers.rs"]
mod peers;
#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::process::Command;

use couplet_codegen::Builder;
use generated::{assert_same, code, described, descriptor};
use peers::peer;
use prost_types::field_descriptor_proto::Type;
use scratch::Scratch;

const CONTRACT: &str = "tests/golden/movies.proto";
const INCLUDE: &str = "tests/golden";

fn built(builder: Builder) -> String {
    let out = Scratch::new();
    let built = builder
        .quiet(true)
        .out_dir(out.path())
        .compile(&[CONTRACT], &[INCLUDE]);
    built.expect("the contract is right");
    fs::read_to_string(out.path().join("movies.v1.rs")).expect("the package's file")
}

#[test]
fn a_contract_becomes_this_rust() {
    let golden = "tests/golden/movies.v1.rs";
    let text = built(Builder::new());
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(golden, code(&text)).expect("the folder of this test");
    }
    let expected = fs::read_to_string(golden).expect("the golden file");
    assert!(
        code(&text) == expected,
        "the generated code changed; look at the difference after COUPLET_BLESS=1"
    );
}

#[test]
fn settings_of_prost_reach_the_messages() {
    let text = built(
        Builder::new()
            .bytes(&["."])
            .type_attribute(".movies.v1.Movie", "#[derive(MyTrait)]")
            .field_attribute(".movies.v1.Movie.title", "#[my(attribute)]")
            .extern_path(".movies.v1.Kind", "::elsewhere::Kind")
            .prost(|config| {
                config.btree_map(["."]);
            }),
    );
    for expected in [
        "pub poster: ::couplet::codegen::prost::bytes::Bytes",
        "#[derive(MyTrait)]",
        "#[my(attribute)]",
        "value: impl ::core::convert::Into<::couplet::codegen::prost::bytes::Bytes>",
        "value: ::elsewhere::Kind",
        "alloc::collections::BTreeMap<",
    ] {
        assert!(text.contains(expected), "{expected}\n{}", code(&text));
    }
    assert!(!text.contains("pub enum Kind"));
}

#[test]
fn tonic_stubs_stand_beside_ours_and_only_if_asked_for() {
    let text = built(Builder::new().tonic_stubs(true));
    assert!(text.contains("pub mod movies_client {") && text.contains("pub mod movies_server {"));
    assert!(text.contains("super::Movie") && text.contains("tonic_prost::ProstCodec"));

    let plain = built(Builder::new());
    let named = |crate_name: &str| plain.contains(&format!("{crate_name}::"));
    assert!(!named("tonic") && !named("tonic_prost"));
}

#[test]
fn generated_code_names_nothing_but_the_door_of_the_runtime() {
    let text = built(Builder::new());
    for (index, _) in code(&text).match_indices("::couplet::") {
        assert!(
            text[index..].starts_with("::couplet::codegen::"),
            "{}",
            &text[index..index + 80]
        );
    }
}

#[test]
fn the_kinds_of_fields_are_those_of_the_contract() {
    // Guards the golden contract itself: it must go on showing every kind of field.
    let files = described(&descriptor(&built(Builder::new())));
    let mut messages = files.iter().flat_map(|file| &file.message_type);
    let movie = messages.find(|message| message.name() == "Movie");
    let fields = &movie.expect("a movie").field;
    for kind in [
        Type::String,
        Type::Enum,
        Type::Message,
        Type::Bytes,
        Type::Int32,
        Type::Double,
    ] {
        assert!(
            fields.iter().any(|field| field.r#type() == kind),
            "{kind:?}"
        );
    }
}

/// With the real `protoc`.
mod foreign {
    use super::*;

    #[test]
    fn protoc_in_place_of_the_own_compiler_changes_nothing() {
        let with_protoc = built(Builder::new().protoc(peer("protoc")));
        assert_same(&with_protoc, &built(Builder::new()));
    }

    #[test]
    fn the_descriptor_is_the_one_that_protoc_makes() {
        let out = Scratch::new();
        let path = out.path().join("movies.bin");
        let protoc = Command::new(peer("protoc"))
            .args([
                "-I",
                INCLUDE,
                "-I",
                couplet_proto::INCLUDE,
                "--include_imports",
                "-o",
            ])
            .args([path.as_path(), CONTRACT.as_ref()])
            .status();
        assert!(protoc.expect("protoc is installed").success());
        let expected = fs::read(path).expect("protoc wrote it");

        let own = descriptor(&built(Builder::new()));
        assert_eq!(described(&own), described(&expected));

        // Options are lost on prost's types: they are compared as the values that they are.
        let option = |bytes: &[u8]| {
            let pool = prost_reflect::DescriptorPool::decode(bytes).expect("a descriptor set");
            let extension = pool
                .get_extension_by_name("couplet.method")
                .expect("it is imported");
            let service = pool
                .get_service_by_name("movies.v1.Movies")
                .expect("it is there");
            let method = service.methods().next().expect("it has methods");
            method.options().get_extension(&extension).to_string()
        };
        assert_eq!(option(&own), option(&expected));
        assert!(
            option(&own).contains("timeout:\"250ms\""),
            "{}",
            option(&own)
        );
    }
}
