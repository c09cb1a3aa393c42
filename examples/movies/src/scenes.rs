//! The scenes of the story: each shows one thing that the contract gave to both ends.

use std::time::Duration;

use couplet::{Code, Status, Streaming, client::stream, policy::breaker::State};
use movies_api::{
    CreateMovieRequest, Genre, GetMovieRequest, ListMoviesRequest, Movie, PosterChunk,
    TonightRequest, UpdateMovieRequest, WatchMoviesRequest,
};
use tokio::time::Instant;

use crate::{Outcome, catalog::SLOW, next, stage::Stage};

/// One message each way.
pub(crate) async fn a_call(stage: &Stage) -> Outcome {
    println!("── A call");
    for (title, year, genre) in [
        ("Metropolis", 1927, Genre::ScienceFiction),
        ("Modern Times", 1936, Genre::Comedy),
        ("Solaris", 1972, Genre::ScienceFiction),
    ] {
        let movie = Movie::default()
            .with_title(title)
            .with_year(year)
            .with_genre(genre);
        let request = CreateMovieRequest::default().with_movie(movie);
        let created = stage.movies.create_movie(request).await?.into_inner();
        println!(
            "   created  {}: {} ({})",
            created.id, created.title, created.year
        );
    }
    let found = stage.movies.get_movie(numbered(1)).await?.into_inner();
    println!("   found    1: {}\n", found.title);
    Ok(())
}

/// Many messages, each way and both.
pub(crate) async fn streams(stage: &Stage) -> Outcome {
    println!("── Streams");
    let request = ListMoviesRequest::default().with_genre(Genre::ScienceFiction);
    let mut movies = stage.movies.list_movies(request).await?.into_inner();
    while let Some(movie) = movies.message().await? {
        println!("   listed   {}: {}", movie.id, movie.title);
    }
    let chunk = |_| {
        PosterChunk::default()
            .with_id(1)
            .with_data(vec![7; 64 << 10])
    };
    let poster = Streaming::iter((0..8).map(chunk));
    let uploaded = stage.movies.upload_poster(poster).await?.into_inner();
    println!(
        "   uploaded {} KiB in {} chunks",
        uploaded.size >> 10,
        uploaded.chunks
    );

    let (wishes, requests) = stream::channel(1);
    let mut events = stage.movies.watch_movies(requests).await?.into_inner();
    wishes
        .send(WatchMoviesRequest::default().with_id(2))
        .await?;
    let movie = Movie::default()
        .with_id(2)
        .with_title("Modern Times")
        .with_year(1936);
    let update = UpdateMovieRequest::default().with_movie(movie);
    // The wish and the update travel on streams of their own: update until the watch has begun.
    let event = loop {
        stage.movies.update_movie(update.clone()).await?;
        let soon = tokio::time::timeout(Duration::from_millis(50), events.message());
        if let Ok(event) = soon.await {
            break event?.ok_or("the watch ended early")?;
        }
    };
    println!("   watched  2 being {}\n", event.what);
    Ok(())
}

/// A budget that travels: the caller gives it once, and the work it does not cover stops two hops away.
pub(crate) async fn a_deadline_two_hops_down(stage: &Stage) -> Outcome {
    println!("── A deadline, two hops down");
    println!("   you ─ 120 ms ─▶ Billboard/Tonight ─▶ Movies/GetMovie, which takes for ever");
    let started = Instant::now();
    let tonight = stage
        .billboard
        .tonight(TonightRequest::default().with_id(SLOW));
    let late = failed(tonight.timeout(Duration::from_millis(120)).await)?;
    println!("   after {:.0?}: {}", started.elapsed(), told(&late));
    expect(late.code() == Code::DeadlineExceeded, "the deadline holds")?;
    // The second hop learns of it on its own clock, within a moment.
    while stage.catalog.given_up() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!(
        "   the search in the catalogue was dropped {:.0?} after the start\n",
        started.elapsed()
    );
    Ok(())
}

/// Two releases that must not meet.
pub(crate) async fn a_version_that_does_not_fit(stage: &Stage) -> Outcome {
    println!("── A client that was built from 2.0.0");
    let client = next::MoviesClient::connect(format!("http://{}", stage.address)).await?;
    let request = next::GetMovieRequest::default().with_title("Metropolis");
    let refused = failed(client.get_movie(request).await)?;
    println!("   {}\n", told(&refused));
    expect(
        refused.code() == Code::FailedPrecondition,
        "the releases do not fit",
    )
}

/// A sick server is left alone, and found again when it is well.
pub(crate) async fn a_breaker(stage: &Stage) -> Outcome {
    println!("── A breaker");
    let breaker = stage
        .movies
        .stack()
        .breaker("GetMovie")
        .ok_or("the contract has GetMovie")?;
    stage.catalog.make_sick(true);
    let mut failures = 0;
    while breaker.state() != State::Open {
        failed(stage.movies.get_movie(numbered(1)).await)?;
        failures += 1;
    }
    println!(
        "   the catalogue fails; {failures} failures more among the last 20 calls, and the breaker is open"
    );
    let started = Instant::now();
    let refused = failed(stage.movies.get_movie(numbered(1)).await)?;
    println!(
        "   refused in {:.0?}: {}",
        started.elapsed(),
        told(&refused)
    );

    stage.catalog.make_sick(false);
    println!("   the catalogue is well again …");
    let started = Instant::now();
    while breaker.state() != State::Closed {
        // A caller would come back with its own next call; the story has none but these.
        let _ = stage.movies.get_movie(numbered(1)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = stage.movies.get_movie(numbered(1)).await?.into_inner();
    println!(
        "   closed again after {:.1?}; found 1: {}\n",
        started.elapsed(),
        found.title
    );
    Ok(())
}

fn numbered(id: u64) -> GetMovieRequest {
    GetMovieRequest::default().with_id(id)
}

fn told(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

fn failed<T>(outcome: Result<T, Status>) -> Outcome<Status> {
    outcome
        .err()
        .ok_or_else(|| "a call was expected to fail, and did not".into())
}

fn expect(holds: bool, what: &str) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(format!("the story broke: {what}").into())
    }
}
