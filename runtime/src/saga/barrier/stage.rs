//! Where a step is on the side of the server, and what that means for a call that comes.
//!
//! ```text
//!            action             done
//!  (unseen) ────────▶ Acting ─────────▶ Acted
//!      │                │ failed          │
//!      │                ▼                 │
//!      │            Attempted             │
//!      │ compensation   │ compensation    │ compensation
//!      ▼                ▼                 ▼         done
//!      └──────────▶ Compensating ◀────────┘  ─────────────▶ Compensated
//!                       │ ▲                                      ▲
//!                failed ▼ │ compensation                         │
//!                   Resisting        (unseen) ── compensation ───┘  where nothing is ever forgotten
//! ```

use crate::saga::Op;

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The action is running.
    Acting,
    /// It failed, or was dropped: it may have had an effect.
    Attempted,
    /// It took effect.
    Acted,
    /// The compensation is running.
    Compensating,
    /// It failed, or was dropped: it has to come again.
    Resisting,
    /// The step was taken back, or never was.
    Compensated,
}

/// What to do about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Run,
    AlreadyDone,
    Nothing,
    TooLate,
    Busy,
}

/// What is known of a step that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// It was never there.
    Complete,
    /// It was never there, or was forgotten.
    Lossy,
}

/// What to do about a call of a step that is at `stage`, and where the step is then.
pub(super) fn enter(stage: Option<Stage>, op: Op, memory: Memory) -> (Decision, Option<Stage>) {
    use Stage::{Acted, Acting, Attempted, Compensated, Compensating, Resisting};
    let decision = match (op, stage) {
        (Op::Action, None | Some(Attempted)) => return (Decision::Run, Some(Acting)),
        (Op::Action, Some(Acting)) => Decision::Busy,
        (Op::Action, Some(Acted)) => Decision::AlreadyDone,
        (Op::Action, Some(Compensating | Resisting | Compensated)) => Decision::TooLate,
        (Op::Compensation, None) if memory == Memory::Complete => {
            return (Decision::Nothing, Some(Compensated));
        }
        (Op::Compensation, None | Some(Attempted | Acted | Resisting)) => {
            return (Decision::Run, Some(Compensating));
        }
        (Op::Compensation, Some(Acting | Compensating)) => Decision::Busy,
        (Op::Compensation, Some(Compensated)) => Decision::AlreadyDone,
    };
    (decision, stage)
}

/// Where a step is after what was running there has ended.
pub(super) fn leave(op: Op, took_effect: Effect) -> Stage {
    match (op, took_effect) {
        (Op::Action, Effect::Whole) => Stage::Acted,
        (Op::Action, Effect::Unknown) => Stage::Attempted,
        (Op::Compensation, Effect::Whole) => Stage::Compensated,
        (Op::Compensation, Effect::Unknown) => Stage::Resisting,
    }
}

/// What is known of something that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It took effect.
    Whole,
    /// It failed, or was dropped.
    Unknown,
}
