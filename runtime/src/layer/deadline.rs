//! Ends every call by its deadline, on both ends, from waiting for a connection to the last trailer.
//!
//! On the client it stands outermost of what waits, so that connecting, queueing and every attempt are inside. On the
//! server it stands before everything that costs: a call that arrives too late is refused before its body is read.

use std::{
    fmt,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Waker, Poll},
    time::{Duration, Instant},
};

use tonic::{Code, Status};

use super::timer::within;
use crate::{
    call::{Body, Call, Deadline, Frame, Frames, Invoke, Limit, Mark, Phase, Reply, Source},
    clock,
    context::Context,
    policy::{counter::Counter, plan::Plans},
};

/// What the deadlines of one stack did.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that had a deadline.
    pub bounded: Counter,
    /// Calls whose deadline had passed before anything was done.
    pub expired_on_arrival: Counter,
    /// Calls that were ended by their deadline before their reply.
    pub expired: Counter,
}

/// The client's side: chooses the deadline and holds the call to it.
#[derive(Debug)]
pub struct Calling<I> {
    inner: I,
    plans: Arc<Plans>,
    counts: Arc<Counts>,
}

/// The server's side: refuses what is late, and bounds the handler, its streams and the calls it makes.
#[derive(Debug)]
pub struct Serving<I> {
    inner: I,
    counts: Arc<Counts>,
}

/// Bounds what it is given, as a client does. Whatever one layer is put around counts together.
#[derive(Debug, Clone)]
pub struct CallingLayer {
    plans: Arc<Plans>,
    counts: Arc<Counts>,
}

impl CallingLayer {
    /// Holds calls to the timeouts in `plans`.
    pub fn new(plans: Arc<Plans>) -> Self {
        Self {
            plans,
            counts: Arc::default(),
        }
    }
}

impl<I> tower_layer::Layer<I> for CallingLayer {
    type Service = Calling<I>;

    fn layer(&self, inner: I) -> Calling<I> {
        Calling::new(inner, Arc::clone(&self.plans), Arc::clone(&self.counts))
    }
}

// === Calling ===

impl<I> Calling<I> {
    /// Bounds the calls of `inner`, each as its method's row in `plans` says.
    pub fn new(inner: I, plans: Arc<Plans>, counts: Arc<Counts>) -> Self {
        Self {
            inner,
            plans,
            counts,
        }
    }
}

impl<I: Invoke> Invoke for Calling<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let now = *call.started.get_or_insert_with(clock::now);
        call.deadline = effective(&call, self.plans.timeout(call.method), now);
        let expiry = Expiry {
            deadline: call.deadline,
            started: now,
        };
        if call.deadline.instant().is_some() {
            self.counts.bounded.add();
        }
        if call.deadline.has_passed(now) {
            self.counts.expired_on_arrival.add();
            return Err(Mark::Refused.on(expiry.status(now, Phase::Queue)));
        }
        match within(call.deadline.instant(), self.inner.invoke(call)).await {
            Ok(Ok(reply)) => Ok(expiry.bound(reply)),
            Ok(Err(status)) => Err(expiry.attribute(status)),
            Err(phase) => {
                self.counts.expired.add();
                Err(expiry.status(clock::now(), phase))
            }
        }
    }
}

/// The least of what this call asks for, what its method allows and what is left to the call being served.
fn effective(call: &Call, planned: Option<Duration>, now: Instant) -> Deadline {
    let after = |timeout: Option<Duration>, limit| match timeout {
        Some(timeout) => Deadline::after(now, timeout, limit),
        None => Deadline::NEVER,
    };
    call.deadline
        .earliest(after(call.timeout, Limit::Call))
        .earliest(after(planned, Limit::Method))
        .earliest(Context::current_deadline().inherited())
}

// === Serving ===

impl<I> Serving<I> {
    /// Bounds what `inner` does for a caller.
    pub fn new(inner: I, counts: Arc<Counts>) -> Self {
        Self { inner, counts }
    }
}

