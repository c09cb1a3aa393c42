//! The plain HTTP side of a server: a small listener of its own for probes and scrapers, which speak no gRPC.
//!
//! It is up for as long as the server runs, its drain included. It holds back what a careless or hostile client could ask
//! of it: 32 connections at once, 16 KiB of headers, 5 s for them, one answer per connection, and 10 s for all of it.

mod pages;

use std::{
    io,
    net::{SocketAddr, TcpListener as Bound},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

pub use pages::Page;
pub(super) use pages::Pages;

use crate::carrier::plain;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 32;
/// How long a connection may take.
const TIME: Duration = Duration::from_secs(10);
/// How long nothing is accepted after the system had no room for a connection.
const REST: Duration = Duration::from_millis(100);

/// A plain HTTP side that is bound to its place.
#[derive(Debug)]
pub(super) struct Admin {
    listener: TcpListener,
    pages: Arc<Pages>,
}

impl Admin {
    /// Listens at `address`, a host or its address with a port.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn bind(address: &str, pages: Pages) -> io::Result<Self> {
        // Not tokio's way, which would make every way to build a server wait.
        let listener = Bound::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener: TcpListener::from_std(listener)?,
            pages: Arc::new(pages),
        })
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers for as long as it is polled.
    pub(super) async fn serve(self) {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((socket, _)) => {
                    let pages = Arc::clone(&self.pages);
                    connections.spawn(async move {
                        let _permit = permit;
                        // Who is late or breaks HTTP has its answer: the connection is gone.
                        let answering = plain::answer(socket, |request| {
                            pages.answer(request.method(), request.uri().path())
                        });
                        let _ = timeout(TIME, answering).await;
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "the plain HTTP side cannot accept a connection");
                    sleep(REST).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    }
}
