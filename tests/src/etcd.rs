//! Debian's `etcd-server`: one of its own for each test, with an empty store.

use std::{fs, path::PathBuf, process};

use crate::{peers::peer, program::Server};

/// A server with a store of its own, gone with its data when this is dropped.
#[derive(Debug)]
pub struct Etcd {
    /// None while it is stopped.
    server: Option<Server>,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    data: PathBuf,
}

impl Etcd {
    /// Starts one for the test of this name.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(test: &str) -> Self {
        let data = std::env::temp_dir().join(format!("couplet-etcd-{test}-{}", process::id()));
        // Of a run that was killed, if anything is there.
        let _ = fs::remove_dir_all(&data);
        let server = serve(&data, 0);
        Self {
            port: server.port,
            server: Some(server),
            data,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would. Its data stays.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        self.server = Some(serve(&self.data, self.port));
    }

    /// Ends it, and forgets its data.
    pub fn lose(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.data);
    }

    /// Lets it neither run nor end: its connections stay open, and nothing comes back.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it run again.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some(server) = &self.server {
            server.signal(signal);
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.lose();
    }
}

fn serve(data: &PathBuf, port: u16) -> Server {
    let mut command = peer("etcd");
    command.arg("--data-dir").arg(data);
    // It elects itself, which need not take long.
    command.args(["--heartbeat-interval=10", "--election-timeout=50"]);
    command.arg("--listen-peer-urls=http://127.0.0.1:0");
    for place in ["listen-client-urls", "advertise-client-urls"] {
        command.arg(format!("--{place}=http://127.0.0.1:{port}"));
    }
    Server::start_logging(
        &mut command,
        "serving insecure client requests on 127.0.0.1:",
    )
}
