//! Where the foreign peers are: `tests/run` fetches them and says where in `COUPLET_PEERS`, which is `target/peers` otherwise.

use std::{env, path::Path, process::Command};

/// The command of a foreign peer: `etcd`, `protoc`, `buf`, `grpc-python-client` or `grpc-python-server`.
///
/// # Panics
/// If it is not there. A test that needs it has failed then; it was not skipped.
pub fn peer(name: &str) -> Command {
    let folder = env::var_os("COUPLET_PEERS").unwrap_or_else(|| "target/peers".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = root.join(folder).join("bin").join(name);
    assert!(
        program.exists(),
        "the peer `{name}` is not at {}: `tests/run` fetches it",
        program.display()
    );
    Command::new(program)
}
