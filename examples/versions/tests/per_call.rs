//! A client of 2.1 asks for the server that a call needs, not for its own version.

use std::sync::Mutex;

use couplet::{Request, Response, Server, Status};
use versions::v2::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer, RateRequest};

/// Remembers what each call asked for.
#[derive(Default)]
struct Asked(Mutex<Vec<String>>);

impl Asked {
    fn note<T>(&self, request: &Request<T>) -> Result<Response<Movie>, Status> {
        let min = request.metadata().get("x-api-min").expect("clients say it");
        let min = min.to_str().expect("a version").to_owned();
        self.0.lock().expect("no panic").push(min);
        Ok(Response::new(Movie::default()))
    }
}

impl Movies for Asked {
    async fn get_movie(
        &self,
        request: Request<GetMovieRequest>,
    ) -> Result<Response<Movie>, Status> {
        self.note(&request)
    }

    async fn rate(&self, request: Request<RateRequest>) -> Result<Response<Movie>, Status> {
        self.note(&request)
    }
}

#[tokio::test]
async fn what_is_as_old_as_2_0_needs_2_0_and_what_came_in_2_1_needs_2_1() {
    let asked = std::sync::Arc::new(Asked::default());
    let server = Server::builder().add(MoviesServer::from_arc(std::sync::Arc::clone(&asked)));
    let server = server.bind("127.0.0.1:0").await.expect("a free port");
    let address = server.local_addr().expect("a socket");
    tokio::spawn(server.run());

    let movies = MoviesClient::connect(format!("http://{address}"))
        .await
        .expect("it is there");
    let movie = GetMovieRequest::default().with_title("Solaris");
    movies.get_movie(movie).await.expect("it fits");
    movies.rate(RateRequest::default()).await.expect("it fits");
    assert_eq!(*asked.0.lock().expect("no panic"), ["2.0", "2.1"]);
}
