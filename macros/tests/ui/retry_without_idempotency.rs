//! What may not run twice is not tried again.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(retry(max_attempts = 3))]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(hedging(max_attempts = 3))]
    async fn put(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
