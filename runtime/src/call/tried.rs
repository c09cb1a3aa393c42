//! Where a call has been, so that its next attempt goes elsewhere.

use std::{cell::Cell, sync::Arc};

/// The peers that earlier attempts of a call were sent to. Empty, it costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Tried(Option<Arc<Vec<u64>>>);

thread_local! {
    static LAST: Cell<Option<u64>> = const { Cell::new(None) };
}

impl Tried {
    /// Whether an earlier attempt was sent to the peer of this number.
    #[inline]
    pub fn contains(&self, peer: u64) -> bool {
        self.0.as_ref().is_some_and(|tried| tried.contains(&peer))
    }

    /// Adds a peer.
    pub fn add(&mut self, peer: u64) {
        if !self.contains(peer) {
            Arc::make_mut(self.0.get_or_insert_default()).push(peer);
        }
    }

    /// Notes, within the poll of a call, the peer that it is sent to.
    ///
    /// The note is read by the layer that polled it, in the same poll, so one cell for each thread is enough.
    pub fn note(peer: u64) {
        LAST.set(Some(peer));
    }

    /// The peer that the call was sent to that was polled last on this thread, and forgets it.
    pub fn take() -> Option<u64> {
        LAST.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_knows_where_the_earlier_ones_were() {
        let mut tried = Tried::default();
        assert!(!tried.contains(1));
        tried.add(1);
        let later = tried.clone();
        tried.add(2);
        assert!(tried.contains(1) && tried.contains(2));
        assert!(later.contains(1) && !later.contains(2));
    }

    #[test]
    fn a_note_is_read_once() {
        Tried::note(7);
        assert_eq!((Tried::take(), Tried::take()), (Some(7), None));
    }
}
