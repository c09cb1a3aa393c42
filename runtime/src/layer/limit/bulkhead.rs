//! Bounds how many calls of a method are under way: takes a place before a call, waits for one if that may be, and
//! holds it until the answer is there, a stream's to its end.

use std::sync::Arc;

use futures_util::FutureExt;
use tonic::Status;
use tonic_types::ErrorDetails;

use super::{
    refuse,
    shell::{Bounded, BoundedLayer, Bounds},
};
use crate::{
    call::{Body, Call, Invoke, Method, Phase, Reply, during},
    clock,
    layer::timer::within,
    policy::limit::bulkhead::{self as policy, Full, OwnedPermit},
};

/// Takes a place for every call.
pub type Bulkhead<I> = Bounded<policy::Bulkhead, I>;

/// Puts a [`Bulkhead`] around what it is given.
pub type BulkheadLayer = BoundedLayer<policy::Bulkhead>;

impl Bounds for policy::Bulkhead {
    async fn pass<I: Invoke>(
        self: Arc<Self>,
        at: &Bulkhead<I>,
        mut call: Call,
    ) -> Result<Reply, Status> {
        let permit = match self.admit_owned() {
            Ok(permit) => permit,
            Err(full) => {
                let permit = at.wait(&self, call.method, full).await?;
                // What it waited for here is not the peer's doing.
                call.started = None;
                permit
            }
        };
        let mut reply = at.inner.invoke(call).await?;
        if let Body::Many(frames) = &mut reply.body {
            frames.on_end(move |_| drop(permit));
        }
        Ok(reply)
    }
}

impl<I> Bulkhead<I> {
    async fn wait(
        &self,
        bulkhead: &Arc<policy::Bulkhead>,
        method: &Method,
        full: Full,
    ) -> Result<OwnedPermit, Status> {
        let patience = bulkhead.max_wait();
        if patience.is_zero() {
            return Err(self.refuse(method, full));
        }
        let place = bulkhead
            .queue_owned()
            .map_err(|full| self.refuse(method, full))?;
        self.counts.waited.add();
        let until = clock::now().checked_add(patience);
        // A deadline that passes earlier ends the call from outside.
        let late = |_| Err(self.refuse(method, full));
        during(Phase::Queue, within(until, place.map(Ok), late)).await
    }

    #[cold]
    fn refuse(&self, method: &Method, full: Full) -> Status {
        self.counts.refused.add();
        let code = self.side.full();
        refuse(method, code, "BULKHEAD_FULL", full, ErrorDetails::new())
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use futures_util::FutureExt;
    use tonic::Code;
    use tonic_types::StatusExt;
    use tower_layer::Layer;

    use super::{
        super::{Side, Table},
        *,
    };
    use crate::{
        call::{Frames, Mark},
        fixture::{ECHO, Handler, say},
        policy::limit::bulkhead::Config,
    };

    fn layer(max: u32, wait: Duration, side: Side) -> (BulkheadLayer, Arc<policy::Bulkhead>) {
        let config = Config {
            max_concurrent_calls: Some(max),
            max_queued: u32::from(!wait.is_zero()),
            max_wait_duration: wait,
        };
        let bulkhead = Arc::new(policy::Bulkhead::new(config).unwrap());
        let table = Table::new(&ECHO, |_| Some(Arc::clone(&bulkhead)));
        (BulkheadLayer::new(Arc::new(table), side), bulkhead)
    }

    /// Answers after a second.
    async fn slow(call: Call) -> Result<Reply, Status> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Reply::new(call.body))
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_no_room_is_refused_at_once_and_each_end_says_it_in_its_way() {
        for (side, code) in [
            (Side::Client, Code::ResourceExhausted),
            (Side::Server, Code::Unavailable),
        ] {
            let (layer, bulkhead) = layer(1, Duration::ZERO, side);
            let stack = layer.layer(Handler(slow));
            let both = tokio::join!(stack.invoke(say(&ECHO, "1")), stack.invoke(say(&ECHO, "2")));
            both.0.unwrap();
            let refused = both.1.unwrap_err();
            assert_eq!(refused.code(), code);
            assert_eq!(Mark::of(&refused), Some(Mark::Refused));
            let info = refused.get_details_error_info().unwrap();
            assert_eq!(info.reason, "BULKHEAD_FULL");
            assert_eq!((bulkhead.under_way(), layer.counts().refused.sum()), (0, 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_may_wait_comes_next_and_no_longer_than_it_may() {
        let (layer, _) = layer(1, Duration::from_millis(1500), Side::Client);
        let stack = layer.layer(Handler(slow));
        let started = clock::now();
        let both = tokio::join!(stack.invoke(say(&ECHO, "1")), stack.invoke(say(&ECHO, "2")));
        both.1.unwrap();
        assert_eq!(clock::now() - started, Duration::from_secs(2));

        let stack = layer.layer(Handler(|_| pending()));
        let started = clock::now();
        let held = tokio::time::timeout(Duration::from_secs(9), stack.invoke(say(&ECHO, "1")));
        let (_, refused) = tokio::join!(held, stack.invoke(say(&ECHO, "2")));
        assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
        assert!(clock::now() - started >= Duration::from_millis(1500));
        assert_eq!(
            (layer.counts().waited.sum(), layer.counts().refused.sum()),
            (2, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_leaves_the_queue_or_the_call_leaves_room() {
        let (layer, bulkhead) = layer(1, Duration::from_secs(60), Side::Server);
        let stack = layer.layer(Handler(|_| pending()));
        let second = Duration::from_secs(1);
        let held = tokio::time::timeout(3 * second, stack.invoke(say(&ECHO, "1")));
        let waiting = tokio::time::timeout(second, stack.invoke(say(&ECHO, "2")));
        let (held, waiting) = tokio::join!(held, waiting);
        assert!(held.is_err() && waiting.is_err(), "both were given up");
        assert_eq!((bulkhead.under_way(), bulkhead.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn a_stream_holds_its_place_until_its_end() {
        struct Silent;
        impl crate::call::Source for Silent {
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<crate::call::Frame, Status>>> {
                std::task::Poll::Pending
            }
        }
        let (layer, bulkhead) = layer(1, Duration::ZERO, Side::Client);
        let stack = layer.layer(Handler(|_| async {
            Ok(Reply::new(Body::Many(Frames::new(Silent))))
        }));
        let call = || Call {
            method: &ECHO.methods[1],
            ..say(&ECHO, "hi")
        };
        let reply = stack.invoke(call()).await.unwrap();
        assert_eq!(bulkhead.under_way(), 1);
        stack.invoke(call()).await.unwrap_err();
        drop(reply);
        assert_eq!(bulkhead.under_way(), 0);
    }

    #[test]
    fn a_method_without_a_bulkhead_has_no_limit_and_may_get_one() {
        let (layer, bulkhead) = layer(1, Duration::ZERO, Side::Client);
        let method = &ECHO.methods[0];
        layer.table.put(method, None);
        let stack = layer.layer(Handler(|_| pending()));
        let mut first = Box::pin(stack.invoke(say(&ECHO, "1")));
        assert!(first.as_mut().now_or_never().is_none());
        assert_eq!(bulkhead.under_way(), 0);
        layer.table.put(method, Some(Arc::clone(&bulkhead)));
        let mut second = Box::pin(stack.invoke(say(&ECHO, "2")));
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(bulkhead.under_way(), 1);
    }
}
