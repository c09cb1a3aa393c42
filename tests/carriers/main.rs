//! One suite that every carrier passes: what a caller sees does not depend on how its calls travel.
//!
//! To add a carrier: a function that makes its client, and its line in [`everywhere`].

mod catalog;

use std::{
    future::Future,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    time::Duration,
};

use catalog::{BROKEN, Catalog, ENDLESS, MISSING};
use couplet::{
    Channel, Code, Server, Status, Streaming,
    call::Invoke,
    carrier::{http2::Over, local::Local},
    client::stream,
    stack,
};
use movies_api::{
    CreateMovieRequest, GetMovieRequest, ListMoviesRequest, Movie, Movies, MoviesClient,
    MoviesServer, PosterChunk, WatchMoviesRequest,
};

/// One claim about any client of `catalog`.
trait Claim {
    fn hold<I: Invoke + 'static>(
        movies: MoviesClient<I>,
        catalog: Catalog,
    ) -> impl Future<Output = ()>;
}

/// Holds a claim over every carrier.
async fn everywhere<C: Claim>() {
    in_process::<C>().await;
    over_tcp::<C>().await;
    over_a_unix_socket::<C>().await;
    over_a_channel_of_tonic::<C>().await;
}

async fn in_process<C: Claim>() {
    let catalog = Catalog::default();
    let services = Local::new().with(MoviesServer::new(catalog.clone()));
    C::hold(MoviesClient::new(Channel::local(services)), catalog).await;
}

async fn over_tcp<C: Claim>() {
    let (catalog, target) = served().await;
    C::hold(MoviesClient::connect(target).await.unwrap(), catalog).await;
}

