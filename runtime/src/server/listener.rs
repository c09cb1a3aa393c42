//! What a server accepts connections from: TCP, a unix socket, or any stream of them.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    time::Duration,
};

use futures_core::Stream;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener, UnixStream},
    time::sleep,
};

use super::{Address, registering::Bound};
use crate::{call::Peer, carrier::http2::serve::Socket};

/// Where connections come from.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixSocket),
    Stream(Incoming),
}

/// Connections that were made elsewhere.
pub(super) type Incoming = Pin<Box<dyn Stream<Item = io::Result<Socket>> + Send>>;

/// A listener whose file goes away with it.
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// The first wait after the system had no room for a connection, doubled up to the last.
const FIRST_WAIT: Duration = Duration::from_millis(5);
const LAST_WAIT: Duration = Duration::from_secs(1);

// === Listener ===

impl Listener {
    /// Listens at `address`.
    ///
    /// # Errors
    /// What the system says.
    pub(super) async fn bind(address: &Address) -> io::Result<Self> {
        Ok(match address {
            Address::Tcp(address) => Self::Tcp(TcpListener::bind(address).await?),
            Address::Unix(path) => Self::Unix(UnixSocket::bind(path).await?),
        })
    }

    /// The bound address, where there is one.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) | Self::Stream(_) => None,
        }
    }

    /// Where others could reach it, where that is known.
    pub(super) fn bound(&self) -> Option<Bound> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Bound::Tcp),
            Self::Unix(socket) => Some(Bound::Unix(socket.path.display().to_string())),
            Self::Stream(_) => None,
        }
    }

    /// The next connection; `None` when there will be no more. Waits, ever longer, while the system has no room for one.
    pub(super) async fn accept(&mut self) -> Option<(Socket, Peer)> {
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.accept_once().await? {
                Ok(accepted) => return Some(accepted),
                Err(error) => error,
            };
            if concerns_one(&error) {
                tracing::debug!(%error, "a connection was gone before it was accepted");
            } else {
                tracing::warn!(%error, ?wait, "cannot accept connections");
                sleep(wait).await;
                wait = LAST_WAIT.min(wait * 2);
            }
        }
    }

    async fn accept_once(&mut self) -> Option<io::Result<(Socket, Peer)>> {
        Some(match self {
            Self::Tcp(listener) => listener.accept().await.and_then(|(socket, address)| {
                socket.set_nodelay(true)?;
                Ok((Box::new(socket) as Socket, Peer::at(address)))
            }),
            Self::Unix(UnixSocket { listener, .. }) => {
                let accepted = listener.accept().await;
                accepted.map(|(socket, _)| (Box::new(socket) as Socket, Peer::default()))
            }
            Self::Stream(stream) => poll_fn(|context| stream.as_mut().poll_next(context))
                .await?
                .map(|socket| (socket, Peer::default())),
        })
    }
}

/// Whether an error is about one client and not about this system.
fn concerns_one(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, InvalidInput,
        NotConnected,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | Interrupted
            | InvalidInput
            | NotConnected
    )
}

// === UnixSocket ===

impl UnixSocket {
    async fn bind(path: &Path) -> io::Result<Self> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path).await => {
                std::fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }
}

/// Whether nobody listens at a socket any more.
async fn is_stale(path: &Path) -> bool {
    let tried = UnixStream::connect(path).await;
    tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // Somebody may have taken it away already, which is as good.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Forgets the type of the connections of a stream.
pub(super) struct Boxed<S>(pub(super) S);

impl<S, IO> Stream for Boxed<S>
where
    S: Stream<Item = io::Result<IO>> + Unpin,
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Item = io::Result<Socket>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.0).poll_next(context);
        polled.map(|item| item.map(|connection| connection.map(|io| Box::new(io) as Socket)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use tokio::time::Instant;

    use super::*;

    /// The system's answers when a process may open no more files, and when a client changed its mind.
    fn failing(code: i32) -> io::Result<tokio::io::DuplexStream> {
        Err(io::Error::from_raw_os_error(code))
    }

    async fn accepted_after(errors: Vec<i32>) -> Duration {
        let errors = stream::iter(errors.into_iter().map(failing));
        let good = stream::iter([Ok(tokio::io::duplex(1).0)]);
        let mut listener = Listener::Stream(Box::pin(Boxed(errors.chain(good))));
        let begun = Instant::now();
        assert!(listener.accept().await.is_some());
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_system_without_files_is_asked_ever_less_often() {
        const EMFILE: i32 = 24;
        let waited = accepted_after(vec![EMFILE; 4]).await;
        assert_eq!(waited.as_millis(), 5 + 10 + 20 + 40);
        let waited = accepted_after(vec![EMFILE; 12]).await;
        assert_eq!(waited.as_millis(), 5 * 255 + 4 * 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_again_costs_nobody_any_time() {
        const ECONNABORTED: i32 = 103;
        let waited = accepted_after(vec![ECONNABORTED; 9]).await;
        assert_eq!(waited, Duration::ZERO);
    }
}
