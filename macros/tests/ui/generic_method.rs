//! A method is about the types that are sent.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get<T: Send>(&self, request: Request<T>) -> Result<Response<()>, Status>;

    async fn put(&self, request: Request<()>) -> Result<Response<()>, Status>
    where
        Self: Clone;
}

fn main() {}
