//! A recorder that Prometheus can scrape.
//!
//! Of our own, because it stays of one size however many calls there are between two scrapes, and needs no task to keep it
//! so: a histogram is a handful of counters, of the same bounds for all.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_global_recorder,
};

use super::{collect, enable, histogram::Buckets, render};

/// Keeps the figures of the program, its own and ours, for Prometheus. Cheap to clone.
///
/// ```
/// use couplet::telemetry::metrics::Prometheus;
///
/// let prometheus = Prometheus::install()?;
/// metrics::counter!("movies.shown").increment(1);
/// assert!(prometheus.text().contains("movies_shown_total 1"));
/// # Ok::<(), couplet::telemetry::metrics::AlreadyRecording>(())
/// ```
#[derive(Clone, Default)]
pub struct Prometheus(Arc<Mutex<Kept>>);

/// Somebody else records already: there is one recorder in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this program has a recorder of metrics already; use that one, and call `telemetry::metrics::enable`"
)]
pub struct AlreadyRecording;

/// What there is, by name.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) counters: BTreeMap<String, HashMap<Key, Arc<AtomicU64>>>,
    pub(super) gauges: BTreeMap<String, HashMap<Key, Arc<AtomicU64>>>,
    pub(super) histograms: BTreeMap<String, HashMap<Key, Arc<Buckets>>>,
    pub(super) described: HashMap<String, (Option<Unit>, SharedString)>,
}

// === Prometheus ===

impl Prometheus {
    /// Makes it the recorder of the program, and tells it figures from now on.
    ///
    /// # Errors
    /// If there is another one already.
    pub fn install() -> Result<Self, AlreadyRecording> {
        let own = Self::default();
        set_global_recorder(own.clone()).map_err(|_| AlreadyRecording)?;
        enable();
        Ok(own)
    }

    /// The figures of this moment, in Prometheus' text format, version 0.0.4.
    pub fn text(&self) -> String {
        collect();
        render::text(&self.kept())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>, text: SharedString) {
        let name = name.as_str().to_owned();
        self.kept().described.insert(name, (unit, text));
    }
}

fn handle<T: Default>(all: &mut BTreeMap<String, HashMap<Key, Arc<T>>>, key: &Key) -> Arc<T> {
    let named = all.entry(key.name().to_owned()).or_default();
    Arc::clone(named.entry(key.clone()).or_default())
}

impl Recorder for Prometheus {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(&name, unit, text);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(&name, unit, text);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(&name, unit, text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(handle(&mut self.kept().counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(handle(&mut self.kept().gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(handle(&mut self.kept().histograms, key))
    }
}

impl fmt::Debug for Prometheus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Prometheus").finish_non_exhaustive()
    }
}

/// What a counter or a gauge stands at.
pub(super) fn value(atomic: &AtomicU64) -> u64 {
    atomic.load(Relaxed)
}
