//! Whatever fails, wherever, and however often: what may have run is taken back, in reverse, and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use proptest::prelude::*;
use tonic::{Code, Status};

use super::{Fate, Peer, done};
use crate::{
    call::Mark,
    saga::{Config, OnAmbiguous, Op, Saga, log::MemoryLog, log::SagaLog},
};

/// How a saga may end, at which step and how often what takes it back fails first.
#[derive(Debug, Clone)]
struct Case {
    steps: u32,
    /// The step that fails; beyond the last it is the body, after all of them.
    at: u32,
    fate: Fate,
    stubborn: u32,
    on_ambiguous: OnAmbiguous,
}

const CERTAIN: [Code; 9] = [
    Code::InvalidArgument,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Unauthenticated,
];
const DOUBTFUL: [Code; 7] = [
    Code::DeadlineExceeded,
    Code::Cancelled,
    Code::Unknown,
    Code::Internal,
    Code::Unavailable,
    Code::ResourceExhausted,
    Code::DataLoss,
];
const UNSEEN: [Mark; 4] = [
    Mark::Refused,
    Mark::Unprocessed,
    Mark::Unsent,
    Mark::Incompatible,
];

fn fate() -> impl Strategy<Value = Fate> {
    let doubtful = || proptest::sample::select(&DOUBTFUL[..]);
    let seen = prop_oneof![
        proptest::sample::select(&CERTAIN[..]).prop_map(Fate::Fails),
        doubtful().prop_map(Fate::Fails),
        doubtful().prop_map(Fate::Lost),
    ];
    let marked = (doubtful(), proptest::sample::select(&UNSEEN[..]));
    prop_oneof![3 => seen, 1 => marked.prop_map(|(code, mark)| Fate::Marked(code, mark))]
}

prop_compose! {
    fn case()(steps in 1_u32..6)(
        steps in Just(steps), at in 1..=steps + 1, fate in fate(), stubborn in 0_u32..4, leave in any::<bool>(),
    ) -> Case {
        let on_ambiguous = if leave { OnAmbiguous::Leave } else { OnAmbiguous::Compensate };
        Case { steps, at, fate, stubborn, on_ambiguous }
    }
}

/// Which steps are to be taken back, with what, in that order.
fn expected(case: &Case) -> Vec<(u32, String)> {
    let answered = |step| (step, format!("undo {step}, answered {step}"));
    let mut expected: Vec<_> = (1..case.at).map(answered).collect();
    let doubtful = match case.fate {
        Fate::Fails(code) => DOUBTFUL.contains(&code),
        Fate::Lost(_) => true,
        _ => false,
    };
    let compensate = case.on_ambiguous == OnAmbiguous::Compensate;
    if doubtful && compensate && case.at <= case.steps {
        expected.push((case.at, format!("undo {}", case.at)));
    }
    expected.reverse();
    expected
}

async fn holds(case: Case) {
    let (at, fate, tries) = (case.at, case.fate, AtomicU32::new(0));
    let stubborn = case.stubborn;
    let peer = Peer::new(move |id| match id.op {
        Op::Action if id.step == at => fate,
        Op::Action => Fate::Works,
        // Every compensation fails so often before it works, and may have run all the same.
        Op::Compensation => match tries.fetch_add(1, Relaxed) % (stubborn + 1) {
            tried if tried == stubborn => Fate::Works,
            _ => Fate::Fails(Code::Unavailable),
        },
    });
    let log = Arc::new(MemoryLog::default());
    let config = Config {
        on_ambiguous: case.on_ambiguous,
        ..Config::default()
    };
    let saga = Saga::new("random").config(config).log(log.clone());
    let (caller, last) = (peer.clone(), case.steps);
    let run = saga.run(move |saga| async move {
        caller.steps(saga, last).await?;
        Err::<(), _>(Status::out_of_range("the body is not content"))
    });
    let aborted = run.await.unwrap_err();

    let expected = expected(&case);
    assert_eq!(peer.ran(Op::Compensation), expected, "{case:?}");
    let order: Vec<_> = expected.iter().map(|(step, _)| *step).collect();
    assert_eq!(done(&aborted.compensations), order, "{case:?}");
    let original = match case.fate {
        _ if case.at > case.steps => Code::OutOfRange,
        Fate::Fails(code) | Fate::Lost(code) | Fate::Marked(code, _) => code,
        Fate::Works | Fate::Hangs => panic!("{case:?} fails"),
    };
    assert_eq!(aborted.status.code(), original, "{case:?}");
    assert!(log.claim().await.unwrap().is_empty(), "it is over");
}

proptest! {
    #[test]
    fn what_may_have_run_is_taken_back_in_reverse_and_nothing_else(case in case()) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(holds(case));
    }
}
