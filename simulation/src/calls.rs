//! What became of the calls of a load, and its figures over any time.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use couplet::{Code, Status};

use crate::{Broken, Promise, World};

/// The calls of one load, in the order in which they began.
#[derive(Debug, Clone)]
pub struct Calls {
    world: World,
    seen: Vec<Seen>,
}

/// What became of one call.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When it began, after the beginning of the run.
    pub begun: Duration,
    /// How long it took.
    pub took: Duration,
    /// How it failed, if it did.
    pub status: Option<Status>,
}

/// The calls that began within some time.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    world: &'a World,
    seen: &'a [Seen],
    from: Duration,
    until: Duration,
}

/// The steps in which a recovery is looked for.
const STEP: Duration = Duration::from_secs(1);

// === Calls ===

impl Calls {
    pub(crate) fn new(world: World, mut seen: Vec<Seen>) -> Self {
        seen.sort_by_key(|seen| seen.begun);
        Self { world, seen }
    }

    /// Every one.
    pub fn all(&self) -> Window<'_> {
        let end = self.seen.last().map_or(Duration::ZERO, |last| last.begun);
        self.between(Duration::ZERO..end + Duration::from_nanos(1))
    }

    /// Those that began within this time of the run.
    pub fn between(&self, time: Range<Duration>) -> Window<'_> {
        let place = |at: Duration| self.seen.partition_point(|seen| seen.begun < at);
        Window {
            world: &self.world,
            seen: &self.seen[place(time.start)..place(time.end).max(place(time.start))],
            from: time.start,
            until: time.end,
        }
    }

    /// One window after the other, each of length `step`, from the first call to the last.
    pub fn series(&self, step: Duration) -> impl Iterator<Item = Window<'_>> {
        let end = self.seen.last().map_or(Duration::ZERO, |last| last.begun);
        let starts = std::iter::successors(Some(Duration::ZERO), move |at| Some(*at + step));
        starts
            .take_while(move |at| *at <= end)
            .map(move |at| self.between(at..at + step))
    }

    /// How long after `trigger` it took until this share of calls succeeded in every second that followed; nothing, if it
    /// never did. Of a second, every call counts that began in it.
    pub fn recovery(&self, trigger: Duration, success_rate: f64) -> Option<Duration> {
        let end = self.seen.last()?.begun;
        let (mut at, mut recovered) = (trigger, Some(Duration::ZERO));
        while at < end {
            let window = self.between(at..at + STEP);
            at += STEP;
            if window.count() > 0 && window.success_rate() < success_rate {
                recovered = None;
            } else {
                recovered = recovered.or(Some(at - STEP - trigger));
            }
        }
        recovered
    }
}

// === Seen ===

impl Seen {
    /// How it ended.
    pub fn code(&self) -> Code {
        self.status.as_ref().map_or(Code::Ok, Status::code)
    }
}

// === Window ===

impl<'a> Window<'a> {
    /// The calls themselves.
    pub fn seen(&self) -> &'a [Seen] {
        self.seen
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.seen.len()
    }

    /// How many ended with each code.
    pub fn codes(&self) -> BTreeMap<i32, usize> {
        let mut codes = BTreeMap::new();
        for seen in self.seen {
            *codes.entry(seen.code() as i32).or_default() += 1;
        }
        codes
    }

    /// The share that succeeded, 0 to 1; 1 where there are none.
    pub fn success_rate(&self) -> f64 {
        share(self.succeeded(), self.count())
    }

    /// Calls that succeeded, a second.
    pub fn goodput(&self) -> f64 {
        count(self.succeeded()) / self.length().as_secs_f64()
    }

    /// How long the `quantile` (0 to 1) of those that succeeded took at most; zero, if none did.
    pub fn quantile(&self, quantile: f64) -> Duration {
        let mut times: Vec<_> = self.good().map(|seen| seen.took).collect();
        times.sort_unstable();
        let place = (quantile * count(times.len())).ceil().max(1.0);
        let place = place as usize - 1;
        times
            .get(place.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }

    /// The 99th percentile of those that succeeded.
    pub fn p99(&self) -> Duration {
        self.quantile(0.99)
    }

    /// The longest time that any of them took, however it ended.
    pub fn longest(&self) -> Duration {
        let times = self.seen.iter().map(|seen| seen.took);
        times.max().unwrap_or_default()
    }

    /// Attempts that came to `host` in this time, for each of these calls.
    ///
    /// # Panics
    /// If there is no such host.
    pub fn amplification(&self, host: &str) -> f64 {
        let attempts = self.world.attempts(host, self.from, self.until);
        share(attempts, self.count())
    }

    /// Whether they keep `promise`.
    ///
    /// # Errors
    /// All that is not kept.
    ///
    /// # Panics
    /// If the promise is about a host that there is not.
    pub fn keeps(&self, promise: &Promise) -> Result<(), Broken> {
        promise.check(self)
    }

    /// Sees to it that they keep `promise`.
    ///
    /// # Panics
    /// If they do not, with all that is not kept.
    pub fn must_keep(&self, promise: &Promise) {
        if let Err(broken) = self.keeps(promise) {
            panic!("{broken}");
        }
    }

    /// The time that this is about.
    pub fn time(&self) -> Range<Duration> {
        self.from..self.until
    }

    fn length(&self) -> Duration {
        self.until.saturating_sub(self.from)
    }

    pub(crate) fn succeeded(&self) -> usize {
        self.good().count()
    }

    fn good(&self) -> impl Iterator<Item = &'a Seen> {
        self.seen.iter().filter(|seen| seen.status.is_none())
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        count(part) / count(whole)
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
