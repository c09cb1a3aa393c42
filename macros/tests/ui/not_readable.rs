//! What cannot be read is told beside everything else.

use couplet::{Request, Response, Status};

#[couplet::service(package: "movies.v1")]
pub trait Movies {
    #[rpc(timeout "250ms")]
    fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
