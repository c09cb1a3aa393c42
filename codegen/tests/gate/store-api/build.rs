//! Compiles the contract.

fn main() {
    println!("cargo::rerun-if-env-changed=STORE_ERRORS_IN_CODE");
    let in_code = std::env::var_os("STORE_ERRORS_IN_CODE").is_some();
    let builder = couplet_codegen::Builder::new().errors_in_code(in_code);
    println!("cargo::rustc-check-cfg=cfg(STORE_ERRORS_IN_CODE)");
    if in_code {
        println!("cargo::rustc-cfg=STORE_ERRORS_IN_CODE");
    }
    if let Err(errors) = builder.compile(&["proto/acme/store/v1/store.proto"], &["proto"]) {
        errors.tell_cargo();
    }
}
