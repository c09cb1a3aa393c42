//! An old contract, served by converting to the implementation of a new one: one core, and thin converters.
//!
//! The adapter is a struct of yours that implements the old trait and holds anything that implements the new one. It must
//! be yours, because traits of contracts live in crates of their own; each of its methods is one line, which names the two
//! conversions and the new method. Metadata, extensions and trailers pass.
//!
//! ```
//! # use movies_api as v1; use movies_api as v2;
//! use couplet::{Request, Response, Status, downgrade};
//!
//! /// Answers clients of the old contract with what serves the new one.
//! struct Downgrade<T>(T);
//!
//! impl<T: v2::Movies> v1::Movies for Downgrade<T> {
//!     async fn get_movie(&self, request: Request<v1::GetMovieRequest>) -> Result<Response<v1::Movie>, Status> {
//!         downgrade::unary(request, up, |request| self.0.get_movie(request), down).await
//!     }
//! }
//!
//! fn up(old: v1::GetMovieRequest) -> Result<v2::GetMovieRequest, Status> {
//!     Ok(v2::GetMovieRequest::default().with_id(old.id))
//! }
//!
//! fn down(new: v2::Movie) -> Result<v1::Movie, Status> {
//!     Ok(v1::Movie::default().with_id(new.id).with_title(new.title))
//! }
//! ```
//!
//! A method that the new contract has no more is written out, or left to the trait, which answers UNIMPLEMENTED. With
//! [`Versioned`](crate::Versioned) both are served on one port; `examples/versions` does it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use prost::Message as Protobuf;
use tonic::{Request, Response, Status};

use crate::call::{Frame, Frames, Message, Source, Streaming};

/// One message each way: `up` makes the old request a new one, `call` answers it, `down` makes the answer an old one.
///
/// # Errors
/// What a conversion fails with, or the call.
pub async fn unary<Old, New, NewAnswer, OldAnswer, F>(
    request: Request<Old>,
    up: impl FnOnce(Old) -> Result<New, Status>,
    call: impl FnOnce(Request<New>) -> F,
    down: impl FnOnce(NewAnswer) -> Result<OldAnswer, Status>,
) -> Result<Response<OldAnswer>, Status>
where
    F: Future<Output = Result<Response<NewAnswer>, Status>>,
{
    answer(call(raised(request, up)?).await?, down)
}

/// One message there, many back: `down` converts each of them as it comes.
///
/// # Errors
/// What the first conversion fails with, or the call. A later one ends the stream with its status.
pub async fn server_streaming<Old, New, NewAnswer, OldAnswer, F>(
    request: Request<Old>,
    up: impl FnOnce(Old) -> Result<New, Status>,
    call: impl FnOnce(Request<New>) -> F,
    down: impl FnMut(NewAnswer) -> Result<OldAnswer, Status> + Send + 'static,
) -> Result<Response<Streaming<OldAnswer>>, Status>
where
    NewAnswer: 'static,
    OldAnswer: Protobuf + Default + 'static,
    F: Future<Output = Result<Response<Streaming<NewAnswer>>, Status>>,
{
    answer(call(raised(request, up)?).await?, |answers| {
        Ok(lowered(answers, down))
    })
}

/// Many messages there, one back: `up` converts each of them as it comes.
///
/// # Errors
/// What the last conversion fails with, or the call. An earlier one ends the stream that the call reads.
pub async fn client_streaming<Old, New, NewAnswer, OldAnswer, F>(
    request: Request<Streaming<Old>>,
    up: impl FnMut(Old) -> Result<New, Status> + Send + Unpin + 'static,
    call: impl FnOnce(Request<Streaming<New>>) -> F,
    down: impl FnOnce(NewAnswer) -> Result<OldAnswer, Status>,
) -> Result<Response<OldAnswer>, Status>
where
    Old: 'static,
    F: Future<Output = Result<Response<NewAnswer>, Status>>,
{
    answer(
        call(request.map(|old| Streaming::new(Raised(old, up)))).await?,
        down,
    )
}

/// Many messages each way, each converted as it comes.
///
/// # Errors
/// What the call fails with. A conversion that fails ends its stream with its status.
pub async fn bidi_streaming<Old, New, NewAnswer, OldAnswer, F>(
    request: Request<Streaming<Old>>,
    up: impl FnMut(Old) -> Result<New, Status> + Send + Unpin + 'static,
    call: impl FnOnce(Request<Streaming<New>>) -> F,
    down: impl FnMut(NewAnswer) -> Result<OldAnswer, Status> + Send + 'static,
) -> Result<Response<Streaming<OldAnswer>>, Status>
where
    Old: 'static,
    NewAnswer: 'static,
    OldAnswer: Protobuf + Default + 'static,
    F: Future<Output = Result<Response<Streaming<NewAnswer>>, Status>>,
{
    let answers = call(request.map(|old| Streaming::new(Raised(old, up)))).await?;
    answer(answers, |answers| Ok(lowered(answers, down)))
}

fn raised<Old, New>(
    request: Request<Old>,
    up: impl FnOnce(Old) -> Result<New, Status>,
) -> Result<Request<New>, Status> {
    let (metadata, extensions, message) = request.into_parts();
    Ok(Request::from_parts(metadata, extensions, up(message)?))
}

fn answer<New, Old>(
    response: Response<New>,
    down: impl FnOnce(New) -> Result<Old, Status>,
) -> Result<Response<Old>, Status> {
    let (metadata, message, extensions) = response.into_parts();
    Ok(Response::from_parts(metadata, down(message)?, extensions))
}

