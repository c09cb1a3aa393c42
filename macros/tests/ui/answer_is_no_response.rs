//! What a method returns is a response or a status.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    async fn get(&self, request: Request<()>);

    async fn put(&self, request: Request<()>) -> Response<()>;

    async fn end(&self, request: Request<()>) -> Result<(), Status>;

    async fn all(&self, request: Request<()>) -> Result<Response<()>, String>;
}

fn main() {}
