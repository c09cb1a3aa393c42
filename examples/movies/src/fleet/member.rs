//! One server of the fleet: a process of its own, which registers, serves, and drains when it is told to.

use std::{process::Stdio, time::Duration};

use couplet::{Request, Response, Server, Status, codegen::Contract};
use movies_api::{CreateMovieRequest, Movie, Movies, MoviesServer};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::timeout,
};

use crate::{Outcome, catalog::Catalog, later, next};

/// Serves `release` and registers at `registry` until SIGTERM.
pub(crate) async fn serve(release: &str, registry: &str) -> Outcome {
    match release {
        "1.4.2" => {
            let catalog = Catalog::new();
            let movie = Movie::default().with_title("Metropolis");
            let request = CreateMovieRequest::default().with_movie(movie);
            catalog.create_movie(Request::new(request)).await?;
            run(MoviesServer::new(catalog), registry).await
        }
        "1.5.0" => run(later::MoviesServer::new(Later), registry).await,
        "2.0.0" => run(next::MoviesServer::new(Next), registry).await,
        other => Err(format!("`{other}` is no release; there are 1.4.2, 1.5.0, 2.0.0").into()),
    }
}

async fn run(movies: impl Contract + 'static, registry: &str) -> Outcome {
    let server = Server::builder()
        .add(movies)
        .register(registry)
        .drain_delay(Duration::from_millis(500))
        .bind("127.0.0.1:0")
        .await?;
    let address = server.local_addr().ok_or("a TCP server has an address")?;
    println!("{address}");
    let mut told = signal(SignalKind::terminate())?;
    let drained = server
        .run_until(async {
            told.recv().await;
        })
        .await;
    println!("cut {}", drained.calls_cut);
    Ok(())
}

struct Later;

impl later::Movies for Later {
    async fn get_movie(
        &self,
        request: Request<later::GetMovieRequest>,
    ) -> Result<Response<later::Movie>, Status> {
        let movie = later::Movie::default()
            .with_id(request.into_inner().id)
            .with_title("Metropolis")
            .with_tagline("There can be no understanding between the hand and the brain");
        Ok(Response::new(movie))
    }

    async fn create_movie(
        &self,
        request: Request<later::CreateMovieRequest>,
    ) -> Result<Response<later::Movie>, Status> {
        Ok(Response::new(
            request.into_inner().movie.unwrap_or_default(),
        ))
    }
}

struct Next;

impl next::Movies for Next {
    async fn get_movie(
        &self,
        request: Request<next::GetMovieRequest>,
    ) -> Result<Response<next::Movie>, Status> {
        Ok(Response::new(
            next::Movie::default().with_title(request.into_inner().title),
        ))
    }
}

// === From outside ===

/// A member, as who started it sees it. Killed when dropped.
pub(super) struct Member {
    child: Child,
    said: BufReader<tokio::process::ChildStdout>,
    pub(super) address: String,
}

impl Member {
    /// Starts one, and waits until it serves.
    pub(super) async fn start(release: &str, registry: &str) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["member", release, registry])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = child.stdout.take().ok_or("its words are piped")?;
        let mut said = BufReader::new(said);
        let mut address = String::new();
        timeout(Duration::from_secs(10), said.read_line(&mut address)).await??;
        Ok(Self {
            child,
            said,
            address: address.trim().to_owned(),
        })
    }

    /// Sends it a signal, such as `STOP`.
    pub(super) async fn signal(&self, name: &str) -> Outcome {
        let id = self.child.id().ok_or("it runs no more")?;
        let words = [format!("-{name}"), id.to_string()];
        let sent = Command::new("kill").args(words).status().await?;
        match sent.success() {
            true => Ok(()),
            false => Err(format!("cannot send {name} to {id}").into()),
        }
    }

    /// Waits until it has ended by itself; how many calls it cut.
    pub(super) async fn drained(mut self) -> Outcome<u32> {
        let mut last = String::new();
        timeout(Duration::from_secs(30), self.said.read_line(&mut last)).await??;
        self.child.wait().await?;
        let cut = last
            .trim()
            .strip_prefix("cut ")
            .ok_or("it says what it cut")?;
        Ok(cut.parse()?)
    }
}
