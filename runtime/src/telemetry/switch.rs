//! Whether anybody looks. Asked for every call, so each answer is one load of what hardly ever changes.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing::level_filters::LevelFilter;

static TRACES: AtomicBool = AtomicBool::new(false);

/// Whether some subscriber may want spans.
#[inline]
fn are_spans_wanted() -> bool {
    LevelFilter::INFO <= LevelFilter::current()
}

/// Whether somebody records figures.
#[inline]
pub(crate) fn are_figures_wanted() -> bool {
    #[cfg(feature = "metrics")]
    return super::metrics::is_enabled();
    #[cfg(not(feature = "metrics"))]
    false
}

/// Whether anybody looks at calls at all.
#[inline]
pub(crate) fn is_watched() -> bool {
    are_spans_wanted() || are_figures_wanted()
}

/// Whether this program ever served a call that belongs to a trace.
#[inline]
pub(crate) fn has_traces() -> bool {
    TRACES.load(Relaxed)
}

/// A call that is served belongs to a trace.
pub(crate) fn note_trace() {
    // Not written each time: all threads read it.
    if !has_traces() {
        TRACES.store(true, Relaxed);
    }
}
