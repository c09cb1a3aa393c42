//! From an address to a connection that is up: dial, encrypt, shake hands, all within one time.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpStream;

use super::{
    connection::Connection,
    connector::Connector,
    io::Io,
    keepalive::Keepalive,
    standing::Standing,
    target::{Address, Target},
};

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
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> std::io::Result<Io> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> std::io::Result<Io> {
    Err(std::io::ErrorKind::Unsupported.into())
}
