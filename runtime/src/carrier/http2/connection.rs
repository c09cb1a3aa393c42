//! One connection: how many calls it carries, how many it may, and the task that moves its frames.
//!
//! A connection counts as up once the peer's settings came. The task ends with it, and marks it as closed.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use h2::{Reason, client::SendRequest};

use super::{
    config,
    fault::chain,
    io::Io,
    keepalive::{Keepalive, Pings},
    standing::Standing,
};
use crate::policy::connectivity::End;

/// A connection that is up, or was.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    load: Arc<Load>,
}

/// What the task of a connection and its users tell each other.
#[derive(Debug)]
struct Load {
    /// Calls under way.
    calls: AtomicUsize,
    /// The most of them at once since somebody looked.
    peak: AtomicUsize,
    /// The most streams that the peer takes at once.
    room: AtomicUsize,
    closed: AtomicBool,
    /// A call was given up before anything came back.
    doubt: AtomicBool,
    standing: Arc<Standing>,
}

/// A place for one call on a connection; given back when dropped.
#[derive(Debug)]
pub(super) struct Lease {
    sender: SendRequest<Bytes>,
    connection: Arc<Connection>,
}

/// The frames of one connection.
struct Driver {
    frames: h2::client::Connection<Io, Bytes>,
    pings: Option<Pings>,
    load: Arc<Load>,
}

// === Connection ===

impl Connection {
    /// Speaks HTTP/2 over `io`, and returns once the peer did so too.
    ///
    /// # Errors
    /// Why the peer cannot be spoken to.
    pub(super) async fn open(
        io: Io,
        keepalive: Option<Keepalive>,
        standing: Arc<Standing>,
    ) -> Result<Self, String> {
        let (sender, mut frames) = config::handshake()
            .handshake(io)
            .await
            .map_err(|error| chain(&error))?;
        let load = Arc::new(Load::new(standing));
        let pings = frames.ping_pong();
        let slower = load.standing.slower();
        let pings = pings.map(|pings| Pings::new(keepalive, slower, pings));
        let mut driver = Driver {
            frames,
            pings,
            load: Arc::clone(&load),
        };
        poll_fn(|context| match driver.poll(context) {
            Poll::Ready(Ok(())) => {
                Poll::Ready(Err("the server closed the connection at once".to_owned()))
            }
            Poll::Ready(Err(error)) => {
                Poll::Ready(Err(format!("no HTTP/2 with the server: {}", chain(&error))))
            }
            Poll::Pending if load.room.load(Ordering::Relaxed) > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        // Before anything can say that it ended.
        load.standing.up();
        load.closed.store(false, Ordering::Release);
        tokio::spawn(driver.run());
        Ok(Self { sender, load })
    }

    /// Whether new calls may go here.
    pub(super) fn is_open(&self) -> bool {
        !self.load.closed.load(Ordering::Relaxed)
    }

    /// Sends no new calls here; those under way go on.
    pub(super) fn close(&self) {
        self.load.close(End::Lost);
    }

    /// Calls under way.
    pub(super) fn calls(&self) -> usize {
        self.load.calls.load(Ordering::Relaxed)
    }

    /// A place for one call, if fewer than `most` are under way and the peer has room.
    pub(super) fn lease(self: &Arc<Self>, most: usize) -> Option<Lease> {
        let room = most.min(self.load.room.load(Ordering::Relaxed));
        let one_more = |calls| (calls < room).then_some(calls + 1);
        let calls = &self.load.calls;
        let before = calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        before.ok().map(|before| self.hold(before))
    }

    /// A place for one call, though it may have to wait until the peer has room.
    pub(super) fn queue(self: &Arc<Self>) -> Lease {
        self.hold(self.load.calls.fetch_add(1, Ordering::Relaxed))
    }

    /// The most calls that the peer takes at once.
    pub(super) fn room(&self) -> usize {
        self.load.room.load(Ordering::Relaxed)
    }

    /// The most calls at once since this was asked last.
    pub(super) fn take_peak(&self) -> usize {
        let peak = self.load.peak.swap(0, Ordering::Relaxed);
        peak.max(self.calls())
    }

    /// Sends no new calls here, as they need less connections.
    pub(super) fn leave(&self) {
        self.load.close(End::Left);
    }

    fn hold(self: &Arc<Self>, others: usize) -> Lease {
        // Mostly only read: a peak is rare.
        if self.load.peak.load(Ordering::Relaxed) <= others {
            self.load.peak.store(others + 1, Ordering::Relaxed);
        }
        Lease {
            sender: self.sender.clone(),
            connection: Arc::clone(self),
        }
    }
}

// === Lease ===

impl Lease {
    /// Whether the peer still takes new calls, as far as is known. If not, no other call will come here.
    pub(super) fn is_alive(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let alive = !matches!(self.sender.poll_ready(&mut context), Poll::Ready(Err(_)));
        if !alive {
            self.close();
        }
        alive
    }

    /// What sends the call.
    pub(super) fn sender(&mut self) -> &mut SendRequest<Bytes> {
        &mut self.sender
    }

    /// Sends no new calls to this connection.
    pub(super) fn close(&self) {
        self.connection.close();
    }

    /// Has the peer asked whether it is still there.
    pub(super) fn doubt(&self) {
        self.connection.load.doubt.store(true, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let load = &self.connection.load;
        // Ordered after the queue's own count: either the one who waits sees the place, or is seen here.
        load.calls.fetch_sub(1, Ordering::SeqCst);
        load.standing.free();
    }
}

// === Driver ===

impl Driver {
    async fn run(self) {
        let mut driver = pin!(self);
        let ended = poll_fn(|context| driver.poll(context)).await;
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
            if is_about_pings(&error) {
                driver.load.standing.slow_down();
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let polled = Pin::new(&mut self.frames).poll(context);
        let room = self.frames.max_concurrent_send_streams();
        self.load.room.store(room, Ordering::Relaxed);
        if polled.is_pending()
            && let Some(pings) = &mut self.pings
        {
            let idle = self.load.calls.load(Ordering::Relaxed) == 0;
            return pings.poll(context, idle, &self.load.doubt).map(Ok);
        }
        polled
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.load.close(End::Lost);
    }
}

/// Whether the peer went away because it was pinged too often (gRFC A8).
fn is_about_pings(error: &h2::Error) -> bool {
    // What goes with a GOAWAY is only told as text.
    error.is_go_away()
        && error.is_remote()
        && error.reason() == Some(Reason::ENHANCE_YOUR_CALM)
        && error.to_string().contains("too_many_pings")
}

// === Load ===

impl Load {
    /// Not up yet, and so as good as closed.
    fn new(standing: Arc<Standing>) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            room: AtomicUsize::new(0),
            closed: AtomicBool::new(true),
            doubt: AtomicBool::new(false),
            standing,
        }
    }

    fn close(&self, end: End) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            self.standing.ended(end);
        }
    }
}
