//! A status code has the name that contracts give it.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(idempotent, retry(retryable_status_codes = [Code::Unavailable, UNAVAILABLE, TIMEOUT, OK]))]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
