//! A method takes one request.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get(&self) -> Result<Response<()>, Status>;

    async fn put(&self, request: Request<()>, id: u64) -> Result<Response<()>, Status>;
}

fn main() {}
