//! The numbers of spans, where another library gives them out: what is exported and what is sent must agree.

use std::sync::OnceLock;

use tracing::Span;

use crate::call::Trace;

/// The way to a library that keeps traces of its own behind [`tracing`], such as `tracing-opentelemetry`. The page
/// `docs/observability.md` has one.
pub trait Bridge: Send + Sync {
    /// Makes what `trace` says the parent of `span`, which was made just now for a call that is served.
    fn adopt(&self, span: &Span, trace: &Trace);

    /// The trace within `span`, as it goes on in another program; `None` if the library has none.
    fn trace(&self, span: &Span) -> Option<Trace>;
}

static BRIDGE: OnceLock<Box<dyn Bridge>> = OnceLock::new();

/// Goes by the numbers of another library from now on, in the whole program. Only the first counts: `false` if there was
/// one.
pub fn set_bridge(bridge: impl Bridge + 'static) -> bool {
    BRIDGE.set(Box::new(bridge)).is_ok()
}

pub(crate) fn bridge() -> Option<&'static dyn Bridge> {
    BRIDGE.get().map(|bridge| &**bridge)
}
