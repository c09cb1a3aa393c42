//! Percentages end at 100, attempts at 5.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(
        idempotent,
        retry(max_attempts = 9),
        breaker(failure_rate_threshold = 150, slow_call_rate_threshold = -0.5)
    )]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
