//! Reliability tests for services: generated clients and servers in a deterministic simulation, with scripted faults.
//!
//! A scenario is an `async` closure that starts hosts, lets things go wrong at their times, drives a load and says what must
//! hold. The stubs, the policies and HTTP/2 are the real ones; only the network and the clock are not. Nothing waits: a
//! minute of a small service takes a second. Every run comes of a seed and can be repeated to the byte.
//!
//! ```
//! use couplet::{Request, Response, Server, Status};
//! use couplet_simulation::{Cpu, Fault, Load, Promise, Simulation};
//! use movies_api::{GetMovieRequest, Movie, Movies, MoviesClient, MoviesServer};
//! use std::time::Duration;
//!
//! struct Catalog {
//!     cpu: Cpu,
//! }
//!
//! impl Movies for Catalog {
//!     async fn get_movie(&self, request: Request<GetMovieRequest>) -> Result<Response<Movie>, Status> {
//!         self.cpu.work(Duration::from_millis(5)).await;
//!         Ok(Response::new(Movie::default().with_id(request.get_ref().id)))
//!     }
//! }
//!
//! const SECOND: Duration = Duration::from_secs(1);
//!
//! Simulation::seeded(7).run(async |world| {
//!     // One host, which is down from the fifth to the tenth second.
//!     world.host("movies", |host| Server::builder().add(MoviesServer::new(Catalog { cpu: host.cpu(4) })));
//!     world.at(5 * SECOND, Fault::crash("movies").lasting(5 * SECOND));
//!
//!     let movies = MoviesClient::new(world.channel("web", "movies"));
//!     let load = Load::open(50.0).lasting(30 * SECOND);
//!     let calls = world.drive(load, move || {
//!         let movies = movies.clone();
//!         async move { movies.get_movie(GetMovieRequest::default().with_id(7)).await }
//!     });
//!     let calls = calls.await;
//!
//!     // All is well before, nobody waits longer than the contract allows, and all is well soon after.
//!     let well = Promise::new().success_rate(1.0).p99(Duration::from_millis(40));
//!     calls.between(SECOND..5 * SECOND).must_keep(&well);
//!     calls.all().must_keep(&Promise::new().longest(Duration::from_millis(252)));
//!     let recovery = calls.recovery(10 * SECOND, 0.99).expect("it recovers");
//!     assert!(recovery <= 10 * SECOND, "{recovery:?}");
//! });
//! ```
//!
//! Its parts: a [`Simulation`] runs a scenario in a [`World`] of [`Host`]s; a [`Fault`] goes wrong in it; a [`Load`] makes
//! [`Calls`], which keep a [`Promise`]; a [`Cpu`] makes work cost time, and a [`Delay`] says how much.
//!
//! All hosts share one thread. What a crashed server has spawned on its own goes on, and only what it serves is cut.

mod calls;
mod cpu;
mod delay;
mod fault;
mod host;
mod load;
mod network;
mod promise;
mod simulation;
mod trace;
mod watch;
mod world;

pub use self::{
    calls::{Calls, Seen, Window},
    cpu::Cpu,
    delay::Delay,
    fault::Fault,
    host::Host,
    load::Load,
    promise::{Broken, Promise},
    simulation::{Run, Simulation},
    world::World,
};
