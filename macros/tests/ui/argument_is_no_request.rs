//! What a method takes is a request.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get(&self, id: u64) -> Result<Response<()>, Status>;

    async fn put(&self, id: &Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
