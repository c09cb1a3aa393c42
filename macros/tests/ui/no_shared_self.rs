//! A method takes `&self`.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get(request: Request<()>) -> Result<Response<()>, Status>;

    async fn put(&mut self, request: Request<()>) -> Result<Response<()>, Status>;

    async fn end(self, request: Request<()>) -> Result<Response<()>, Status>
    where
        Self: Sized;
}

fn main() {}
