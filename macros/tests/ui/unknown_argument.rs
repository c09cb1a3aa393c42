//! What is not known is named, with what is.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2", owner = "us")]
pub trait Movies {
    #[rpc(timeuot = "250ms", retry(attempts = 3), idempotent)]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
