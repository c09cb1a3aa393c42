//! An argument stands once.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(timeout = "250ms")]
    #[rpc(timeout = "1s", idempotent, no_side_effects)]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
