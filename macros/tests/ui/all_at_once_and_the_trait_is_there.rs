//! Every mistake is told, and the trait can be implemented in spite of them.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "one")]
pub trait Movies {
    #[rpc(timeout = "soon")]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;

    fn put(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

struct Catalog;

impl Movies for Catalog {
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    fn put(&self, request: Request<()>) -> Result<Response<()>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
