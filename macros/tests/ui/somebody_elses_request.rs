//! `Request` is couplet's, whatever else has its name.

use couplet::{Response, Status};

/// Not couplet's.
#[derive(Debug)]
pub struct Request<T>(T);

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
