//! The first bytes of an HTTP/2 connection, read before anything is built for it.
//!
//! A client that sends nothing, or sends them one by one, costs a socket and a timer until the handshake times out, and a
//! client that speaks something else is gone at its first wrong byte. Once they are read, shutting down gracefully cannot
//! wait for them.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::timeout,
};

/// How long a client may take to hang up after its last answer.
const LINGER: Duration = Duration::from_secs(1);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes both ways.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection of any kind: one virtual call beside a system call.
pub(crate) type Socket = Box<dyn Io>;

/// A socket whose preface was read, and is read once more.
pub(super) struct Greeted {
    left: &'static [u8],
    /// There until this is dropped.
    socket: Option<Socket>,
    traffic: Traffic,
    left_behind: LeftBehind,
}

/// Where the socket of a connection is found once the connection is over.
#[derive(Clone, Default)]
pub(super) struct LeftBehind(Arc<Mutex<Option<Socket>>>);

/// Whether anything still moves over a socket.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic(Arc<AtomicUsize>);

/// Waits for the preface.
///
/// # Errors
/// If the client sends something else, or goes away.
pub(super) async fn greet(mut socket: Socket) -> io::Result<Greeted> {
    let mut left = PREFACE;
    let mut buffer = [0; PREFACE.len()];
    while !left.is_empty() {
        let read = socket.read(&mut buffer[..left.len()]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left = left.strip_prefix(&buffer[..read]).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the client does not speak HTTP/2",
            )
        })?;
    }
    Ok(Greeted {
        left: PREFACE,
        socket: Some(socket),
        traffic: Traffic::default(),
        left_behind: LeftBehind::default(),
    })
}

// === Traffic ===

impl Traffic {
    /// A number that is another one once something has moved.
    pub(super) fn moved(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn saw<T>(&self, polled: Poll<T>) -> Poll<T> {
        if polled.is_ready() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }
}

// === LeftBehind ===

impl LeftBehind {
    /// Hangs up only after the client did, or after a second.
    ///
    /// Whoever hangs up on a client that still says something, be it that it has read an answer, makes the system reset the
    /// connection, and the client may never read the answers that are on their way.
    pub(super) async fn linger(self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut socket) = left else {
            return;
        };
        let hung_up = timeout(LINGER, async {
            // It may be closed in this direction already.
            let _ = socket.shutdown().await;
            let mut ignored = [0; 1024];
            while matches!(socket.read(&mut ignored).await, Ok(1..)) {}
        });
        if hung_up.await.is_err() {
            tracing::debug!("a client did not hang up after its last answer");
        }
    }
}

// === Greeted ===

impl Greeted {
    /// What moves over it.
    pub(super) fn traffic(&self) -> Traffic {
        self.traffic.clone()
    }

    /// Where the socket will be.
    pub(super) fn left_behind(&self) -> LeftBehind {
        self.left_behind.clone()
    }

    fn socket(&mut self) -> io::Result<Pin<&mut Socket>> {
        let socket = self.socket.as_mut().map(Pin::new);
        socket.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Greeted {
    fn drop(&mut self) {
        let mut slot = self
            .left_behind
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *slot = self.socket.take();
    }
}

impl AsyncRead for Greeted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            let polled = self.socket()?.poll_read(context, buffer);
            return self.traffic.saw(polled);
        }
        let (now, later) = self.left.split_at(self.left.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.left = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = self.socket()?.poll_write(context, bytes);
        self.traffic.saw(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.socket()?.poll_write_vectored(context, slices);
        self.traffic.saw(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket
            .as_ref()
            .is_some_and(|socket| socket.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_preface_is_read_once_more() {
        let (mut client, server) = tokio::io::duplex(64);
        tokio::io::AsyncWriteExt::write_all(&mut client, PREFACE)
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut client, b"next")
            .await
            .unwrap();
        let mut greeted = greet(Box::new(server)).await.unwrap();
        let mut read = [0; PREFACE.len() + 4];
        greeted.read_exact(&mut read).await.unwrap();
        assert!(read.starts_with(PREFACE));
        assert!(read.ends_with(b"next"));
    }

    #[tokio::test]
    async fn another_protocol_is_refused_at_its_first_wrong_byte() {
        let (mut client, server) = tokio::io::duplex(64);
        tokio::io::AsyncWriteExt::write_all(&mut client, b"PO")
            .await
            .unwrap();
        let refused = greet(Box::new(server)).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    }
}
