//! How many bytes of its calls a channel keeps for the case that they are sent again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The bytes that are kept of one call at most: 1 MiB, as grpc-java has it.
pub const CALL_ROOM: usize = 1 << 20;
/// The bytes that are kept of all calls of a channel at most: 16 MiB, as grpc-java has it.
pub const CHANNEL_ROOM: usize = 16 << 20;

/// The bytes that a channel keeps of its calls. What does not fit is sent all the same, but only once.
#[derive(Debug)]
pub struct Room {
    held: AtomicUsize,
    call: usize,
    channel: usize,
}

/// Some bytes of a [`Room`]; given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self::new(CALL_ROOM, CHANNEL_ROOM)
    }
}

// === Room ===

impl Room {
    /// Room for `call` bytes of each call and `channel` bytes of all of them together.
    pub fn new(call: usize, channel: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            call,
            channel,
        }
    }

    /// The bytes that are kept at the moment.
    pub fn held(&self) -> usize {
        self.held.load(Relaxed)
    }
}

// === Held ===

impl Held {
    /// Nothing yet.
    pub(super) fn of(room: &Arc<Room>) -> Self {
        Self {
            room: Arc::clone(room),
            bytes: 0,
        }
    }

    /// Takes `more` bytes for one call; whether they were there.
    pub(super) fn take(&mut self, more: usize) -> bool {
        if self.bytes.saturating_add(more) > self.room.call {
            return false;
        }
        let before = self.room.held.fetch_add(more, Relaxed);
        if before.saturating_add(more) > self.room.channel {
            self.room.held.fetch_sub(more, Relaxed);
            return false;
        }
        self.bytes += more;
        true
    }

    /// Gives `some` of the bytes back.
    pub(super) fn give(&mut self, some: usize) {
        let some = some.min(self.bytes);
        self.bytes -= some;
        self.room.held.fetch_sub(some, Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_gets_its_share_and_all_of_them_what_there_is() {
        let room = Arc::new(Room::new(10, 15));
        let (mut one, mut other) = (Held::of(&room), Held::of(&room));
        assert!(one.take(10) && !one.take(1), "the share of a call");
        assert!(!other.take(6) && other.take(5), "the rest of the channel");
        assert_eq!(room.held(), 15);
        one.give(4);
        assert_eq!(room.held(), 11);
        drop((one, other));
        assert_eq!(room.held(), 0);
    }
}
