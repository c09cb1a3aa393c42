//! Compiles the contract.

fn main() {
    couplet_codegen::compile(&["proto/orders/v1/orders.proto"], &["proto"]);
}
