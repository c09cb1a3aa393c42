//! One request and its answer on one connection, straight on h2: no task for a unary call, one for an upload.
//!
//! Dropping the exchange at any time resets its stream, and the peer hears of it.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use http_body::{Body, Frame};
use tokio::task::AbortHandle;
use tonic::Status;

use super::{
    connection::Lease,
    fault::{self, BoxError, Side},
};
use crate::call::{Mark, Phase, during};

/// What is sent after the head.
pub(super) enum Payload<B> {
    /// All of it.
    Whole(Bytes),
    /// Piece by piece. If the body fails, that is what the caller is told.
    Pieces(B),
}

/// The body of an answer. Holds the call's place on its connection.
#[derive(Debug)]
pub(super) struct Received {
    stream: RecvStream,
    data_is_over: bool,
    call: Open,
}

/// What must live as long as the call does.
#[derive(Debug)]
struct Open {
    lease: Lease,
    upload: Option<Upload>,
}

/// Doubts that the peer is there, if it is dropped before the answer came.
struct Patience<'a>(Option<&'a Lease>);

/// The task that sends the pieces; ends with the call.
#[derive(Debug)]
struct Upload {
    task: AbortHandle,
    failure: Arc<OnceLock<Status>>,
}

/// Sends a request, and returns with the head of its answer.
///
/// # Errors
/// What happened to the stream; the upload's own status if that failed.
pub(super) async fn exchange<B>(
    mut lease: Lease,
    head: Request<()>,
    payload: Payload<B>,
) -> Result<Response<Received>, Status>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (response, mut stream) = match lease.sender().send_request(head, false) {
        Ok(started) => started,
        Err(error) => return Err(unsent(&mut lease, &error)),
    };
    let upload = match payload {
        Payload::Whole(data) => {
            // If the stream is broken already, the answer says why.
            let _ = stream.send_data(data, true);
            None
        }
        Payload::Pieces(body) => Some(Upload::start(stream, body)),
    };
    let call = Open { lease, upload };
    let answer = {
        let response = pin!(response);
        // Dropped before the response is, whose reset then wakes the connection.
        let mut patience = Patience(Some(&call.lease));
        let answer = during(Phase::Headers, response).await;
        patience.0 = None;
        answer
    };
    match answer {
        Ok(response) => Ok(response.map(|stream| Received {
            stream,
            data_is_over: false,
            call,
        })),
        Err(error) => Err(call.explain(&error)),
    }
}

/// Nothing was sent: the connection ended just now, or it is well and the head is not.
fn unsent(lease: &mut Lease, error: &h2::Error) -> Status {
    if lease.is_alive() {
        return Status::internal(format!("the head of the call cannot be sent: {error}"));
    }
    Mark::Unsent.on(fault::of_h2(error, Side::Calling))
}

/// Sends the pieces as the peer takes them, until it wants no more. What the body fails with goes to `failure`.
async fn upload<B>(mut stream: SendStream<Bytes>, body: B, failure: &OnceLock<Status>)
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    let own = |error: B::Error| fault::status(error.into(), Side::Calling);
    loop {
        let frame = poll_fn(|context| match stream.poll_reset(context) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => {
                let frame = ready!(body.as_mut().poll_frame(context));
                Poll::Ready(Some(frame.map(|frame| frame.map_err(own))))
            }
        });
        let sent = match frame.await {
            None => return,
            Some(None) => stream.send_data(Bytes::new(), true),
            Some(Some(Err(status))) => {
                // Told before the stream ends, so that whoever waits for the answer finds it.
                let _ = failure.set(status);
                stream.send_reset(Reason::CANCEL);
                return;
            }
            Some(Some(Ok(frame))) => match frame.into_data() {
                Ok(_) if !has_room(&mut stream).await => return,
                Ok(data) => stream.send_data(data, body.is_end_stream()),
                // A call has no trailers.
                Err(_) => continue,
            },
        };
        if sent.is_err() || body.is_end_stream() {
            return;
        }
    }
}

/// Waits until the peer takes something; whether it ever will.
async fn has_room(stream: &mut SendStream<Bytes>) -> bool {
    // Asking for one byte claims nothing that another stream could use; h2 asks for the rest when it has the data.
    stream.reserve_capacity(1);
    while stream.capacity() == 0 {
        match poll_fn(|context| stream.poll_capacity(context)).await {
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return false,
        }
    }
    true
}

// === Open ===

impl Open {
    /// What the caller is told: the failure of its own upload, or what happened to the stream.
    fn explain(&self, error: &h2::Error) -> Status {
        if error.is_go_away() || error.is_io() {
            self.lease.close();
        }
        let own = self.upload.as_ref().and_then(|upload| upload.failure.get());
        match own {
            Some(status) => status.clone(),
            None => fault::of_h2(error, Side::Calling),
        }
    }
}

// === Patience ===

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        if let Some(lease) = self.0 {
            lease.doubt();
        }
    }
}

// === Upload ===

impl Upload {
    fn start<B>(stream: SendStream<Bytes>, body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let failure = Arc::<OnceLock<Status>>::default();
        let told = Arc::clone(&failure);
        let task = tokio::spawn(async move {
            upload(stream, body, &told).await;
        });
        Self {
            task: task.abort_handle(),
            failure,
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// === Received ===

impl Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if !this.data_is_over {
            match ready!(this.stream.poll_data(context)) {
                Some(Ok(data)) => {
                    // It can only fail for more than was received.
                    let _ = this.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(this.call.explain(&error)))),
                None => this.data_is_over = true,
            }
        }
        Poll::Ready(match ready!(this.stream.poll_trailers(context)) {
            Ok(trailers) => trailers.map(|map| Ok(Frame::trailers(map))),
            Err(error) => Some(Err(this.call.explain(&error))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}
