//! The messages of a streamed call, kept until it is committed to one attempt, so that another one can send them again.
//!
//! Every attempt reads the same messages from the first one on. The one that is ahead reads from the caller's stream and
//! leaves what it read for the others. Once the call is committed, what its attempt has not read yet is handed over, and
//! from then on it reads straight from the caller.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use tonic::Status;

use super::{Frame, Frames, Message, Room, Source, room::Held};

/// The messages of a streamed call, for any number of attempts.
#[derive(Clone)]
pub struct Replay(Arc<Mutex<State>>);

struct State {
    /// The caller's stream, until it ends.
    source: Option<Frames>,
    /// What it ended with, if it failed.
    failed: Option<Status>,
    /// Messages that some attempt may still read.
    kept: VecDeque<Message>,
    /// How many messages came before the first that is kept.
    gone: usize,
    held: Held,
    committed: bool,
    /// The attempts that may read.
    readers: Vec<Place>,
    /// How many attempts there were.
    started: u32,
    /// Whoever wants to know when the call is committed.
    watcher: Option<Waker>,
}

/// How far an attempt has read.
struct Place {
    id: u32,
    next: usize,
    waker: Option<Waker>,
}

/// The messages for one attempt.
struct Reader {
    replay: Replay,
    id: u32,
}

// === Replay ===

impl Replay {
    /// Keeps the messages of `source`, as far as there is `room`.
    pub fn new(source: Frames, room: &Arc<Room>) -> Self {
        Self(Arc::new(Mutex::new(State {
            source: Some(source),
            failed: None,
            kept: VecDeque::new(),
            gone: 0,
            held: Held::of(room),
            committed: false,
            readers: Vec::new(),
            started: 0,
            watcher: None,
        })))
    }

    /// The messages for a further attempt beside those that are under way, and its number; nothing, if it could not send
    /// all of them.
    pub fn join(&self) -> Option<(Frames, u32)> {
        self.enter(self.state())
    }

    /// The messages for an attempt in the place of all before, which read no more, and its number; nothing, if it could
    /// not send all of them.
    pub fn restart(&self) -> Option<(Frames, u32)> {
        let mut state = self.state();
        if state.is_whole() {
            state.readers.clear();
        }
        self.enter(state)
    }

    /// Lets a newcomer in under the lock that it is decided under: an attempt under way may commit the call at any moment.
    fn enter(&self, mut state: MutexGuard<'_, State>) -> Option<(Frames, u32)> {
        if !state.is_whole() {
            return None;
        }
        let id = state.started;
        state.started += 1;
        state.readers.push(Place {
            id,
            next: 0,
            waker: None,
        });
        drop(state);
        let replay = self.clone();
        Some((Frames::new(Reader { replay, id }), id))
    }

    /// Keeps nothing for any attempt but number `id`. What is there of others reads no more.
    pub fn commit(&self, id: u32) {
        self.state().commit(id);
    }

    /// Whether another attempt can be made as of now: nothing was thrown away, and the caller's stream did not fail.
    pub fn is_whole(&self) -> bool {
        self.state().is_whole()
    }

    /// The number of the attempt that the call is committed to. Wakes `waker` when that changes.
    pub fn committed(&self, waker: &Waker) -> Option<u32> {
        let mut state = self.state();
        if state.committed {
            return state.readers.first().map(|place| place.id);
        }
        state.watcher = Some(waker.clone());
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Replay").finish_non_exhaustive()
    }
}

// === State ===

impl State {
    fn is_whole(&self) -> bool {
        !self.committed && self.failed.is_none()
    }

    /// Where `reader` stands among those that may read.
    fn place(&self, reader: u32) -> Option<usize> {
        self.readers.iter().position(|place| place.id == reader)
    }

    fn commit(&mut self, id: u32) {
        if self.committed {
            return;
        }
        self.committed = true;
        self.readers.retain(|place| place.id == id);
        self.forget();
        if let Some(watcher) = self.watcher.take() {
            watcher.wake();
        }
    }

    /// Lets go of what nobody reads any more, once the call is committed.
    fn forget(&mut self) {
        let read = self.readers.first().map_or(usize::MAX, |place| place.next);
        while self.committed && self.gone < read {
            let Some(message) = self.kept.pop_front() else {
                break;
            };
            self.held.give(message.framed().len());
            self.gone += 1;
        }
    }

    /// The next message that is kept for the reader at `place`.
    fn next(&mut self, place: usize) -> Option<Message> {
        let reader = &mut self.readers[place];
        let message = self.kept.get(reader.next - self.gone)?.clone();
        reader.next += 1;
        self.forget();
        Some(message)
    }

    /// Reads from the caller's stream for the reader at `place`, which has read all that is kept.
    fn read(
        &mut self,
        place: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(self.failed.clone().map(Err));
        };
        let Poll::Ready(frame) = source.poll_frame(context) else {
            self.readers[place].waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        match &frame {
            Some(Ok(Frame::Message(message))) => self.keep(place, message),
            Some(Err(status)) => {
                self.failed = Some(status.clone());
                self.source = None;
            }
            // A call has no trailers.
            Some(Ok(Frame::Trailers(_))) | None => self.source = None,
        }
        self.wake();
        Poll::Ready(frame)
    }

    /// Keeps a message that the reader at `place` has just read, or commits the call to it, if there is no room.
    fn keep(&mut self, place: usize, message: &Message) {
        let reader = &mut self.readers[place];
        reader.next += 1;
        let id = reader.id;
        if self.committed {
            self.gone += 1;
        } else if self.held.take(message.framed().len()) {
            self.kept.push_back(message.clone());
        } else {
            self.commit(id);
            self.gone += 1;
        }
    }

    /// Wakes all that wait for a message.
    fn wake(&mut self) {
        for place in &mut self.readers {
            if let Some(waker) = place.waker.take() {
                waker.wake();
            }
        }
    }
}

// === Reader ===

impl Source for Reader {
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let mut state = self.replay.state();
        let Some(place) = state.place(self.id) else {
            let status = Status::cancelled("the call went on with another attempt");
            return Poll::Ready(Some(Err(status)));
        };
        if let Some(message) = state.next(place) {
            return Poll::Ready(Some(Ok(Frame::Message(message))));
        }
        let frame = ready!(state.read(place, context));
        Poll::Ready(frame)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.replay.state();
        state.readers.retain(|place| place.id != self.id);
        // The caller's stream wakes whoever read it last, and that may have been this one.
        state.wake();
    }
}

#[cfg(test)]
mod tests;
