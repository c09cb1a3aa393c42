//! Two methods have two names.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(name = "Get")]
    async fn fetch(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
