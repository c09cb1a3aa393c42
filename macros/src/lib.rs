//! Couplet's `#[service]`: a Rust trait is the contract, for services that only Rust programs speak to.
//!
//! ```text
//! ast ─▶ attr ─▶ valid ─▶ (couplet-codegen: draft ─▶ check ─▶ ir ─▶ emit) ─▶ expand
//! ```
//! What is right and what is generated is decided where it is for `.proto` files: in couplet-codegen. Here is only what a
//! trait is read with. Use it as `couplet::service`, with couplet's feature `macros`.
#![warn(clippy::unwrap_used)]

mod ast;
mod attr;
mod expand;
mod report;
mod valid;

use proc_macro::TokenStream;

/// Makes a service of a trait: its client, its server and its contract, as from a `.proto` file.
///
/// ```
/// use couplet::carrier::local::Local;
/// use couplet::{Channel, Request, Response, Status, Streaming};
///
/// #[derive(Clone, PartialEq, prost::Message)]
/// pub struct GetMovieRequest {
///     #[prost(uint64, tag = "1")]
///     pub id: u64,
/// }
///
/// #[derive(Clone, PartialEq, prost::Message)]
/// pub struct Movie {
///     #[prost(string, tag = "1")]
///     pub title: String,
/// }
///
/// /// Films, and all about them.
/// #[couplet::service(package = "movies.v1", version = "1.4.2", accepts = "1.2")]
/// pub trait Movies {
///     /// One film.
///     #[rpc(timeout = "250ms", no_side_effects, retry(max_attempts = 3))]
///     async fn get_movie(&self, request: Request<GetMovieRequest>) -> Result<Response<Movie>, Status>;
///
///     /// Every film, one after the other.
///     async fn list(&self, request: Request<()>) -> Result<Response<Streaming<Movie>>, Status>;
/// }
///
/// struct Catalog;
///
/// impl Movies for Catalog {
///     async fn get_movie(&self, request: Request<GetMovieRequest>) -> Result<Response<Movie>, Status> {
///         let title = format!("Film {}", request.into_inner().id);
///         Ok(Response::new(Movie { title }))
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Status> {
/// // Over a socket: `Server::builder().add(MoviesServer::new(Catalog)).serve(..)`, `MoviesClient::connect(..)`.
/// let services = Local::new().with(MoviesServer::new(Catalog));
/// let movies = MoviesClient::new(Channel::local(services));
/// let movie = movies.get_movie(GetMovieRequest { id: 7 }).await?;
/// assert_eq!(movie.into_inner().title, "Film 7");
///
/// assert!(MoviesClient::proto().contains("rpc GetMovie(GetMovieRequest) returns (Movie)"));
/// # Ok(()) }
/// ```
///
/// # The trait
///
/// Every method is `async fn name(&self, request: Request<Q>) -> Result<Response<A>, Status>`, with
/// `Request<Streaming<Q>>` and `Response<Streaming<A>>` for streams of messages; `Q` and `A` are any `prost::Message` with a
/// `Default`. A method can have a body. One that has none answers UNIMPLEMENTED where it is not implemented, so that a
/// contract can gain methods.
///
/// `pub trait Movies` becomes the trait, with `Send`, `Sync` and `'static`, whose methods return futures that are `Send`;
/// `MoviesServer`, which answers calls with an implementation of it; and `MoviesClient`, which implements it, too. They are
/// as visible as the trait. Documentation, `#[deprecated]` and other attributes stay where they were.
///
/// # `#[service(..)]`
///
/// | argument | what it says |
/// | --- | --- |
/// | `package = "movies.v1"` | the package of the contract; needed |
/// | `version = "1.4.2"` | MAJOR.MINOR.PATCH of the contract; needed |
/// | `accepts = "1.2"` | the oldest client that is served, MAJOR.MINOR |
/// | `client_version = REQUIRED` | callers that do not say their version are refused; without it, `OPTIONAL`, they are served |
/// | `name = "Movies"` | the name in the contract, where it is not the trait's |
/// | `defaults(..)` | policies for every method, as in `#[rpc(..)]`; a method's own win, field by field |
///
/// # `#[rpc(..)]`
///
/// | argument | what it says |
/// | --- | --- |
/// | `name = "GetMovie"` | the name in the contract; without it, the method's name in camel case |
/// | `idempotent`, `no_side_effects` | what a repeated call does; `retry` and `hedging` need one of them |
/// | `timeout = "250ms"` | the longest that a call may take |
/// | `retry(..)`, `hedging(..)`, `breaker(..)`, `bulkhead(..)`, `rate_limit(..)` | policies |
/// | `compensated_by = "Cancel"` | the method of the contract that takes this one's effect back |
///
/// Their fields are those of `couplet/options.proto`, under the same names: texts for durations (`"1.5s"`), words for choices
/// (`mode = METRICS_ONLY`) and lists of status codes (`failure_codes = [UNAVAILABLE, INTERNAL]`).
///
/// # Other languages
///
/// `MoviesClient::proto()` prints the contract as a `.proto` file, with everything that the attributes say. Messages stand
/// there by their names only: under the full one where a type implements `prost::Name`, as what prost generates can, and
/// under that of the Rust type otherwise. The trait does not know their fields; the file ends with a list of those that have
/// to be added. There is no descriptor either, so the reflection service does not know services that are traits.
///
/// # Errors
///
/// All mistakes are compiler errors, each at what is wrong, all at once. The trait itself is there nevertheless, so that
/// an editor knows its names; the client and the server are not.
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::service(arguments.into(), item.into()).into()
}
