//! The server's four kinds of call: a typed request to the handler, its typed answer back.

use std::future::Future;

use prost::Message as Protobuf;
use tonic::{Request, Response, Status, metadata::MetadataMap};

#[cfg(feature = "http2")]
pub use super::mount::{HttpFuture, HttpResponse, http};
use crate::call::{Body, Call, Message, Reply, Streaming};

/// In the extensions of a unary request or response that came: its message was compressed. In those of a response that a
/// handler makes: whether to send its message compressed, where the two ends agreed on a compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compressed(pub bool);

/// In the extensions of a unary response: metadata that comes after its message.
#[derive(Debug, Clone, Default)]
pub struct Trailing(pub MetadataMap);

/// One message each way.
pub async fn unary<Q, A, F>(
    call: Call,
    handler: impl FnOnce(Request<Q>) -> F,
) -> Result<Reply, Status>
where
    Q: Protobuf + Default,
    A: Protobuf,
    F: Future<Output = Result<Response<A>, Status>>,
{
    single(handler(one(call).await?).await?)
}

/// One message in, many out.
pub async fn server_streaming<Q, A, F>(
    call: Call,
    handler: impl FnOnce(Request<Q>) -> F,
) -> Result<Reply, Status>
where
    Q: Protobuf + Default,
    A: Protobuf + Default + 'static,
    F: Future<Output = Result<Response<Streaming<A>>, Status>>,
{
    Ok(stream(handler(one(call).await?).await?))
}

/// Many messages in, one out.
pub async fn client_streaming<Q, A, F>(
    call: Call,
    handler: impl FnOnce(Request<Streaming<Q>>) -> F,
) -> Result<Reply, Status>
where
    Q: Protobuf + Default + 'static,
    A: Protobuf,
    F: Future<Output = Result<Response<A>, Status>>,
{
    single(handler(many(call)).await?)
}

/// Many messages each way.
pub async fn bidi_streaming<Q, A, F>(
    call: Call,
    handler: impl FnOnce(Request<Streaming<Q>>) -> F,
) -> Result<Reply, Status>
where
    Q: Protobuf + Default + 'static,
    A: Protobuf + Default + 'static,
    F: Future<Output = Result<Response<Streaming<A>>, Status>>,
{
    Ok(stream(handler(many(call)).await?))
}

/// The answer to a method that the contract does not have.
pub fn unknown(call: &Call) -> Status {
    Status::unimplemented(format!("{} is not implemented", call.method.path))
}

async fn one<Q: Protobuf + Default>(call: Call) -> Result<Request<Q>, Status> {
    let mut extensions = call.extensions;
    let (message, _) = call.body.one().await?;
    if message.compressed() == Some(true) {
        extensions.insert(Compressed(true));
    }
    let request = message.decode()?;
    Ok(Request::from_parts(
        call.metadata.into_map(),
        extensions,
        request,
    ))
}

fn many<Q: Protobuf + Default + 'static>(call: Call) -> Request<Streaming<Q>> {
    let messages = Streaming::from_frames(call.body.into_frames());
    Request::from_parts(call.metadata.into_map(), call.extensions, messages)
}

fn single<A: Protobuf>(response: Response<A>) -> Result<Reply, Status> {
    let (metadata, answer, mut extensions) = response.into_parts();
    let mut message = Message::encode(&answer)?;
    if let Some(Compressed(wish)) = extensions.get() {
        message = message.with_compressed(*wish);
    }
    let trailing = extensions
        .remove::<Trailing>()
        .map(|Trailing(metadata)| Box::new(metadata));
    Ok(Reply {
        metadata: metadata.into(),
        extensions,
        ..Reply::new(Body::One(message, trailing))
    })
}

fn stream<A: Protobuf + Default + 'static>(response: Response<Streaming<A>>) -> Reply {
    let (metadata, messages, extensions) = response.into_parts();
    Reply {
        metadata: metadata.into(),
        extensions,
        ..Reply::new(Body::Many(messages.into_frames()))
    }
}
