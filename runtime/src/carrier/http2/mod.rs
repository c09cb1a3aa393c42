//! gRPC over HTTP/2: the one place that touches the wire.
//!
//! Both ends share how messages are framed ([`encode`], [`decode`]) and what a broken stream means ([`fault`]).

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod fault;
mod reassembly;
pub(crate) mod serve;
