//! Answers in the place of a peer that did not: by code of the user's, or by the last good answer.
//!
//! Stands outermost of all, so that it sees what every other policy refused, an open breaker and a passed deadline among
//! them. It changes what the caller gets and nothing else: breakers, retries and counts have seen the outcome as it was, and
//! the reply says that it is none of the peer's ([`Fell`], and `x-fallback` in its metadata).

mod answers;
mod plan;

use std::{future::Future, pin::Pin, sync::Arc};

use futures_util::future::Either;
use http::HeaderValue;
use tokio::time::timeout;
use tonic::{Code, Status};

pub use self::plan::Fallback;
use self::plan::Row;
pub use crate::call::Fell;
use crate::{
    call::{Body, Call, Invoke, Mark, Method, Reply, Room, Service, Spare, headers},
    policy::counter::Counter,
};

/// What the fallbacks of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Failed calls that a fallback answered.
    pub answered: Counter,
    /// Failed calls whose fallback failed too.
    pub failed: Counter,
    /// Failed calls whose fallback was not asked, because too many were at it.
    pub refused: Counter,
}

/// Asks a fallback where a call failed.
#[derive(Debug)]
pub struct Falling<I> {
    inner: I,
    /// One a method.
    rows: Box<[Option<Row>]>,
    /// For the requests that may be asked of a fallback.
    room: Arc<Room>,
    counts: Arc<Counts>,
}

// === Falling ===

impl<I> Falling<I> {
    /// Asks, for each method of `service`, the first of `fallbacks` that is for it. Requests are kept in `room` until their
    /// call is over; one that finds none there has no fallback.
    pub fn new(
        inner: I,
        service: &'static Service,
        fallbacks: &[Arc<Fallback>],
        room: Arc<Room>,
        counts: Arc<Counts>,
    ) -> Self {
        let row = |method: &'static Method| fallbacks.iter().find_map(|one| one.row(method));
        Self {
            inner,
            rows: service.methods.iter().map(row).collect(),
            room,
            counts,
        }
    }
}

impl<I: Invoke> Invoke for Falling<I> {
    #[inline(always)]
    fn invoke(&self, call: Call) -> impl Future<Output = Result<Reply, Status>> + Send {
        match &self.rows[call.method.index] {
            None => Either::Left(self.inner.invoke(call)),
            Some(row) => Either::Right(self.apart(row, call)),
        }
    }
}

impl<I: Invoke> Falling<I> {
    /// Kept out of the way of the calls that have no fallback.
    #[inline(never)]
    fn apart<'a>(
        &'a self,
        row: &'a Row,
        call: Call,
    ) -> Pin<Box<impl Future<Output = Result<Reply, Status>> + Send + 'a>> {
        Box::pin(self.guarded(row, call))
    }

    async fn guarded(&self, row: &Row, mut call: Call) -> Result<Reply, Status> {
        let question = row.answers.question(&call);
        let spare = match call.body {
            Body::One(..) => call.spare(&self.room),
            // An upload is gone once it was read.
            Body::Many(_) => None,
        };
        match self.inner.invoke(call).await {
            Ok(reply) => Ok(row.answers.learn(question, reply)),
            Err(failed) if row.fallback.stands_in_for(&failed) => match spare {
                Some(spare) => self.fall(row, spare, question, failed).await,
                None => Err(failed),
            },
            Err(failed) => Err(failed),
        }
    }

    async fn fall(
        &self,
        row: &Row,
        mut spare: Spare,
        question: answers::Question,
        failed: Status,
    ) -> Result<Reply, Status> {
        let Ok(_place) = row.fallback.places.try_acquire() else {
            self.counts.refused.add();
            return Err(failed);
        };
        let Some(mut call) = spare.again() else {
            return Err(failed);
        };
        call.extensions.insert(Fell(failed.clone()));
        let answer = row.answers.answer(call, &question);
        let late = |_| Err(Status::deadline_exceeded("it took too long"));
        let answer = timeout(row.fallback.within, answer).await;
        match answer.unwrap_or_else(late) {
            Ok(reply) => {
                self.counts.answered.add();
                Ok(told(reply, failed))
            }
            // What a service does that does not have the method: there is no fallback after all.
            Err(missing) if missing.code() == Code::Unimplemented => Err(failed),
            Err(second) => {
                self.counts.failed.add();
                Err(both(&failed, &second))
            }
        }
    }
}

/// A reply that says what it stands in for.
fn told(mut reply: Reply, failed: Status) -> Reply {
    let code = HeaderValue::from(failed.code() as i32);
    headers::insert(&mut reply.metadata, headers::FALLBACK, code);
    reply.extensions.insert(Fell(failed));
    reply
}

/// The first failure is what happened; the second is said with it.
fn both(failed: &Status, second: &Status) -> Status {
    let text = format!(
        "{}; its fallback failed too: {}",
        failed.message(),
        second.message()
    );
    let status = Status::with_details_and_metadata(
        failed.code(),
        text,
        failed.details().to_vec().into(),
        failed.metadata().clone(),
    );
    match Mark::of(failed) {
        Some(mark) => mark.on(status),
        None => status,
    }
}

#[cfg(test)]
mod tests;
