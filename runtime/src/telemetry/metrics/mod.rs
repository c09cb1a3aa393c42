//! Figures, told to the recorder of the [`metrics`] facade.
//!
//! Durations are told as calls end. What policies count by themselves is told only when somebody collects: nothing is
//! counted twice on the path of a call. Nothing is told before [`enable`], and a duration not even taken.
//!
//! The facade leaves the choice of who records to the program: [`Prometheus`], which is here and which a server shows as a
//! page, or any other of its recorders. The names are in `docs/observability.md`.

mod durations;
mod histogram;
mod prometheus;
mod render;
mod report;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(crate) use self::{
    durations::{Durations, Measure},
    report::{Report, Reports, Tally},
};
pub use self::{
    prometheus::{AlreadyRecording, Prometheus},
    report::collect,
};

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Tells figures to the recorder of the program from now on. For recorders other than [`Prometheus`], which calls it; call
/// it after one was installed. Such a program also calls [`collect`] every now and then, best before it sends.
pub fn enable() {
    report::describe();
    ENABLED.store(true, Relaxed);
}

/// Whether somebody records.
#[inline]
pub(crate) fn is_enabled() -> bool {
    ENABLED.load(Relaxed)
}
