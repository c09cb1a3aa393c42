//! The oldest client is no newer than the service.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2", accepts = "1.5")]
pub trait Movies {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
