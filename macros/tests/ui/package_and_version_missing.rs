//! A contract has a package and a version.

use couplet::{Request, Response, Status};

#[couplet::service(accepts = "1.2")]
pub trait Movies {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
