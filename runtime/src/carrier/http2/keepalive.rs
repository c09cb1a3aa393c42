//! Whether the peer is still there: a ping after a while or on doubt, and the end of the connection without an answer.
//!
//! Without a keepalive, a ping is sent only when a call was given up before anything came back for it: the one sign that
//! a peer may be gone which costs nothing to see. A host that is gone is noticed by TCP (see `dial`), a process that hangs is not.
//!
//! A server that is pinged more often than it allows says `too_many_pings` and goes away (gRFC A8). From then on there is twice
//! the time between pings to this target, and again each time, as in gRPC.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

/// How long a doubted peer may take to answer, and the least time from one doubt to the next.
const DOUBT: Duration = Duration::from_secs(10);

/// When a connection is tried with a ping. Servers may end connections that ping more often than they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// The time between pings.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Whether to ping while there is no call.
    pub while_idle: bool,
}

/// The pings of one connection.
#[derive(Debug)]
pub(super) struct Pings {
    keepalive: Option<Keepalive>,
    pings: PingPong,
    timer: Pin<Box<Sleep>>,
    /// A ping is out.
    waiting: bool,
    doubted: Option<Instant>,
    /// The least time from one doubt to the next.
    trust: Duration,
}

impl Pings {
    /// Pings as `keepalive` says, with `slower` times as much time in between.
    pub(super) fn new(keepalive: Option<Keepalive>, slower: u32, pings: PingPong) -> Self {
        let keepalive = keepalive.map(|keepalive| Keepalive {
            interval: keepalive.interval.saturating_mul(slower),
            ..keepalive
        });
        let interval = keepalive.map_or(DOUBT, |keepalive| keepalive.interval);
        Self {
            trust: DOUBT.saturating_mul(slower),
            keepalive,
            pings,
            timer: Box::pin(sleep(interval)),
            waiting: false,
            doubted: None,
        }
    }

    /// Ready when the peer is given up. Looks at `doubt` and takes it back.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        idle: bool,
        doubt: &AtomicBool,
    ) -> Poll<()> {
        loop {
            if self.waiting {
                match self.pings.poll_pong(context) {
                    Poll::Ready(Ok(_)) => self.rest(),
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => return self.timer.as_mut().poll(context),
                }
            }
            let due = match self.keepalive {
                Some(_) => self.timer.as_mut().poll(context).is_ready(),
                None => false,
            };
            let timeout = match self.keepalive {
                Some(keepalive) if due && idle && !keepalive.while_idle => {
                    self.rest();
                    continue;
                }
                Some(keepalive) if due => keepalive.timeout,
                _ if doubt.swap(false, Ordering::Relaxed)
                    && may_doubt(&mut self.doubted, self.trust) =>
                {
                    DOUBT
                }
                _ => return Poll::Pending,
            };
            if self.pings.send_ping(Ping::opaque()).is_err() {
                return Poll::Ready(());
            }
            self.waiting = true;
            self.timer.as_mut().reset(Instant::now() + timeout);
        }
    }

    fn rest(&mut self) {
        self.waiting = false;
        if let Some(keepalive) = self.keepalive {
            let next = Instant::now() + keepalive.interval;
            self.timer.as_mut().reset(next);
        }
    }
}

fn may_doubt(last: &mut Option<Instant>, trust: Duration) -> bool {
    let now = Instant::now();
    let may = last.is_none_or(|last| now - last >= trust);
    if may {
        *last = Some(now);
    }
    may
}
