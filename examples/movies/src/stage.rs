//! Two servers on loopback, as the story needs them: the catalogue, and the billboard that calls it.

use std::net::SocketAddr;

use couplet::{Server, client::Channel};
use movies_api::{BillboardClient, BillboardServer, MoviesClient, MoviesServer};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{Outcome, billboard::Cinema, catalog::Catalog};

/// Everything that runs while the story is told.
pub(crate) struct Stage {
    pub(crate) catalog: Catalog,
    pub(crate) address: SocketAddr,
    pub(crate) movies: MoviesClient,
    pub(crate) billboard: BillboardClient,
    servers: Vec<Running>,
}

impl Stage {
    /// Starts both servers on free ports and connects a client to each.
    pub(crate) async fn set() -> Outcome<Self> {
        let catalog = Catalog::new();
        let builder = Server::builder().add(MoviesServer::new(catalog.clone()));
        let (address, movies_server) = start(builder.bind("127.0.0.1:0").await?)?;
        let movies = MoviesClient::connect(format!("http://{address}")).await?;

        let cinema = Cinema::new(movies.clone());
        let builder = Server::builder().add(BillboardServer::new(cinema));
        let (front, billboard_server) = start(builder.bind("127.0.0.1:0").await?)?;
        let channel = Channel::connect(format!("http://{front}")).await?;
        Ok(Self {
            catalog,
            address,
            movies,
            billboard: BillboardClient::new(channel),
            servers: vec![billboard_server, movies_server],
        })
    }

    /// Drains both servers.
    pub(crate) async fn clear(self) -> Outcome {
        for (stop, server) in self.servers {
            // A server that is gone needs no telling.
            let _ = stop.send(());
            server.await?;
        }
        Ok(())
    }
}

pub(crate) type Running = (oneshot::Sender<()>, JoinHandle<()>);

/// Runs `server`: where, and how to end it.
pub(crate) fn start(server: Server) -> Outcome<(SocketAddr, Running)> {
    let address = server.local_addr().ok_or("a TCP server has an address")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        let told = async { drop(stopped.await) };
        let _ = server.run_until(told).await;
    });
    Ok((address, (stop, running)))
}
