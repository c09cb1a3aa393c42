//! A contract is about the types that are sent, and stands on no other trait.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies<T>: Clone + Send {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
