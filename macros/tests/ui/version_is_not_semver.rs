//! A version has three numbers.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4")]
pub trait Movies {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
