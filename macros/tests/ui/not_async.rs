//! A method is async.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
