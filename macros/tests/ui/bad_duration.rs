//! A duration has a number and a unit, and is no less than something.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(timeout = "250")]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(timeout = "0s")]
    async fn put(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
