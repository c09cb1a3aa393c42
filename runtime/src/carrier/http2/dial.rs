//! From an address to a connection that is up: dial, encrypt, shake hands, all within one time.

use std::{sync::Arc, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};

use super::{
    connection::Connection,
    connector::Connector,
    io::Io,
    keepalive::Keepalive,
    race::race,
    standing::Standing,
    target::{Address, Target},
};

/// How long a connection may be silent before the system asks the other host whether it is there.
const SILENCE: Duration = Duration::from_secs(30);

/// How long what was sent may go unacknowledged by the other host.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// How connections of one channel come about.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) target: Target,
    /// What dials in place of the system.
    pub(super) connector: Option<Connector>,
    pub(super) timeout: Duration,
    pub(super) keepalive: Option<Keepalive>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<super::tls::Encrypt>,
}

impl Dial {
    /// A connection whose peer speaks HTTP/2.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn connect(&self, standing: Arc<Standing>) -> Result<Connection, String> {
        let connecting = async {
            let io = self.encrypt(self.dial().await?).await?;
            Connection::open(io, self.keepalive, standing).await
        };
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no connection came up within {:?}", self.timeout)),
        }
    }

    async fn dial(&self) -> Result<Io, String> {
        let io = match (&self.connector, &self.target.address) {
            (Some(connector), _) => connector.dial().await,
            (None, Address::Tcp(host, port)) => tcp(host, *port).await,
            (None, Address::Unix(path)) => unix(path).await,
        };
        io.map_err(|error| error.to_string())
    }

    #[cfg(feature = "tls")]
    async fn encrypt(&self, io: Io) -> Result<Io, String> {
        match &self.tls {
            Some(tls) => tls.encrypt(io).await,
            None => Ok(io),
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn encrypt(&self, io: Io) -> Result<Io, String> {
        Ok(io)
    }
}

async fn tcp(host: &str, port: u16) -> std::io::Result<Io> {
    let addresses = lookup_host((host, port)).await?;
    let stream = race(addresses, TcpStream::connect).await?;
    stream.set_nodelay(true)?;
    watch(&stream)?;
    Ok(Box::new(stream))
}

/// Has the system notice a host that is gone: one that is silent is asked after 30 s, and what is sent has to be
/// acknowledged within 20 s (gRFC A18). Unlike HTTP/2's pings, no server counts these.
fn watch(stream: &TcpStream) -> std::io::Result<()> {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(SILENCE);
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    let keepalive = keepalive.with_interval(UNACKNOWLEDGED / 2);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> std::io::Result<Io> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> std::io::Result<Io> {
    Err(std::io::ErrorKind::Unsupported.into())
}