/// Answers are encoded as they are converted, so that the trailing metadata of a stream that came from elsewhere stays.
fn lowered<New, Old, D>(answers: Streaming<New>, down: D) -> Streaming<Old>
where
    New: 'static,
    Old: Protobuf + Default + 'static,
    D: FnMut(New) -> Result<Old, Status> + Send + 'static,
{
    let down = Box::new(down);
    Streaming::from_frames(Frames::new(Lowered { answers, down }))
}

// === Raised ===

/// Requests of an old client as the new implementation reads them.
struct Raised<Old, U>(Streaming<Old>, U);

impl<Old, New, U> Stream for Raised<Old, U>
where
    U: FnMut(Old) -> Result<New, Status> + Unpin,
{
    type Item = Result<New, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.0).poll_next(context));
        Poll::Ready(next.map(|old| old.and_then(&mut self.1)))
    }
}

// === Lowered ===

/// Answers of the new implementation as an old client reads them.
struct Lowered<New, D> {
    answers: Streaming<New>,
    down: Box<D>,
}

impl<New, Old, D> Source for Lowered<New, D>
where
    Old: Protobuf,
    D: FnMut(New) -> Result<Old, Status> + Send,
{
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let next = ready!(Pin::new(&mut self.answers).poll_next(context));
        let down = |new: New| {
            let message = Message::encode(&(self.down)(new)?)?;
            Ok(Frame::Message(message))
        };
        Poll::Ready(match next {
            Some(new) => Some(new.and_then(down)),
            None => self
                .answers
                .take_trailers()
                .map(|trailers| Ok(Frame::Trailers(trailers))),
        })
    }
}

#[cfg(test)]
mod tests {
    use tonic::metadata::MetadataMap;

    use super::*;
    use crate::call::Body;

    fn number(text: String) -> Result<u32, Status> {
        text.parse()
            .map_err(|_| Status::invalid_argument(format!("`{text}` is no number")))
    }

    fn text(number: u32) -> Result<String, Status> {
        Ok(number.to_string())
    }

    fn texts<const N: usize>(texts: [&str; N]) -> Request<Streaming<String>> {
        Request::new(Streaming::iter(texts.map(str::to_owned)))
    }

    async fn read<T>(mut streaming: Streaming<T>) -> Result<Vec<T>, Status> {
        let mut all = Vec::new();
        while let Some(message) = streaming.message().await? {
            all.push(message);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn a_message_is_converted_and_what_comes_with_it_stays() {
        let mut old = Request::new("7".to_owned());
        old.metadata_mut().insert("trace", "abc".parse().unwrap());
        let call = async |new: Request<u32>| {
            let mut answer = Response::new(new.get_ref() + 1);
            *answer.metadata_mut() = new.metadata().clone();
            Ok(answer)
        };
        let answer = unary(old, number, call, text).await.unwrap();
        assert_eq!(answer.get_ref(), "8");
        assert_eq!(answer.metadata().get("trace").unwrap(), "abc");

        let wrong = unary(Request::new("x".to_owned()), number, call, text).await;
        assert_eq!(wrong.unwrap_err().message(), "`x` is no number");
    }

    #[tokio::test]
    async fn streams_are_converted_message_by_message_until_one_cannot_be() {
        let sum = async |new: Request<Streaming<u32>>| {
            Ok(Response::new(
                read(new.into_inner()).await?.into_iter().sum(),
            ))
        };
        let answer = client_streaming(texts(["1", "2", "4"]), number, sum, text).await;
        assert_eq!(answer.unwrap().get_ref(), "7");
        let wrong = client_streaming(texts(["1", "x"]), number, sum, text).await;
        assert_eq!(wrong.unwrap_err().code(), tonic::Code::InvalidArgument);
        // Who reads on all the same finds nothing more.
        let careless = async |new: Request<Streaming<u32>>| {
            let mut numbers = new.into_inner();
            assert_eq!(numbers.message().await?, Some(1));
            assert!(numbers.message().await.is_err());
            Ok(Response::new(numbers.message().await?.unwrap_or_default()))
        };
        let answer = client_streaming(texts(["1", "x", "4"]), number, careless, text).await;
        assert_eq!(answer.unwrap().get_ref(), "0");

        let count =
            async |new: Request<u32>| Ok(Response::new(Streaming::iter(0..new.into_inner())));
        let answer = server_streaming(Request::new("3".to_owned()), number, count, text).await;
        assert_eq!(
            read(answer.unwrap().into_inner()).await.unwrap(),
            ["0", "1", "2"]
        );

        let echo = async |new: Request<Streaming<u32>>| Ok(Response::new(new.into_inner()));
        let answer = bidi_streaming(texts(["5", "6"]), number, echo, text).await;
        assert_eq!(
            read(answer.unwrap().into_inner()).await.unwrap(),
            ["5", "6"]
        );
    }

    #[tokio::test]
    async fn the_trailers_of_a_stream_from_elsewhere_stay() {
        let elsewhere = async |_: Request<u32>| {
            let mut trailers = MetadataMap::new();
            trailers.insert("left", "3".parse().unwrap());
            let body = Body::One(Message::encode(&7_u32)?, Some(Box::new(trailers)));
            Ok(Response::new(Streaming::<u32>::from_frames(
                body.into_frames(),
            )))
        };
        let answer = server_streaming(Request::new("3".to_owned()), number, elsewhere, text).await;
        let mut answers = answer.unwrap().into_inner();
        assert_eq!(answers.message().await.unwrap().unwrap(), "7");
        assert_eq!(answers.trailers().await.unwrap().get("left").unwrap(), "3");
    }
}