impl<I: Invoke> Invoke for Serving<I> {
    async fn invoke(&self, mut call: Call) -> Result<Reply, Status> {
        let now = *call.started.get_or_insert_with(clock::now);
        let deadline = call.deadline;
        let expiry = Expiry {
            deadline,
            started: now,
        };
        if deadline.instant().is_some() {
            self.counts.bounded.add();
        }
        if deadline.has_passed(now) {
            self.counts.expired_on_arrival.add();
            return Err(expiry.status(now, Phase::Queue));
        }
        let context = Context {
            deadline,
            method: Some(call.method),
            peer: call.peer.clone(),
        };
        // Pinned where it is made: moved into the timer, it would be copied once more.
        let handled = context.clone().scope(self.inner.invoke(call));
        let handled = pin!(crate::call::during(Phase::Handler, handled));
        match within(deadline.instant(), handled).await {
            Ok(reply) => Ok(expiry.bound(in_context(context, reply?))),
            Err(phase) => {
                self.counts.expired.add();
                Err(expiry.status(clock::now(), phase))
            }
        }
    }
}

/// A streamed answer is a part of the call being served too: the calls that feed it inherit the deadline.
fn in_context(context: Context, reply: Reply) -> Reply {
    let body = match reply.body {
        Body::Many(frames) if context.deadline.instant().is_some() => {
            Body::Many(Frames::new(Scoped { context, frames }))
        }
        body => body,
    };
    Reply { body, ..reply }
}

struct Scoped {
    context: Context,
    frames: Frames,
}

impl Source for Scoped {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<Frame, Status>>> {
        let Self { context, frames } = &mut *self;
        context.enter(|| frames.poll_frame(waker))
    }
}

// === Expiry ===

/// What is known at the start about how a call would end if it were too late.
#[derive(Debug, Clone, Copy)]
struct Expiry {
    deadline: Deadline,
    started: Instant,
}

impl Expiry {
    /// Holds a streamed reply to the same deadline.
    fn bound(self, mut reply: Reply) -> Reply {
        if let (Body::Many(frames), Some(at)) = (&mut reply.body, self.deadline.instant()) {
            frames.until(async move {
                tokio::time::sleep_until(at.into()).await;
                self.status(clock::now(), Phase::Body)
            });
        }
        reply
    }

    /// A peer that saw the deadline pass first, or a connection that went with it, ends the call in its own way; here it was
    /// the deadline all the same.
    fn attribute(self, status: Status) -> Status {
        let may_be_the_deadline = matches!(
            status.code(),
            Code::Cancelled | Code::DeadlineExceeded | Code::Unavailable
        );
        let now = clock::now();
        if may_be_the_deadline && self.deadline.has_passed(now) {
            return self.status(now, Phase::Headers);
        }
        status
    }

    fn status(self, now: Instant, phase: Phase) -> Status {
        let late = Late {
            limit: self.deadline.limit(),
            elapsed: now.saturating_duration_since(self.started),
            phase,
        };
        Status::deadline_exceeded(late.to_string())
    }
}

/// Which limit won, after how long, and what the call was waiting for.
struct Late {
    limit: Limit,
    elapsed: Duration,
    phase: Phase,
}

