//! What must hold of calls, and what is said when it does not.

use std::{fmt, time::Duration};

use crate::Window;

/// What must hold of the calls of some time. It says nothing of what is not set, and holds of no calls at all never.
///
/// ```
/// use couplet_simulation::Promise;
/// use std::time::Duration;
///
/// let calm = Promise::new()
///     .success_rate(0.999)
///     .p99(Duration::from_millis(50))
///     .amplification("movies", 1.1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Promise {
    success_rate: Option<f64>,
    goodput: Option<f64>,
    p99: Option<Duration>,
    longest: Option<Duration>,
    amplification: Vec<(String, f64)>,
}

/// What did not hold.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub struct Broken {
    /// Each figure, and what it must be.
    pub figures: Vec<String>,
    time: (Duration, Duration),
    calls: usize,
}

// === Promise ===

impl Promise {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// At least this share of calls succeeds, 0 to 1.
    #[must_use]
    pub fn success_rate(mut self, least: f64) -> Self {
        self.success_rate = Some(least);
        self
    }

    /// At least so many calls succeed in a second.
    #[must_use]
    pub fn goodput(mut self, least: f64) -> Self {
        self.goodput = Some(least);
        self
    }

    /// 99 of 100 calls that succeed take no longer.
    #[must_use]
    pub fn p99(mut self, most: Duration) -> Self {
        self.p99 = Some(most);
        self
    }

    /// No call takes longer, however it ends.
    #[must_use]
    pub fn longest(mut self, most: Duration) -> Self {
        self.longest = Some(most);
        self
    }

    /// No more attempts than this come to `host` for each call.
    #[must_use]
    pub fn amplification(mut self, host: impl Into<String>, most: f64) -> Self {
        self.amplification.push((host.into(), most));
        self
    }

    /// A promise that nobody puts to the test is not kept: one about a mistyped time would hold of anything.
    fn untried(&self, window: &Window<'_>) -> Option<String> {
        if window.count() == 0 {
            return Some("there are no calls to keep it".to_owned());
        }
        let unserved = self.p99.is_some() && window.succeeded() == 0;
        unserved.then(|| "p99 is of no call, because none succeeded".to_owned())
    }

    pub(crate) fn check(&self, window: &Window<'_>) -> Result<(), Broken> {
        let at_least = |is: f64, least: f64, figure: String| (is < least).then_some(figure);
        let at_most = |is: Duration, most: Duration, name: &str| {
            (is > most).then(|| format!("{name} is {is:?}, must be at most {most:?}"))
        };
        let success = self.success_rate.and_then(|least| {
            let is = window.success_rate();
            at_least(
                is,
                least,
                format!("success_rate is {is:.4}, must be at least {least}"),
            )
        });
        let goodput = self.goodput.and_then(|least| {
            let is = window.goodput();
            at_least(
                is,
                least,
                format!("goodput is {is:.1}/s, must be at least {least:.1}/s"),
            )
        });
        let p99 = self.p99.and_then(|most| at_most(window.p99(), most, "p99"));
        let longest = self
            .longest
            .and_then(|most| at_most(window.longest(), most, "the longest call"));
        let amplified = self.amplification.iter().filter_map(|(host, most)| {
            let is = window.amplification(host);
            (is > *most)
                .then(|| format!("amplification at `{host}` is {is:.2}, must be at most {most}"))
        });
        let figures = [self.untried(window), success, goodput, p99, longest];
        let figures: Vec<_> = figures.into_iter().flatten().chain(amplified).collect();
        if figures.is_empty() {
            return Ok(());
        }
        let time = window.time();
        Err(Broken {
            figures,
            time: (time.start, time.end),
            calls: window.count(),
        })
    }
}

// === Broken ===

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = self.time;
        write!(
            formatter,
            "of {} calls from {from:?} to {until:?}",
            self.calls
        )?;
        for figure in &self.figures {
            write!(formatter, "\n  {figure}")?;
        }
        Ok(())
    }
}
