//! The client's four kinds of call: a typed message in, a typed answer out.

use prost::Message as Protobuf;
use tonic::{Response, Status};

use super::{Prepared, serve::Compressed};
use crate::call::{Body, Call, Invoke, Message, Method, Reply, Streaming, headers};

/// One message each way.
pub async fn unary<I: Invoke, Q: Protobuf, A: Protobuf + Default>(
    stack: &I,
    method: &'static Method,
    prepared: Prepared<Q>,
) -> Result<Response<A>, Status> {
    one(stack.invoke(prepared.into_call(method, single)?).await?).await
}

/// One message out, many back.
pub async fn server_streaming<I: Invoke, Q: Protobuf, A: Protobuf + Default + 'static>(
    stack: &I,
    method: &'static Method,
    prepared: Prepared<Q>,
) -> Result<Response<Streaming<A>>, Status> {
    let call = prepared.into_call(method, single)?;
    Ok(many(stack.invoke(call).await?))
}

/// Many messages out, one back.
pub async fn client_streaming<I, Q, A>(
    stack: &I,
    method: &'static Method,
    prepared: Prepared<Streaming<Q>>,
) -> Result<Response<A>, Status>
where
    I: Invoke,
    Q: Protobuf + Default + 'static,
    A: Protobuf + Default,
{
    one(stack.invoke(stream(method, prepared)?).await?).await
}

/// Many messages each way.
pub async fn bidi_streaming<I, Q, A>(
    stack: &I,
    method: &'static Method,
    prepared: Prepared<Streaming<Q>>,
) -> Result<Response<Streaming<A>>, Status>
where
    I: Invoke,
    Q: Protobuf + Default + 'static,
    A: Protobuf + Default + 'static,
{
    Ok(many(stack.invoke(stream(method, prepared)?).await?))
}

fn single<Q: Protobuf>(message: Q) -> Result<Body, Status> {
    Ok(Body::One(Message::encode(&message)?, None))
}

fn stream<Q: Protobuf + Default + 'static>(
    method: &'static Method,
    prepared: Prepared<Streaming<Q>>,
) -> Result<Call, Status> {
    prepared.into_call(method, |messages| Ok(Body::Many(messages.into_frames())))
}

async fn one<A: Protobuf + Default>(reply: Reply) -> Result<Response<A>, Status> {
    let mut metadata = reply.metadata.into_map();
    let (message, trailers) = reply.body.one().await?;
    if let Some(trailers) = trailers {
        headers::merge(&mut metadata, *trailers);
    }
    let mut extensions = reply.extensions;
    if message.compressed() == Some(true) {
        extensions.insert(Compressed(true));
    }
    let answer = message.decode()?;
    Ok(Response::from_parts(metadata, answer, extensions))
}

fn many<A: Protobuf + Default + 'static>(reply: Reply) -> Response<Streaming<A>> {
    let messages = Streaming::from_frames(reply.body.into_frames());
    Response::from_parts(reply.metadata.into_map(), messages, reply.extensions)
}
