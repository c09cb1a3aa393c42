//! Compiles the next major version of the contract: what a client looks like that is ahead of its server.

fn main() {
    couplet_codegen::compile(&["next/movies.proto"], &["next"]);
}
