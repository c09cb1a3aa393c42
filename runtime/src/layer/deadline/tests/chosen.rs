//! Which deadline a call gets: its caller's, its method's, or that of the call being served.

use std::sync::Mutex;

use super::*;

/// A carrier that keeps the deadline of the last call.
struct Noting(Mutex<Deadline>);

impl Noting {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Deadline::NEVER)))
    }

    fn seen(&self) -> Deadline {
        *self.0.lock().unwrap()
    }
}

impl Invoke for Noting {
    async fn invoke(&self, call: Call) -> Result<Reply, Status> {
        *self.0.lock().unwrap() = call.deadline;
        echo(call).await
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A call of the method without a timeout of its own.
fn unbounded() -> Call {
    Call {
        method: &ECHO.methods[1],
        ..say(&ECHO, "")
    }
}

/// What a call gets that asks for `asked` while a call is served that has `left`.
async fn chosen(left: Option<u64>, asked: Option<u64>) -> Option<(Duration, Limit)> {
    let (noting, now) = (Noting::new(), clock::now());
    let stack = calling(Arc::clone(&noting));
    let mut call = unbounded();
    call.timeout = asked.map(seconds);
    let mut context = Context::current();
    if let Some(left) = left {
        context.deadline = Deadline::after(now, seconds(left), Limit::Call);
    }
    context.scope(stack.invoke(call)).await.unwrap();
    let deadline = noting.seen();
    Some((deadline.remaining(now)?, deadline.limit()))
}

/// grpc-java `noDeadlineShouldBePropagatedToStream`, `callOptionsDeadlineShouldBePropagatedToStream`, `contextDeadlineShouldBePropagatedToStream`.
/// grpc-java `contextDeadlineShouldOverrideLargerCallOptionsDeadline`, `contextDeadlineShouldNotOverrideSmallerCallOptionsDeadline`.
#[tokio::test(start_paused = true)]
async fn the_earlier_holds_of_what_is_asked_for_and_what_is_left() {
    assert_eq!(chosen(None, None).await, None);
    let (call, inherited) = (Limit::Call, Limit::Inherited);
    assert_eq!(chosen(None, Some(8)).await, Some((seconds(8), call)));
    assert_eq!(chosen(Some(8), None).await, Some((seconds(8), inherited)));
    assert_eq!(
        chosen(Some(3), Some(8)).await,
        Some((seconds(3), inherited))
    );
    assert_eq!(chosen(Some(8), Some(3)).await, Some((seconds(3), call)));
}

/// grpc-java `earlierParentDeadlineTakesPrecedenceOverLaterChildDeadline`.
#[tokio::test(start_paused = true)]
async fn a_child_never_has_more_time_than_its_parent_and_a_grandchild_no_more_than_the_child() {
    let noting = Noting::new();
    let grandchild = Arc::new(calling(Arc::clone(&noting)));
    let child = calling(serving(Handler(move |call| {
        let grandchild = Arc::clone(&grandchild);
        async move {
            let mut late = unbounded();
            late.timeout = Some(seconds(60));
            grandchild.invoke(late).await.unwrap();
            echo(call).await
        }
    })));
    let now = clock::now();
    for (asked, left) in [(30, 10), (4, 4)] {
        let mut context = Context::current();
        context.deadline = Deadline::after(now, seconds(10), Limit::Call);
        let mut call = unbounded();
        call.timeout = Some(seconds(asked));
        context.scope(child.invoke(call)).await.unwrap();
        let deadline = noting.seen();
        assert_eq!(deadline.remaining(now), Some(seconds(left)));
        assert_eq!(deadline.limit(), Limit::Inherited);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_what_the_parent_did_not_use() {
    let noting = Noting::new();
    let stack = calling(Arc::clone(&noting));
    let now = clock::now();
    let mut context = Context::current();
    context.deadline = Deadline::after(now, seconds(10), Limit::Call);
    let served = async {
        tokio::time::sleep(seconds(7)).await;
        stack.invoke(unbounded()).await.unwrap();
    };
    context.scope(served).await;
    let left = noting.seen().remaining(clock::now());
    assert_eq!(left, Some(seconds(3)));
}

/// grpc-dotnet `AsyncUnaryCall_SetMaxValueDeadline_RequestMessageHasNoDeadlineHeader`.
#[tokio::test(start_paused = true)]
async fn a_time_beyond_the_clock_is_no_deadline() {
    let noting = Noting::new();
    let stack = calling(Arc::clone(&noting));
    let mut call = unbounded();
    call.timeout = Some(Duration::MAX);
    stack.invoke(call).await.unwrap();
    assert_eq!(noting.seen().instant(), None);
    assert_eq!(stack.counts.bounded.sum(), 0);
}
