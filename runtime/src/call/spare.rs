//! What it takes to send a call once more, at the price of a reference count while nothing goes wrong.

use std::{num::NonZeroU64, sync::Arc};

use super::{Body, Call, Deadline, Encoding, Message, Metadata, Method, Replay, Room, room::Held};
use http::Extensions;

/// Messages up to this size are kept without being counted: there are only as many as there are calls under way, and
/// counting would cost each of them more than it is worth.
const SMALL: usize = 4 << 10;

/// A copy of a call, kept small: messages are shared, and what most calls do not have is behind a pointer.
#[derive(Debug)]
pub struct Spare {
    method: &'static Method,
    deadline: Deadline,
    encoding: Option<Encoding>,
    wait_for_ready: Option<bool>,
    key: Option<NonZeroU64>,
    kept: Kept,
    rest: Option<Box<(Metadata, Extensions)>>,
}

#[derive(Debug)]
enum Kept {
    One(
        Message,
        #[expect(dead_code, reason = "gives its bytes back when dropped")] Option<Held>,
    ),
    /// And the number of the attempt that was sent last.
    Many(Replay, u32),
}

impl Call {
    /// Keeps what it takes to send this call once more, if there is `room` for its message. Those of a stream are kept
    /// as they are sent.
    #[inline(always)]
    pub fn spare(&mut self, room: &Arc<Room>) -> Option<Spare> {
        let kept = match &mut self.body {
            Body::One(message, _) if message.framed().len() <= SMALL => {
                Kept::One(message.clone(), None)
            }
            body => keep(body, room)?,
        };
        let plain = self.metadata.is_empty() && self.extensions.is_empty();
        Some(Spare {
            method: self.method,
            deadline: self.deadline,
            encoding: self.encoding,
            wait_for_ready: self.wait_for_ready,
            key: self.key,
            kept,
            rest: if plain { None } else { self.rest() },
        })
    }

    #[inline(never)]
    fn rest(&self) -> Option<Box<(Metadata, Extensions)>> {
        Some(Box::new((self.metadata.clone(), self.extensions.clone())))
    }
}

/// Keeps what takes room.
#[inline(never)]
fn keep(body: &mut Body, room: &Arc<Room>) -> Option<Kept> {
    match body {
        Body::One(message, _) => {
            let mut held = Held::of(room);
            let has_room = held.take(message.framed().len());
            has_room.then(|| Kept::One(message.clone(), Some(held)))
        }
        Body::Many(frames) => {
            let source = std::mem::replace(frames, super::Frames::empty());
            let replay = Replay::new(source, room);
            let (first, number) = replay.join().expect("nothing was read of it yet");
            *frames = first;
            Some(Kept::Many(replay, number))
        }
    }
}

impl Spare {
    /// When the call must be over.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Whether all of the call is still there as of now.
    pub fn is_whole(&self) -> bool {
        match &self.kept {
            Kept::One(..) => true,
            Kept::Many(replay, _) => replay.is_whole(),
        }
    }

    /// The messages of a streamed call.
    #[inline]
    pub fn replay(&self) -> Option<&Replay> {
        match &self.kept {
            Kept::One(..) => None,
            Kept::Many(replay, _) => Some(replay),
        }
    }

    /// Keeps no more for a further attempt than the one that was sent last has not read yet.
    pub fn commit(&self) {
        if let Kept::Many(replay, last) = &self.kept {
            replay.commit(*last);
        }
    }

    /// The same call, not yet started and with nothing announced: the layers below say that for each attempt. What is
    /// left of earlier attempts sends no more. Nothing, if not all of the call is there any more.
    pub fn again(&mut self) -> Option<Call> {
        let body = match &mut self.kept {
            Kept::One(message, _) => Body::One(message.clone(), None),
            Kept::Many(replay, last) => {
                let (frames, number) = replay.restart()?;
                *last = number;
                Body::Many(frames)
            }
        };
        Some(self.call(body))
    }

    /// The same call beside those that are under way, and its number among them. Nothing, if not all of the call is there
    /// any more.
    pub fn beside(&mut self) -> Option<(Call, u32)> {
        let (body, number) = match &mut self.kept {
            Kept::One(message, _) => (Body::One(message.clone(), None), 0),
            Kept::Many(replay, last) => {
                let (frames, number) = replay.join()?;
                *last = number;
                (Body::Many(frames), number)
            }
        };
        Some((self.call(body), number))
    }

    fn call(&self, body: Body) -> Call {
        let mut call = Call::new(self.method, body);
        call.deadline = self.deadline;
        call.encoding = self.encoding;
        call.wait_for_ready = self.wait_for_ready;
        call.key = self.key;
        if let Some(rest) = &self.rest {
            (call.metadata, call.extensions) = (**rest).clone();
        }
        call
    }
}
