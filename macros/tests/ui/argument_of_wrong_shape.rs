//! Texts, numbers, groups, flags, lists and words are told apart.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(timeout = 250, idempotent = true, retry = 3, breaker(mode = OFF, failure_rate_threshold = "50"))]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(breaker(minimum_number_of_calls = -1, failure_codes = UNAVAILABLE), bulkhead)]
    async fn put(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
