//! One connection: two lanes of bytes, each with its own way through the network.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::Network;

/// Bytes under way in one direction; a writer waits for more.
const CAPACITY: usize = 256 << 10;

/// A connection between two hosts.
#[derive(Debug)]
pub(super) struct Wire {
    hosts: [String; 2],
    lanes: Mutex<Lanes>,
}

#[derive(Debug, Default)]
struct Lanes {
    /// From the first host to the second, and back.
    lanes: [Lane; 2],
    reset: bool,
}

#[derive(Debug, Default)]
struct Lane {
    pieces: VecDeque<Piece>,
    bytes: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Nothing more is written.
    ended: bool,
    /// Nothing more is read.
    unread: bool,
}

/// What was written at once; the end if it is empty.
#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    sent: Instant,
    /// Nothing while it cannot arrive.
    due: Option<Instant>,
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct End {
    wire: Arc<Wire>,
    network: Arc<Network>,
    /// Which of the two hosts this is.
    side: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

// === Wire ===

impl Wire {
    /// A connection of the first host to the second.
    pub(super) fn between(network: &Arc<Network>, hosts: [&String; 2]) -> (End, End) {
        let wire = Arc::new(Self {
            hosts: hosts.map(Clone::clone),
            lanes: Mutex::default(),
        });
        let end = |side| End {
            wire: Arc::clone(&wire),
            network: Arc::clone(network),
            side,
            timer: None,
        };
        (end(0), end(1))
    }

    pub(super) fn touches(&self, host: &str) -> bool {
        self.hosts.iter().any(|one| one == host)
    }

    /// Ends it at once for both.
    pub(super) fn reset(&self) {
        let mut lanes = self.lanes();
        lanes.reset = true;
        for lane in &mut lanes.lanes {
            lane.wake();
        }
    }

    /// Lets what was held back arrive, where there is a way again.
    pub(super) fn release(&self, network: &Network) {
        let mut lanes = self.lanes();
        for (side, lane) in lanes.lanes.iter_mut().enumerate() {
            let mut earliest = None;
            for piece in &mut lane.pieces {
                if piece.due.is_none() {
                    let late =
                        network.late_arrival(&self.hosts[side], &self.hosts[1 - side], piece.sent);
                    piece.due = late.max(earliest.filter(|_| late.is_some()));
                }
                earliest = piece.due;
            }
            lane.wake();
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === Lane ===

impl Lane {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }

    /// Sends a piece that would arrive at `due` if nothing were before it.
    fn push(&mut self, bytes: Bytes, due: Option<Instant>) {
        let due = match self.pieces.back() {
            Some(last) => last.due.and_then(|last| due.map(|due| due.max(last))),
            None => due,
        };
        self.bytes += bytes.len();
        self.pieces.push_back(Piece {
            bytes,
            sent: Instant::now(),
            due,
        });
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

// === End ===

impl End {
    /// Its connection, which it keeps alive and others do not.
    pub(super) fn wire(&self) -> Weak<Wire> {
        Arc::downgrade(&self.wire)
    }

    /// Sends `bytes`, or the end.
    fn send(&self, lane: &mut Lane, bytes: Bytes) {
        let hosts = &self.wire.hosts;
        let (from, to) = (&hosts[self.side], &hosts[1 - self.side]);
        let due = self.network.arrival(from, to, &bytes);
        if !lane.unread {
            lane.push(bytes, due);
        }
    }

    fn end(&self) {
        let mut lanes = self.wire.lanes();
        let lane = &mut lanes.lanes[self.side];
        if !lane.ended {
            lane.ended = true;
            self.send(lane, Bytes::new());
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut lanes = self.wire.lanes();
        if lanes.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let lane = &mut lanes.lanes[self.side];
        if lane.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if lane.bytes >= CAPACITY {
            lane.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let taken = bytes.len().min(CAPACITY - lane.bytes);
        if taken > 0 {
            self.send(lane, Bytes::copy_from_slice(&bytes[..taken]));
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut lanes = this.wire.lanes();
        if lanes.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let lane = &mut lanes.lanes[1 - this.side];
        let due = lane.pieces.front().and_then(|piece| piece.due);
        let Some(due) = due else {
            lane.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        if due > Instant::now() {
            lane.reader = Some(context.waker().clone());
            let timer = this.timer.insert(Box::pin(sleep_until(due)));
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
        lane.read(buffer);
        Poll::Ready(Ok(()))
    }
}

impl Lane {
    /// Takes what has arrived, as far as there is room; the end stays.
    fn read(&mut self, buffer: &mut ReadBuf<'_>) {
        let now = Instant::now();
        while let Some(piece) = self.pieces.front_mut() {
            let arrived = piece.due.is_some_and(|due| due <= now);
            if !arrived || piece.bytes.is_empty() || buffer.remaining() == 0 {
                break;
            }
            let taken = piece.bytes.len().min(buffer.remaining());
            buffer.put_slice(&piece.bytes[..taken]);
            piece.bytes.advance(taken);
            self.bytes -= taken;
            if piece.bytes.is_empty() {
                self.pieces.pop_front();
            }
        }
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.end();
        let mut lanes = self.wire.lanes();
        let lane = &mut lanes.lanes[1 - self.side];
        lane.unread = true;
        lane.pieces.clear();
        lane.bytes = 0;
        lane.wake();
    }
}
