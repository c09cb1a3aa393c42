//! A contract has methods only.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    const LIMIT: u32;

    type Movie;

    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
