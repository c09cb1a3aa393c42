//! A method cannot be called like what every client has.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn connect(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
