//! A package is names joined by dots, and a service has one name.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies-v1", version = "1.4.2", name = "movies.Movies")]
pub trait Movies {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
