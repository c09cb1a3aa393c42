//! Where the answers of a fallback come from: other code, or what the peer said last.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message as Protobuf;
use tonic::{Request, Response, Status};

use super::Fell;
use crate::{
    call::{Body, Call, Invoke, Message, Metadata, Reply, Shared, Trailers, share},
    clock,
    policy::last_good::LastGood,
};

/// Answers kept for one method.
const MOST: usize = 1_000;

/// The most bytes of a question and its answer together, so that what is kept has an end.
const LARGEST: usize = 64 << 10;

/// What may differ between two requests that are the same.
const IGNORED: [&str; 4] = ["traceparent", "tracestate", "baggage", "x-request-id"];

/// What a fallback was made of.
pub(super) enum Source {
    /// Code.
    Invoke(Shared),
    /// The last good answer, for so long.
    LastGood(Duration),
}

/// What answers the calls of one method.
pub(super) enum Answers {
    /// Code.
    Invoke(Shared),
    /// The last good answer.
    LastGood(LastGood<Good>),
}

/// What a unary reply was, to be given again.
#[derive(Debug, Clone)]
pub(super) struct Good {
    message: Message,
    metadata: Metadata,
    trailers: Trailers,
}

/// What was asked, where that has to be known when the call is gone.
pub(super) type Question = Option<Bytes>;

// === Answers ===

impl Answers {
    pub(super) fn new(source: &Source) -> Self {
        match source {
            Source::Invoke(invoke) => Self::Invoke(Arc::clone(invoke)),
            Source::LastGood(max_age) => Self::LastGood(LastGood::new(*max_age, MOST)),
        }
    }

    /// What `call` asks.
    pub(super) fn question(&self, call: &Call) -> Question {
        match (self, &call.body) {
            (Self::LastGood(_), Body::One(message, _)) => Some(question(message, &call.metadata)),
            _ => None,
        }
    }

    /// Keeps a good answer for later.
    pub(super) fn learn(&self, question: Question, reply: Reply) -> Reply {
        if let (Self::LastGood(last), Some(question), Body::One(message, trailers)) =
            (self, question, &reply.body)
        {
            let good = Good {
                message: message.clone(),
                metadata: reply.metadata.clone(),
                trailers: trailers.clone(),
            };
            if question.len() + message.framed().len() <= LARGEST {
                last.keep(question, clock::now(), good);
            }
        }
        reply
    }

    /// Answers in the place of the peer.
    pub(super) async fn answer(&self, call: Call, question: &Question) -> Result<Reply, Status> {
        match self {
            Self::Invoke(invoke) => invoke.answer(call).await,
            Self::LastGood(last) => {
                let none = || Status::unimplemented("no good answer is kept");
                let question = question.as_ref().ok_or_else(none)?;
                let (_, good) = last.answer(question, clock::now()).ok_or_else(none)?;
                let mut reply = Reply::new(Body::One(good.message, good.trailers));
                reply.metadata = good.metadata;
                Ok(reply)
            }
        }
    }
}

/// The message, and the metadata in the order of its names.
fn question(message: &Message, metadata: &Metadata) -> Bytes {
    if metadata.is_empty() {
        return message.framed().clone();
    }
    let mut entries: Vec<_> = metadata
        .as_ref()
        .iter()
        .filter(|(name, _)| !IGNORED.contains(&name.as_str()))
        .collect();
    if entries.is_empty() {
        return message.framed().clone();
    }
    entries.sort_by(|one, other| {
        (one.0.as_str(), one.1.as_bytes()).cmp(&(other.0.as_str(), other.1.as_bytes()))
    });
    // The message says its length in front, and no part of a header holds a line break.
    let mut asked = BytesMut::from(&**message.framed());
    for (name, value) in entries {
        asked.put_slice(name.as_str().as_bytes());
        asked.put_u8(b'\n');
        asked.put_slice(value.as_bytes());
        asked.put_u8(b'\n');
    }
    asked.freeze()
}

// === Source ===

impl Source {
    pub(super) fn closure<Q, A, F>(
        answer: impl Fn(Request<Q>, Status) -> F + Send + Sync + 'static,
    ) -> Self
    where
        Q: Protobuf + Default,
        A: Protobuf,
        F: Future<Output = Result<Response<A>, Status>> + Send + 'static,
    {
        Self::Invoke(share(Closure(move |call: Call| -> Answering {
            let asked = read(call).map(|(request, failed)| answer(request, failed));
            Box::pin(async move {
                let (metadata, answer, _) = asked?.await?.into_parts();
                let mut reply = Reply::new(Body::One(Message::encode(&answer)?, None));
                reply.metadata = metadata.into();
                Ok(reply)
            })
        })))
    }
}

fn read<Q: Protobuf + Default>(mut call: Call) -> Result<(Request<Q>, Status), Status> {
    let fell = call.extensions.remove::<Fell>();
    let failed = fell.map_or_else(|| Status::unknown(""), |Fell(status)| status);
    let request = match &call.body {
        Body::One(message, _) => message.decode()?,
        Body::Many(_) => return Err(Status::internal("a stream has no fallback")),
    };
    Ok((
        Request::from_parts(call.metadata.into_map(), call.extensions, request),
        failed,
    ))
}

// === Closure ===

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

struct Closure<F>(F);

impl<F: Fn(Call) -> Answering + Send + Sync> Invoke for Closure<F> {
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        (self.0)(call)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Invoke(_) => "Invoke",
            Self::LastGood(_) => "LastGood",
        })
    }
}
