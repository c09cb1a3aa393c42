//! What policies count by themselves, told to the recorder when somebody collects.
//!
//! Who counts is on a list for as long as it lives. Of each counter it tells what came since the last time, so that several
//! that count the same thing, as two channels to one service do, add up; what is gone tells the rest as it goes.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use metrics::{
    Key, Label, Level, Metadata, SharedString, Unit, describe_counter, describe_gauge,
    describe_histogram, with_recorder,
};

use super::{Measure, is_enabled};

/// Who counts something.
pub(crate) trait Report: Send + Sync {
    /// Tells everything as it stands.
    fn report(&self, tally: &mut Tally<'_>);
}

/// Keeps what counts on the list for as long as it lives.
pub(crate) struct Reports(Arc<Listed>);

struct Listed {
    /// Where what counts stands in memory, if several tell of it.
    identity: Option<usize>,
    what: Box<dyn Report>,
    /// What each counter was told to be.
    told: Mutex<HashMap<Key, u64>>,
}

/// What is told in one collection.
pub(crate) struct Tally<'a> {
    told: &'a mut HashMap<Key, u64>,
    gauges: &'a mut HashMap<Key, f64>,
}

static LIST: Mutex<Vec<Weak<Listed>>> = Mutex::new(Vec::new());
/// The gauges that were set by the last collection: those that nobody tells any more are zero.
static SET: Mutex<Option<HashSet<Key>>> = Mutex::new(None);
static METADATA: Metadata<'static> = Metadata::new("couplet", Level::INFO, Some("couplet"));

/// Counters and gauges: name, and what is counted.
const COUNTERS: [(&str, &str); 12] = [
    ("couplet.deadline.bounded", "Calls that had a deadline."),
    (
        "couplet.deadline.exceeded",
        "Calls that their deadline ended, by what they waited for.",
    ),
    (
        "couplet.retry.resent",
        "Attempts beyond the first, by why they were sent.",
    ),
    (
        "couplet.retry.given_up",
        "Failed calls that were not sent again, by why not.",
    ),
    (
        "couplet.fallback",
        "Failed calls for which a fallback was there, by what came of it.",
    ),
    ("couplet.limit.refused", "Calls that a limit refused."),
    ("couplet.limit.waited", "Calls that waited for a limit."),
    (
        "couplet.version.checked",
        "Calls by how the releases of their two ends went together.",
    ),
    (
        "couplet.version.seen",
        "Calls by the release of the other end.",
    ),
    (
        "couplet.breaker.calls",
        "Calls by what they were to the breaker.",
    ),
    (
        "couplet.breaker.transitions",
        "Changes of the breaker's state.",
    ),
    (
        "couplet.balance.picks",
        "Attempts that were sent to an endpoint that was picked for them.",
    ),
];
const GAUGES: [(&str, &str); 2] = [
    ("couplet.breaker.state", "Breakers in this state."),
    ("couplet.balance.endpoints", "Endpoints in this state."),
];

/// Tells the recorder what has come since the last time. For recorders that send by themselves, before they do;
/// [`Prometheus`](super::Prometheus) does it by itself.
pub fn collect() {
    if !is_enabled() {
        return;
    }
    let listed: Vec<_> = {
        let mut list = lock(&LIST);
        list.retain(|listed| listed.strong_count() > 0);
        list.iter().filter_map(Weak::upgrade).collect()
    };
    let mut gauges = HashMap::new();
    for listed in listed {
        listed.tell(&mut gauges);
    }
    let mut set = lock(&SET);
    let before = set.replace(gauges.keys().cloned().collect());
    let gone = before.unwrap_or_default().into_iter();
    for key in gone
        .filter(|key| !gauges.contains_key(key))
        .collect::<Vec<_>>()
    {
        gauges.insert(key, 0.0);
    }
    for (key, value) in gauges {
        with_recorder(|recorder| recorder.register_gauge(&key, &METADATA)).set(value);
    }
}

/// Says what the names mean.
pub(super) fn describe() {
    for measure in Measure::ALL {
        describe_histogram!(measure.name(), Unit::Seconds, measure.text());
    }
    for (name, text) in COUNTERS {
        describe_counter!(name, text);
    }
    for (name, text) in GAUGES {
        describe_gauge!(name, text);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === Reports ===

impl Reports {
    /// Puts `what` on the list.
    pub(crate) fn of(what: impl Report + 'static) -> Self {
        Self::list(&mut lock(&LIST), None, what)
    }

    /// The same, unless it is there already. What keeps alive what stands at `identity` is in `what`.
    pub(crate) fn once(identity: usize, what: impl Report + 'static) -> Self {
        let list = &mut lock(&LIST);
        let mut known = list.iter().filter_map(Weak::upgrade);
        match known.find(|listed| listed.identity == Some(identity)) {
            Some(listed) => Self(listed),
            None => Self::list(list, Some(identity), what),
        }
    }

    fn list(
        list: &mut Vec<Weak<Listed>>,
        identity: Option<usize>,
        what: impl Report + 'static,
    ) -> Self {
        let listed = Arc::new(Listed {
            identity,
            what: Box::new(what),
            told: Mutex::default(),
        });
        list.retain(|listed| listed.strong_count() > 0);
        list.push(Arc::downgrade(&listed));
        Self(listed)
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        if is_enabled() {
            // Its gauges go with it.
            self.0.tell(&mut HashMap::new());
        }
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reports").finish_non_exhaustive()
    }
}

impl Listed {
    fn tell(&self, gauges: &mut HashMap<Key, f64>) {
        let told = &mut *lock(&self.told);
        self.what.report(&mut Tally { told, gauges });
    }
}

// === Tally ===

impl Tally<'_> {
    /// A counter that stands at `total`. What never counted is not told of.
    pub(crate) fn count(
        &mut self,
        name: &'static str,
        labels: &[(&'static str, &str)],
        total: u64,
    ) {
        if total == 0 {
            return;
        }
        let key = key(name, labels);
        let counter = with_recorder(|recorder| recorder.register_counter(&key, &METADATA));
        let told = self.told.entry(key).or_default();
        counter.increment(total.saturating_sub(*told));
        *told = total;
    }

    /// A gauge, of which several may tell a part.
    pub(crate) fn gauge(&mut self, name: &'static str, labels: &[(&'static str, &str)], part: f64) {
        *self.gauges.entry(key(name, labels)).or_default() += part;
    }
}

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let labels = labels.iter().filter(|(_, value)| !value.is_empty());
    let label = |(key, value): &(&'static str, &str)| {
        Label::new(*key, SharedString::from((*value).to_owned()))
    };
    Key::from_parts(name, labels.map(label).collect::<Vec<_>>())
}
