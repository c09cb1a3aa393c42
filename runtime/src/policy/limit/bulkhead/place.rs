//! A place in the queue of a bulkhead: a future that becomes a permit when its turn has come.

use std::{
    future::Future,
    ops::Deref,
    pin::Pin,
    sync::{Arc, atomic::Ordering::AcqRel},
    task::{Context, Poll},
};

use super::{Bulkhead, Permit, WAITER};

/// A place in the queue. Awaited, it becomes a [`Permit`]; dropped before, it leaves the queue, and gives back what it
/// was handed in the meantime. It waits for ever: bound it with a timer.
#[derive(Debug)]
#[must_use = "dropping a place leaves the queue"]
pub struct Place<B: Deref<Target = Bulkhead>> {
    /// `None` once it has become a permit.
    bulkhead: Option<B>,
    ticket: u64,
}

/// A place that holds the bulkhead itself, for calls that outlive the function that asked for leave.
pub type OwnedPlace = Place<Arc<Bulkhead>>;

// === Place ===

impl<B: Deref<Target = Bulkhead>> Place<B> {
    pub(super) fn new(bulkhead: B, ticket: u64) -> Self {
        Self {
            bulkhead: Some(bulkhead),
            ticket,
        }
    }
}

impl<B: Deref<Target = Bulkhead> + Unpin> Future for Place<B> {
    type Output = Permit<B>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Permit<B>> {
        let ticket = self.ticket;
        if let Some(bulkhead) = &self.bulkhead {
            let mut queue = bulkhead.lock();
            if let Ok(at) = queue.find(ticket) {
                let waker = &mut queue.waiting[at].waker;
                // Cloned only if the task is another one than before.
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                return Poll::Pending;
            }
        }
        match self.bulkhead.take() {
            Some(bulkhead) => Poll::Ready(Permit(bulkhead)),
            // Asked again after its turn: it has nothing more to give.
            None => Poll::Pending,
        }
    }
}

impl<B: Deref<Target = Bulkhead>> Drop for Place<B> {
    fn drop(&mut self) {
        let Some(bulkhead) = &self.bulkhead else {
            return;
        };
        let mut queue = bulkhead.lock();
        match queue.find(self.ticket) {
            Ok(at) => {
                bulkhead.word.fetch_sub(WAITER, AcqRel);
                let left = queue.waiting.remove(at);
                // A waker may run anything when it is dropped; it does so outside the lock.
                drop(queue);
                drop(left);
            }
            // Its turn had come, and nobody was there to see it.
            Err(_) => {
                drop(queue);
                bulkhead.give_back();
            }
        }
    }
}

// === Queue ===

impl super::Queue {
    /// Where a ticket stands; an error if it has had its turn.
    fn find(&self, ticket: u64) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&ticket, |one| one.ticket)
    }
}
