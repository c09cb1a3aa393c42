//! Where the foreign peers are: `tests/run` fetches them and says where in `COUPLET_PEERS`, which is `target/peers` otherwise.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The command of a foreign peer: `etcd`, `haproxy`, `prometheus`, `promtool`, `protoc`, `buf`, `grpc-python-client` or
/// `grpc-python-server`.
///
/// # Panics
/// If it is not there. A test that needs it has failed then; it was not skipped.
pub fn peer(name: &str) -> Command {
    Command::new(fetched(&format!("bin/{name}")))
}

/// A program of `setup/`, on Python with gRPC's own packages.
///
/// # Panics
/// If the packages are not there.
pub fn python(program: &str) -> Command {
    let mut command = Command::new("python3");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup");
    command
        .env("PYTHONSAFEPATH", "1")
        .env("PYTHONPATH", fetched("python"))
        .arg(folder.join(program));
    command
}

/// One of the certificates and keys that come with gRPC's interop programs: `ca.pem`, `server1.pem` or `server1.key`.
///
/// # Panics
/// If it is not there.
pub fn credential(name: &str) -> PathBuf {
    fetched(&format!("interop/tests/interop/credentials/{name}"))
}

fn fetched(name: &str) -> PathBuf {
    let folder = env::var_os("COUPLET_PEERS").unwrap_or_else(|| "target/peers".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join(folder).join(name);
    assert!(
        path.exists(),
        "the foreign peers are not there, {} is missing: `tests/run` fetches them",
        path.display()
    );
    path
}
