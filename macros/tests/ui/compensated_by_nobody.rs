//! What takes an effect back is another method of the contract.

use couplet::{Request, Response, Status};

#[couplet::service(package = "movies.v1", version = "1.4.2")]
pub trait Movies {
    #[rpc(compensated_by = "Cancel")]
    async fn get(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}
