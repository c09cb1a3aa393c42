//! Where the programs are that others wrote.

use std::path::{Path, PathBuf};

/// `protoc` or `buf`: the one that `tests/run` fetched, or else the one that is installed.
pub(crate) fn peer(name: &str) -> PathBuf {
    let fetched = std::env::var_os("COUPLET_PEERS");
    let fetched = fetched.map(|peers| Path::new(&peers).join("bin").join(name));
    fetched
        .filter(|path| path.is_file())
        .unwrap_or_else(|| name.into())
}
