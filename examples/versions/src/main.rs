//! Clients of two versions at one port, then at a server of the old version alone: who is answered by what, and what a
//! client is told that does not fit. `cargo run -p versions` tells it.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::{error::Error, sync::Arc};

use couplet::{Channel, Server, Versioned};
use versions::{Catalog, Downgrade, v1, v2};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalog = Arc::new(Catalog::default());
    both(Arc::clone(&catalog)).await?;
    old_alone(catalog).await
}

/// One core, two contracts, one port.
async fn both(catalog: Arc<Catalog>) -> Result<(), Box<dyn Error>> {
    let movies = Versioned::new()
        .serve(
            "1.4",
            v1::MoviesServer::new(Downgrade(Arc::clone(&catalog))),
        )
        .serve("2.1", v2::MoviesServer::from_arc(catalog))
        .unversioned("1.4");
    let channel = serve(Server::builder().add(movies)).await?;
    let (old, new) = (
        v1::MoviesClient::new(&channel),
        v2::MoviesClient::new(&channel),
    );

    let request = v1::GetMovieRequest::default().with_title("Solaris");
    let movie = old.get_movie(request).await?.into_inner();
    println!("1.4 asks: {} takes {} minutes", movie.title, movie.minutes);
    let request = v2::GetMovieRequest::default().with_title("Solaris");
    let movie = new.get_movie(request).await?.into_inner();
    println!("2.1 asks: {} takes {} seconds", movie.title, movie.seconds);

    let mut movies = old
        .list_movies(v1::ListMoviesRequest::default())
        .await?
        .into_inner();
    while let Some(movie) = movies.message().await? {
        println!("1.4 lists: {}, {} minutes", movie.title, movie.minutes);
    }
    // Only 2.1 has this method.
    let request = v2::RateRequest::default()
        .with_title("Metropolis")
        .with_stars(5);
    let movie = new.rate(request).await?.into_inner();
    println!("2.1 rates: {} has {} stars", movie.title, movie.stars);
    Ok(())
}

/// A server that was not upgraded yet.
async fn old_alone(catalog: Arc<Catalog>) -> Result<(), Box<dyn Error>> {
    let movies = v1::MoviesServer::new(Downgrade(catalog));
    let channel = serve(Server::builder().add(movies)).await?;
    let new = v2::MoviesClient::new(&channel);

    let refused = new.get_movie(v2::GetMovieRequest::default()).await;
    println!("2.1 is told: {}", told(refused));
    let unknown = new.rate(v2::RateRequest::default()).await;
    println!("2.1 is told: {}", told(unknown));
    Ok(())
}

/// Runs a server, and makes a channel to it.
async fn serve(builder: couplet::server::Builder) -> Result<Channel, Box<dyn Error>> {
    let server = builder.bind("127.0.0.1:0").await?;
    let address = server.local_addr().ok_or("a socket has an address")?;
    tokio::spawn(server.run());
    Ok(Channel::connect(format!("http://{address}")).await?)
}

fn told<T>(outcome: Result<T, couplet::Status>) -> String {
    match outcome {
        Ok(_) => "nothing".to_owned(),
        Err(status) => format!("{:?}: {}", status.code(), status.message()),
    }
}
