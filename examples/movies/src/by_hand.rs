//! The same server and client, used by hand.

use couplet::Server;
use movies_api::{
    CreateMovieRequest, GetMovieRequest, ListMoviesRequest, Movie, MoviesClient, MoviesServer,
};

use crate::{Outcome, catalog::Catalog};

const HELP: &str = "\
cargo run -p movies                                  tell the story
cargo run -p movies -- fleet [REGISTRY]              tell the story of a fleet; REGISTRY is couplet, or etcd if there is one
cargo run -p movies -- serve [ADDRESS]               serve, until Ctrl-C
cargo run -p movies -- create TITLE YEAR [TARGET]    add a movie
cargo run -p movies -- get ID [TARGET]               find a movie
cargo run -p movies -- list [TARGET]                 list the movies

ADDRESS is 127.0.0.1:50051 and TARGET http://127.0.0.1:50051 unless given.";

const ADDRESS: &str = "127.0.0.1:50051";
const TARGET: &str = "http://127.0.0.1:50051";

/// Does what `words` say.
pub(crate) async fn run(words: &[&str]) -> Outcome {
    match *words {
        #[cfg(unix)]
        ["fleet"] => crate::fleet::tell("couplet").await,
        #[cfg(unix)]
        ["fleet", registry] => crate::fleet::tell(registry).await,
        #[cfg(unix)]
        ["member", release, registry] => crate::fleet::serve(release, registry).await,
        ["serve"] => serve(ADDRESS).await,
        ["serve", address] => serve(address).await,
        ["get", id] => get(id, TARGET).await,
        ["get", id, target] => get(id, target).await,
        ["list"] => list(TARGET).await,
        ["list", target] => list(target).await,
        ["create", title, year] => create(title, year, TARGET).await,
        ["create", title, year, target] => create(title, year, target).await,
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!(
            "`movies {}` is nothing; what there is:\n\n{HELP}",
            words.join(" ")
        )
        .into()),
    }
}

async fn serve(address: &str) -> Outcome {
    let server = Server::builder()
        .add(MoviesServer::new(Catalog::new()))
        .health()
        .reflection()
        .bind(address)
        .await?;
    if let Some(address) = server.local_addr() {
        println!("movies.v1.Movies 1.4.2 listens at {address}; Ctrl-C drains it");
    }
    let interrupted = async {
        // Without signals there is no Ctrl-C to wait for, and the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let drained = server.run_until(interrupted).await;
    println!("drained; {} calls were cut", drained.calls_cut);
    Ok(())
}

async fn get(id: &str, target: &str) -> Outcome {
    let id = id.parse().map_err(|_| format!("`{id}` is not a number"))?;
    let movies = MoviesClient::connect(target).await?;
    show(
        &movies
            .get_movie(GetMovieRequest::default().with_id(id))
            .await?
            .into_inner(),
    );
    Ok(())
}

async fn list(target: &str) -> Outcome {
    let movies = MoviesClient::connect(target).await?;
    let mut listed = movies
        .list_movies(ListMoviesRequest::default())
        .await?
        .into_inner();
    let mut any = false;
    while let Some(movie) = listed.message().await? {
        any = true;
        show(&movie);
    }
    if !any {
        println!("there are no movies yet; add one with `create TITLE YEAR`");
    }
    Ok(())
}

async fn create(title: &str, year: &str, target: &str) -> Outcome {
    let year: u32 = year
        .parse()
        .map_err(|_| format!("`{year}` is not a year"))?;
    let movies = MoviesClient::connect(target).await?;
    let movie = Movie::default().with_title(title).with_year(year);
    let request = CreateMovieRequest::default().with_movie(movie);
    show(&movies.create_movie(request).await?.into_inner());
    Ok(())
}

fn show(movie: &Movie) {
    println!("{}: {} ({})", movie.id, movie.title, movie.year);
}
