//! What `proto()` prints is the same contract: `golden/ratings.proto`, and what is generated from it.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-macros --test proto` writes both files anew.

#[path = "support/ratings.rs"]
mod ratings;

/// Generated from the printed contract.
#[expect(
    unreachable_pub,
    reason = "generated code is for the crate of a contract, where all of it can be reached"
)]
mod generated {
    include!("golden/ratings.v1.rs");
}

use std::fs;
use std::path::Path;

use couplet::Channel;
use couplet::carrier::local::Local;
use couplet::codegen::Contract;
use ratings::{Honest, RatingsClient, RatingsServer};

/// What a trait cannot know, and its author adds.
const MESSAGES: &str = "
message Film {
  uint64 id = 1;
}

message Rating {
  uint32 stars = 1;
}
";

fn same_as_golden(text: &str, golden: &str) {
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(golden, text).expect("the folder of this test");
    }
    let expected = fs::read_to_string(golden).expect("the golden file");
    assert!(
        expected == text,
        "the text changed; look at the difference after COUPLET_BLESS=1:\n{text}"
    );
}

fn printed() -> String {
    RatingsClient::proto() + MESSAGES
}

#[test]
fn a_trait_is_printed_with_all_that_it_declares() {
    same_as_golden(&printed(), "tests/golden/ratings.proto");
}

#[test]
fn what_is_printed_can_be_compiled() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Not the golden file: the test above may be writing it.
    let proto = out.join("ratings.proto");
    fs::write(&proto, printed()).expect("the folder of this test");
    let builder = couplet_codegen::Builder::new().quiet(true).out_dir(out);
    let built = builder.compile(&[proto], &[out]);
    built.expect("the printed contract is right");
    let text = fs::read_to_string(out.join("ratings.v1.rs")).expect("the package's file");
    same_as_golden(&text, "tests/golden/ratings.v1.rs");
}

#[test]
fn the_printed_contract_declares_the_same_methods() {
    let own = <RatingsServer<Honest> as Contract>::SERVICE;
    let printed = <generated::RatingsServer<Nobody> as Contract>::SERVICE;
    assert_eq!(
        (own.name, own.version, own.accepts),
        (printed.name, printed.version, printed.accepts)
    );
    assert_eq!(own.methods.len(), printed.methods.len());
    for (own, printed) in own.methods.iter().zip(printed.methods) {
        assert_eq!((own.path, own.kind), (printed.path, printed.kind));
        assert_eq!(own.idempotency, printed.idempotency, "{}", own.path);
        assert_eq!(own.policies, printed.policies, "{}", own.path);
    }
}

#[tokio::test]
async fn a_client_of_the_printed_contract_is_served_by_the_trait() {
    let services = Local::new().with(RatingsServer::new(Honest));
    let client = generated::RatingsClient::new(Channel::local(services));
    let mean = client.mean(generated::Film::default().with_id(5)).await;
    assert_eq!(mean.expect("an answer").into_inner().stars, 5);
}

struct Nobody;

impl generated::Ratings for Nobody {}
