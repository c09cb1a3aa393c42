//! Whether the peer is still there: a ping after a while, and the end of the connection if it stays unanswered.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

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
    settings: Keepalive,
    pings: PingPong,
    timer: Pin<Box<Sleep>>,
    waiting: bool,
}

impl Pings {
    /// Pings as `settings` say.
    pub(super) fn new(settings: Keepalive, pings: PingPong) -> Self {
        Self {
            settings,
            pings,
            timer: Box::pin(sleep(settings.interval)),
            waiting: false,
        }
    }

    /// Ready when the peer is given up.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, idle: bool) -> Poll<()> {
        loop {
            if self.waiting {
                match self.pings.poll_pong(context) {
                    Poll::Ready(Ok(_)) => self.wait(self.settings.interval, false),
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => return self.timer.as_mut().poll(context),
                }
            }
            std::task::ready!(self.timer.as_mut().poll(context));
            if idle && !self.settings.while_idle {
                self.wait(self.settings.interval, false);
            } else if self.pings.send_ping(Ping::opaque()).is_ok() {
                self.wait(self.settings.timeout, true);
            } else {
                return Poll::Ready(());
            }
        }
    }

    fn wait(&mut self, time: Duration, waiting: bool) {
        self.waiting = waiting;
        self.timer.as_mut().reset(Instant::now() + time);
    }
}