impl fmt::Display for Late {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            limit,
            elapsed,
            phase,
        } = self;
        write!(
            formatter,
            "deadline exceeded after {elapsed:.1?} in phase {phase}; limit: {limit}"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::{
        call::during,
        fixture::{ECHO, Handler, echo, say},
    };

    fn calling<I>(inner: I) -> Calling<I> {
        Calling::new(inner, Arc::new(Plans::of_contract(&ECHO)), Arc::default())
    }

    fn serving<I>(inner: I) -> Serving<I> {
        Serving::new(inner, Arc::default())
    }

    async fn never(_: Call) -> Result<Reply, Status> {
        during(Phase::Connect, pending()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_ends_at_its_deadline_and_says_where_it_was() {
        let stack = calling(Handler(never));
        let started = clock::now();
        let mut call = say(&ECHO, "");
        call.timeout = Some(Duration::from_millis(300));
        let status = stack.invoke(call).await.unwrap_err();
        assert_eq!(clock::now() - started, Duration::from_millis(300));
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(
            status.message().contains("phase connect; limit: call"),
            "{status}"
        );
        assert_eq!(stack.counts.expired.sum(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_method_bounds_a_call_that_asks_for_nothing_or_for_more() {
        let stack = calling(Handler(never));
        for asked in [None, Some(Duration::from_secs(60)), Some(Duration::MAX)] {
            let started = clock::now();
            let mut call = say(&ECHO, "");
            call.timeout = asked;
            let status = stack.invoke(call).await.unwrap_err();
            assert_eq!(clock::now() - started, Duration::from_secs(2));
            assert!(status.message().ends_with("limit: method"), "{status}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_hands_its_deadline_to_the_calls_it_makes_unless_it_detaches_them() {
        let outer = serving(Handler(|call: Call| async move {
            let inner = calling(Handler(never));
            let bound = inner.invoke(say(&ECHO, "")).await.unwrap_err();
            assert!(bound.message().ends_with("limit: inherited"), "{bound}");
            echo(call).await
        }));
        let mut call = say(&ECHO, "");
        call.deadline = Deadline::after(clock::now(), Duration::from_millis(50), Limit::Call);
        let late = outer.invoke(call).await;
        // Both ends saw the same moment pass; the inner call ended there and so did the handler.
        assert!(late.is_ok() || late.unwrap_err().code() == Code::DeadlineExceeded);

        let detached = serving(Handler(|_| async {
            let inner = calling(Handler(|call: Call| async move {
                assert_eq!(call.deadline.limit(), Limit::Method);
                echo(call).await
            }));
            crate::context::detach(inner.invoke(say(&ECHO, ""))).await
        }));
        let mut call = say(&ECHO, "");
        call.deadline = Deadline::after(clock::now(), Duration::from_millis(50), Limit::Call);
        detached.invoke(call).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_spawned_task_inherits_only_if_it_is_spawned_here() {
        let stack = serving(Handler(|call: Call| async move {
            let bounded = || async { Context::current().deadline.instant().is_some() };
            assert!(crate::context::spawn(bounded()).await.unwrap());
            assert!(!tokio::spawn(bounded()).await.unwrap());
            echo(call).await
        }));
        let mut call = say(&ECHO, "");
        call.deadline = Deadline::after(clock::now(), Duration::from_secs(1), Limit::Call);
        stack.invoke(call).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_passed_deadline_starts_nothing_on_either_side() {
        async fn unreachable(_: Call) -> Result<Reply, Status> {
            panic!("the deadline had passed")
        }
        let mut late = say(&ECHO, "");
        late.deadline = Deadline::at(clock::now(), Limit::Call);
        let status = calling(Handler(unreachable))
            .invoke(late)
            .await
            .unwrap_err();
        assert_eq!(Mark::of(&status), Some(Mark::Refused));
        let mut late = say(&ECHO, "");
        late.deadline = Deadline::at(clock::now(), Limit::Call);
        let status = serving(Handler(unreachable))
            .invoke(late)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_at_the_deadline_of_its_call() {
        struct Silent;
        impl Source for Silent {
            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Waker<'_>,
            ) -> Poll<Option<Result<Frame, Status>>> {
                Poll::Pending
            }
        }
        let stack = calling(Handler(|_| async {
            Ok(Reply::new(Body::Many(Frames::new(Silent))))
        }));
        let started = clock::now();
        let mut call = say(&ECHO, "");
        call.timeout = Some(Duration::from_secs(1));
        let mut frames = stack.invoke(call).await.unwrap().body.into_frames();
        let status = frames.frame().await.unwrap().unwrap_err();
        assert_eq!(clock::now() - started, Duration::from_secs(1));
        assert!(status.message().contains("phase body"), "{status}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_cuts_the_call_at_the_deadline_did_not_cancel_it() {
        let stack = calling(Handler(|call: Call| async move {
            // The peer's clock ran out a moment before ours, and its reset is here with our own timer.
            let at = call.deadline.instant().unwrap();
            tokio::time::advance(at - clock::now()).await;
            Err(Status::cancelled("reset by the peer"))
        }));
        let status = stack.invoke(say(&ECHO, "")).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
}
