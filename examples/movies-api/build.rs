//! Compiles the contract.

fn main() {
    couplet_codegen::compile(&["proto/movies/v1/movies.proto"], &["proto"]);
}
