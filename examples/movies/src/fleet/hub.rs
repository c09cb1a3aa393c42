//! The registry that a fleet meets at, to be stopped and started.

use std::{net::TcpListener, path::PathBuf, process::Stdio, time::Duration};

use couplet::Server;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
    time::sleep,
};

use crate::Outcome;

/// A registry of one kind or the other.
pub(super) struct Hub {
    port: u16,
    kind: Kind,
}

enum Kind {
    /// Served by this program.
    Own(Option<JoinHandle<()>>),
    /// A process of its own, with a folder that is gone with it.
    Etcd(Box<Option<Child>>, PathBuf),
}

impl Hub {
    /// Starts one on a free port of this machine.
    pub(super) async fn start(kind: &str) -> Outcome<Self> {
        let free = TcpListener::bind("127.0.0.1:0")?;
        let port = free.local_addr()?.port();
        drop(free);
        let kind = match kind {
            "couplet" => Kind::Own(None),
            "etcd" => {
                let name = format!("couplet-fleet-{}-{port}", std::process::id());
                Kind::Etcd(Box::default(), std::env::temp_dir().join(name))
            }
            other => {
                return Err(format!("`{other}` is no registry; there are couplet, etcd").into());
            }
        };
        let mut hub = Self { port, kind };
        hub.open().await?;
        Ok(hub)
    }

    /// Where servers register.
    pub(super) fn target(&self) -> String {
        let scheme = match self.kind {
            Kind::Own(_) => "couplet",
            Kind::Etcd(..) => "etcd",
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Starts it where it was.
    pub(super) async fn open(&mut self) -> Outcome {
        let address = format!("127.0.0.1:{}", self.port);
        match &mut self.kind {
            Kind::Own(running) => {
                let server = Server::builder().registry().bind(&*address).await?;
                *running = Some(tokio::spawn(async {
                    let _ = server.run().await;
                }));
            }
            Kind::Etcd(child, folder) => {
                let (client, peer) = (format!("http://{address}"), "http://127.0.0.1:0");
                let started = Command::new("etcd")
                    .arg("--data-dir")
                    .arg(&*folder)
                    .args([
                        "--listen-client-urls",
                        &client,
                        "--advertise-client-urls",
                        &client,
                    ])
                    .args(["--listen-peer-urls", peer, "--log-level", "error"])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .kill_on_drop(true)
                    .spawn();
                **child = Some(started.map_err(|error| format!("cannot start etcd: {error}"))?);
            }
        }
        while TcpStream::connect(&*address).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Ends it at once; etcd keeps what it has on disk, a registry of couplet has nothing to keep.
    pub(super) async fn close(&mut self) -> Outcome {
        match &mut self.kind {
            Kind::Own(running) => {
                if let Some(running) = running.take() {
                    running.abort();
                    // It was aborted: that is no news.
                    let _ = running.await;
                }
            }
            Kind::Etcd(child, _) => {
                if let Some(mut child) = child.take() {
                    child.kill().await?;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Kind::Etcd(child, folder) = &mut self.kind {
            drop(child.take());
            // A folder of the temporary ones may stay.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
