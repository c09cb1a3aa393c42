//! The messages of a streamed call, kept until it is committed to one attempt, so that another one can send them again.
//!
//! Every attempt reads the same messages from the first one on. The one that is ahead reads from the caller's stream and
//! leaves what it read for the others. Once the call is committed, what its attempt has not read yet is handed over, and
//! from then on it reads straight from the caller.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
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
    /// Who is to be woken once nobody holds the lock: a waker may do anything, ask for the lock among it.
    due: Vec<Waker>,
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
            due: Vec::new(),
        })))
    }

    /// The messages for a further attempt beside those that are under way, and its number; nothing, if it could not send
    /// all of them.
    pub fn join(&self) -> Option<(Frames, u32)> {
        self.enter(|_| {})
    }

    /// The messages for an attempt in the place of all before, which read no more, and its number; nothing, if it could
    /// not send all of them.
    pub fn restart(&self) -> Option<(Frames, u32)> {
        self.enter(Vec::clear)
    }

    /// Lets a newcomer in under the lock that it is decided under: an attempt under way may commit the call at any moment.
    fn enter(&self, before: impl FnOnce(&mut Vec<Place>)) -> Option<(Frames, u32)> {
        let id = self.locked(|state| {
            if !state.is_whole() {
                return None;
            }
            before(&mut state.readers);
            let id = state.started;
            state.started += 1;
            state.readers.push(Place {
                id,
                next: 0,
                waker: None,
            });
            Some(id)
        })?;
        let replay = self.clone();
        Some((Frames::new(Reader { replay, id }), id))
    }

    /// Keeps nothing for any attempt but number `id`. What is there of others reads no more.
    pub fn commit(&self, id: u32) {
        self.locked(|state| state.commit(id));
    }

    /// Whether another attempt can be made as of now: nothing was thrown away, and the caller's stream did not fail.
    pub fn is_whole(&self) -> bool {
        self.locked(|state| state.is_whole())
    }

    /// The number of the attempt that the call is committed to. Wakes `waker` when that changes.
    pub fn committed(&self, waker: &Waker) -> Option<u32> {
        self.locked(|state| {
            if state.committed {
                return state.readers.first().map(|place| place.id);
            }
            state.watcher = Some(waker.clone());
            None
        })
    }

    /// Does something to the state, and wakes afterwards whoever is concerned.
    fn locked<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut state);
        let due = std::mem::take(&mut state.due);
        drop(state);
        due.into_iter().for_each(Waker::wake);
        changed
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
        self.due.extend(self.watcher.take());
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

    /// Has all woken that wait for a message.
    fn wake(&mut self) {
        let waiting = self.readers.iter_mut();
        self.due
            .extend(waiting.filter_map(|place| place.waker.take()));
    }
}

// === Reader ===

impl Source for Reader {
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        self.replay.locked(|state| {
            let Some(place) = state.place(self.id) else {
                let status = Status::cancelled("the call went on with another attempt");
                return Poll::Ready(Some(Err(status)));
            };
            match state.next(place) {
                Some(message) => Poll::Ready(Some(Ok(Frame::Message(message)))),
                None => state.read(place, context),
            }
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.replay.locked(|state| {
            state.readers.retain(|place| place.id != self.id);
            // The caller's stream wakes whoever read it last, and that may have been this one.
            state.wake();
        });
    }
}

#[cfg(test)]
mod tests;
