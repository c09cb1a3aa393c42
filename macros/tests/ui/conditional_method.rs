//! Both ends have the same methods.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[cfg(unix)]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
