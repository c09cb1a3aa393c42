//! Debian's `etcd-server`: one of its own for each test, with an empty store.

use std::{fs, path::PathBuf, process};

use crate::{
    peers::{credential, peer},
    program::Server,
};

/// A server with a store of its own, gone with its data when this is dropped.
#[derive(Debug)]
pub struct Etcd {
    /// None while it is stopped.
    server: Option<Server>,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    data: PathBuf,
    way: Way,
}

/// How it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Encrypted,
}

impl Etcd {
    /// Starts one for the test of this name.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(test: &str) -> Self {
        Self::speaking(Way::Plain, test)
    }

    /// Starts one that speaks TLS, with the certificate of gRPC's tests for `foo.test.google.fr`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_encrypted(test: &str) -> Self {
        Self::speaking(Way::Encrypted, test)
    }

    fn speaking(way: Way, test: &str) -> Self {
        let data = std::env::temp_dir().join(format!("couplet-etcd-{test}-{}", process::id()));
        // Of a run that was killed, if anything is there.
        let _ = fs::remove_dir_all(&data);
        let mut etcd = Self {
            server: None,
            port: 0,
            data,
            way,
        };
        etcd.start_again();
        etcd
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
        let mut command = peer("etcd");
        command.arg("--data-dir").arg(&self.data);
        // It elects itself, which need not take long.
        command.args(["--heartbeat-interval=10", "--election-timeout=50"]);
        command.arg("--listen-peer-urls=http://127.0.0.1:0");
        let scheme = match self.way {
            Way::Plain => "http",
            Way::Encrypted => {
                command.arg("--cert-file").arg(credential("server1.pem"));
                command.arg("--key-file").arg(credential("server1.key"));
                "https"
            }
        };
        for place in ["listen-client-urls", "advertise-client-urls"] {
            command.arg(format!("--{place}={scheme}://127.0.0.1:{}", self.port));
        }
        let server = Server::start_logging(&mut command, "client requests on 127.0.0.1:");
        self.port = server.port;
        self.server = Some(server);
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
