//! Debian's `haproxy`: one for each test, in front of the servers that the test has, HTTP/2 on both sides.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    process::{self, Child, Stdio},
    thread::sleep,
    time::Duration,
};

use crate::peers::peer;

/// How many ports are tried: another program may take one in the meantime.
const ATTEMPTS: usize = 10;

/// A load balancer that gives each call to the next of its servers, gone with its configuration when this is dropped.
#[derive(Debug)]
pub struct Haproxy {
    child: Child,
    /// The port it listens on, on 127.0.0.1.
    pub port: u16,
    folder: PathBuf,
}

impl Haproxy {
    /// Starts one for the test of this name, in front of what listens on these ports of 127.0.0.1.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(test: &str, servers: &[u16]) -> Self {
        let folder = format!("couplet-haproxy-{test}-{}", process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        for _ in 0..ATTEMPTS {
            let port = free();
            let path = folder.join("haproxy.cfg");
            fs::write(&path, configuration(port, servers)).expect("a file");
            let mut command = peer("haproxy");
            let command = command.arg("-db").arg("-f").arg(path);
            let child = command
                .stdin(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
            let folder = folder.clone();
            let mut proxy = Self {
                child,
                port,
                folder,
            };
            if proxy.listens() {
                return proxy;
            }
        }
        panic!("haproxy does not listen")
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits for it. It ends at once where its port was taken by another in the meantime.
    fn listens(&mut self) -> bool {
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        // Only fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody has at the moment: haproxy does not say which one it would choose.
fn free() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn configuration(port: u16, servers: &[u16]) -> String {
    let servers: String = servers
        .iter()
        .map(|port| {
            format!(
                "    server at-{port} 127.0.0.1:{port} proto h2 check inter 100ms fall 1 rise 1\n"
            )
        })
        .collect();
    format!(
        "defaults\n    mode http\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n    \
         retries 3\n    option redispatch 1\n\
         frontend calls\n    bind 127.0.0.1:{port} proto h2\n    default_backend servers\n\
         backend servers\n    balance roundrobin\n{servers}"
    )
}
