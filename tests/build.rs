//! Generates the contracts of others that the tests of this crate speak, and one of ours with its policies as a service config.

use couplet_codegen::Builder;

fn main() -> Result<(), couplet_codegen::Errors> {
    let protos = [
        "protos/grpc/grpc/testing/test.proto",
        "protos/etcd/etcd/api/etcdserverpb/rpc.proto",
        "fixtures/obeyed/obeyed.proto",
    ];
    let includes = [
        "protos/grpc",
        "protos/etcd",
        "protos/googleapis",
        "fixtures/obeyed",
    ];
    // With tonic's stubs too: the same messages, so that both can be held against each other.
    // Quiet, since none of them declares a version. So cargo is told here what to look at.
    let report = Builder::new()
        .quiet(true)
        .tonic_stubs(true)
        .service_config("service_config.json")
        .compile(&protos, &includes)?;
    for input in report.inputs {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    Ok(())
}
