//! A policy layer of one's own, in one file to copy: at most so many calls under way at once.
//!
//! The policy decides and never waits; the layer waits and asks the policy. It may stand anywhere in a stack. Around a
//! client's whole stack, as in this example, it counts a call once, however often the stack sends it.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use couplet::{
    Status,
    call::{Call, Invoke, Mark, Reply},
};

/// The policy: how many calls may be under way.
#[derive(Debug)]
pub(crate) struct Quota {
    most: usize,
    under_way: AtomicUsize,
}

/// Leave to make one call; dropping it makes room for the next.
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a Quota);

/// There is no room for another call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    /// How many calls are under way.
    pub(crate) most: usize,
}

/// The layer: asks the quota before every call.
#[derive(Debug)]
pub(crate) struct Limited<I> {
    inner: I,
    quota: Quota,
}

// === Quota ===

impl Quota {
    /// Room for `most` calls.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            under_way: AtomicUsize::new(0),
        }
    }

    /// Asks for leave to make a call.
    ///
    /// # Errors
    /// If the quota is full.
    pub(crate) fn admit(&self) -> Result<Permit<'_>, Full> {
        let permit = Permit(self);
        match self.under_way.fetch_add(1, Relaxed) {
            before if before < self.most => Ok(permit),
            // The permit, dropped here, takes back what was added.
            _ => Err(Full { most: self.most }),
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}

// === Full ===

impl From<Full> for Status {
    fn from(Full { most }: Full) -> Self {
        let text =
            format!("{most} calls are under way, which is the quota; try again when one is over");
        // The mark says that nothing was sent, so that no breaker blames the peer.
        Mark::Refused.on(Self::resource_exhausted(text))
    }
}

// === Limited ===

impl<I> Limited<I> {
    /// Limits the calls of `inner`.
    pub(crate) fn new(inner: I, most: usize) -> Self {
        Self {
            inner,
            quota: Quota::new(most),
        }
    }
}

impl<I: Invoke> Invoke for Limited<I> {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        let _permit = self.quota.admit()?;
        self.inner.invoke(call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_quota_has_room_again_when_a_call_is_over() {
        let quota = Quota::new(1);
        let first = quota.admit();
        assert_eq!(quota.admit().map(drop), Err(Full { most: 1 }));
        drop(first);
        assert!(quota.admit().is_ok());
    }
}
