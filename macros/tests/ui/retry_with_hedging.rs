//! A call is repeated for one reason.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(idempotent, retry(max_attempts = 3), hedging(hedging_delay = "50ms"))]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