async fn over_a_unix_socket<C: Claim>() {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let unique = format!(
        "couplet-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, SeqCst)
    );
    let folder = std::env::temp_dir().join(unique);
    std::fs::create_dir_all(&folder).unwrap();
    let target = format!("unix:{}", folder.join("movies").display());
    let catalog = Catalog::default();
    let server = Server::builder().add(MoviesServer::new(catalog.clone()));
    let running = tokio::spawn(server.bind(target.as_str()).await.unwrap().run());
    C::hold(MoviesClient::connect(target).await.unwrap(), catalog).await;
    running.abort();
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn over_a_channel_of_tonic<C: Claim>() {
    let (catalog, target) = served().await;
    let channel = tonic::transport::Endpoint::from_shared(target).unwrap();
    let carrier = Over::new(channel.connect().await.unwrap());
    let service = <MoviesServer<Catalog> as couplet::codegen::Contract>::SERVICE;
    C::hold(
        MoviesClient::over(stack::Client::new(
            carrier,
            service,
            &stack::ClientSettings::default(),
        )),
        catalog,
    )
    .await;
}

/// A server on a free port, for as long as the test's runtime lives.
async fn served() -> (Catalog, String) {
    let catalog = Catalog::default();
    let server = Server::builder().add(MoviesServer::new(catalog.clone()));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", server.local_addr().unwrap());
    tokio::spawn(server.run());
    (catalog, target)
}

fn numbered(id: u64) -> GetMovieRequest {
    GetMovieRequest::default().with_id(id)
}

/// Waits until as many endless searches are under way.
async fn searching(catalog: &Catalog, wanted: u32) {
    while catalog.searching.load(SeqCst) != wanted {
        tokio::task::yield_now().await;
    }
}

macro_rules! claims {
    ($($name:ident: |$movies:ident, $catalog:ident| $story:block)*) => {$(
        #[tokio::test]
        async fn $name() {
            struct Story;
            impl Claim for Story {
                async fn hold<I: Invoke + 'static>($movies: MoviesClient<I>, $catalog: Catalog) $story
            }
            tokio::time::timeout(Duration::from_secs(60), everywhere::<Story>()).await.expect("a carrier hangs");
        }
    )*};
}

claims! {
    a_message_goes_each_way: |movies, _catalog| {
        let movie = movies.get_movie(numbered(7)).await.unwrap();
        assert_eq!(movie.get_ref().id, 7);
    }

    a_stream_is_answered_to_its_end: |movies, _catalog| {
        let mut listed = movies.list_movies(ListMoviesRequest::default()).await.unwrap().into_inner();
        for id in 0..100 {
            assert_eq!(listed.message().await.unwrap().unwrap().id, id);
        }
        assert_eq!(listed.message().await.unwrap(), None);
    }

    a_stream_is_taken_to_its_end: |movies, _catalog| {
        let chunk = |_| PosterChunk::default().with_data(vec![7; 50_000]);
        let uploaded = movies.upload_poster(Streaming::iter((0..20).map(chunk))).await.unwrap();
        assert_eq!(uploaded.get_ref().size, 1_000_000);
    }

    two_streams_talk_to_each_other: |movies, _catalog| {
        let (wishes, requests) = stream::channel(1);
        let mut events = movies.watch_movies(requests).await.unwrap().into_inner();
        for id in [3, 1, 2] {
            wishes.send(WatchMoviesRequest::default().with_id(id)).await.unwrap();
            let event = events.message().await.unwrap().unwrap();
            assert_eq!(event.movie.unwrap().id, id);
        }
        drop(wishes);
        assert_eq!(events.message().await.unwrap(), None);
    }

    an_error_arrives_with_its_text_details_and_metadata: |movies, _catalog| {
        let status = movies.get_movie(numbered(MISSING)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no movie 3 ☹"));
        assert_eq!(status.details(), [0, 255]);
        assert_eq!(status.metadata().get("x-shelf").unwrap(), "7");
    }

    metadata_goes_both_ways: |movies, _catalog| {
        let request = CreateMovieRequest::default().with_movie(Movie::default());
        let call = movies.create_movie(request).metadata("x-trace", "abc").metadata("x-trace", "def");
        let answer = call.await.unwrap();
        let traces: Vec<_> = answer.metadata().get_all("x-trace").iter().collect();
        assert_eq!(traces, ["abc", "def"]);
        assert_eq!(answer.metadata().get("x-after").unwrap(), "the end");
    }

    a_deadline_ends_the_call_here_and_the_work_there: |movies, catalog| {
        let call = movies.get_movie(numbered(ENDLESS)).timeout(Duration::from_millis(50));
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        searching(&catalog, 0).await;
    }

    a_method_is_bound_by_its_contract: |movies, _catalog| {
        let status = movies.get_movie(numbered(ENDLESS)).await.unwrap_err();
        assert!(status.message().ends_with("limit: method"), "{status}");
    }

    a_call_that_its_caller_drops_is_dropped_there: |movies, catalog| {
        {
            let request = numbered(ENDLESS);
            let call = Movies::get_movie(&movies, couplet::Request::new(request));
            tokio::select! {
                answer = call => panic!("an endless search has no answer: {answer:?}"),
                () = searching(&catalog, 1) => {}
            }
        }
        searching(&catalog, 0).await;
    }

    a_panic_is_internal_and_hurts_nobody_else: |movies, _catalog| {
        let status = movies.get_movie(numbered(BROKEN)).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        movies.get_movie(numbered(7)).await.unwrap();
    }

    a_method_that_nobody_wrote_is_unimplemented: |movies, _catalog| {
        let status: Status = movies.update_movie(movies_api::UpdateMovieRequest::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(status.message().contains("/movies.v1.Movies/UpdateMovie"), "{status}");
        assert!(status.message().contains("1.4.2"), "both releases are named: {status}");
    }

    a_message_over_the_limit_is_refused_by_name: |movies, _catalog| {
        // Where there is no wire, there is nothing to limit.
        let request = CreateMovieRequest::default().with_movie(Movie::default().with_title("x".repeat(5 << 20)));
        if let Err(status) = movies.create_movie(request).await {
            assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        }
    }
}

#[tokio::test]
async fn a_handler_sees_who_calls_over_a_network() {
    let (_, target) = served().await;
    let movies = MoviesClient::connect(target).await.unwrap();
    let request = CreateMovieRequest::default().with_movie(Movie::default());
    let answer = movies.create_movie(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-peer").unwrap(), "127.0.0.1");
}
