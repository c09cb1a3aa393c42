//! Policies that make sense: durations that are durations, rates within 0 and 100, nothing repeated that must not be.

use std::time::Duration;

use super::duration;
use crate::draft::{self, WindowType, Written};
use crate::finding::{Finding, Findings};
use crate::ir::{self, Code};

/// The most attempts that gRFC A6 lets a contract ask for.
const MOST_ATTEMPTS: u32 = 5;

/// Reads values one by one and notes what is wrong with them.
pub(super) struct Values<'a> {
    pub(super) findings: &'a mut Findings,
}

// === Groups ===

impl Values<'_> {
    /// What `written` means; what is wrong is noted and left out.
    pub(super) fn policies(&mut self, written: &draft::Policies) -> ir::Policies {
        ir::Policies {
            timeout: self.above_zero(&written.timeout, "timeout"),
            retry: written.retry.as_ref().map(|retry| self.retry(&retry.value)),
            hedging: written
                .hedging
                .as_ref()
                .map(|hedging| self.hedging(&hedging.value)),
            breaker: written
                .breaker
                .as_ref()
                .map(|breaker| self.breaker(&breaker.value)),
            bulkhead: written
                .bulkhead
                .as_ref()
                .map(|bulkhead| self.bulkhead(&bulkhead.value)),
            rate_limit: written
                .rate_limit
                .as_ref()
                .map(|limit| self.rate_limit(&limit.value)),
            compensated_by: written
                .compensated_by
                .as_ref()
                .map(|name| name.value.clone()),
        }
    }

    fn retry(&mut self, written: &draft::Retry) -> ir::Retry {
        let initial = self.above_zero(&written.initial_backoff, "initial_backoff");
        let longest = self.above_zero(&written.max_backoff, "max_backoff");
        if let (Some(initial), Some(longest), Some(written)) =
            (initial, longest, &written.max_backoff)
            && longest < initial
        {
            let title = format!(
                "`max_backoff` of \"{}\" is less than `initial_backoff`",
                written.value
            );
            let finding = Finding::error(written.place, title);
            self.findings
                .add(finding.help("waits grow from `initial_backoff` up to `max_backoff`"));
        }
        ir::Retry {
            max_attempts: self.attempts(&written.max_attempts),
            initial_backoff: initial,
            max_backoff: longest,
            backoff_multiplier: self.factor(&written.backoff_multiplier, "backoff_multiplier"),
            retryable_status_codes: self.failures(&written.retryable_status_codes),
            per_attempt_recv_timeout: self.above_zero(
                &written.per_attempt_recv_timeout,
                "per_attempt_recv_timeout",
            ),
        }
    }

    fn hedging(&mut self, written: &draft::Hedging) -> ir::Hedging {
        ir::Hedging {
            max_attempts: self.attempts(&written.max_attempts),
            hedging_delay: self.duration(&written.hedging_delay, "hedging_delay"),
            non_fatal_status_codes: self.failures(&written.non_fatal_status_codes),
            hedging_delay_percentile: self.percentile(
                &written.hedging_delay_percentile,
                "hedging_delay_percentile",
            ),
            max_extra_load: self.percentage(&written.max_extra_load, "max_extra_load"),
        }
    }

    fn breaker(&mut self, written: &draft::Breaker) -> ir::Breaker {
        ir::Breaker {
            mode: plain(&written.mode),
            scope: plain(&written.scope),
            deadline_attribution: plain(&written.deadline_attribution),
            honor_pushback: plain(&written.honor_pushback),
            sliding_window: self.window(written),
            failure_rate_threshold: self
                .percentage(&written.failure_rate_threshold, "failure_rate_threshold"),
            slow_call_duration_threshold: self.above_zero(
                &written.slow_call_duration_threshold,
                "slow_call_duration_threshold",
            ),
            slow_call_rate_threshold: self.percentage(
                &written.slow_call_rate_threshold,
                "slow_call_rate_threshold",
            ),
            minimum_number_of_calls: self
                .at_least_one(&written.minimum_number_of_calls, "minimum_number_of_calls"),
            consecutive_failures: plain(&written.consecutive_failures),
            wait_duration_in_open_state: self.above_zero(
                &written.wait_duration_in_open_state,
                "wait_duration_in_open_state",
            ),
            open_multiplier: self.factor(&written.open_multiplier, "open_multiplier"),
            open_max_duration: self.above_zero(&written.open_max_duration, "open_max_duration"),
            open_jitter: self.share(&written.open_jitter, "open_jitter"),
            permitted_number_of_calls_in_half_open_state: self.probes(
                &written.permitted_number_of_calls_in_half_open_state,
                "permitted_number_of_calls_in_half_open_state",
            ),
            max_wait_duration_in_half_open_state: self.above_zero(
                &written.max_wait_duration_in_half_open_state,
                "max_wait_duration_in_half_open_state",
            ),
            failure_codes: self.failures(&written.failure_codes),
            ignore_codes: self.failures(&written.ignore_codes),
        }
    }

    fn bulkhead(&mut self, written: &draft::Bulkhead) -> ir::Bulkhead {
        ir::Bulkhead {
            max_concurrent_calls: self
                .at_least_one(&written.max_concurrent_calls, "max_concurrent_calls"),
            max_queued: plain(&written.max_queued),
            max_wait_duration: self.duration(&written.max_wait_duration, "max_wait_duration"),
        }
    }

    fn rate_limit(&mut self, written: &draft::RateLimit) -> ir::RateLimit {
        ir::RateLimit {
            limit_for_period: self.at_least_one(&written.limit_for_period, "limit_for_period"),
            limit_refresh_period: self
                .above_zero(&written.limit_refresh_period, "limit_refresh_period"),
            burst: self.at_least_one(&written.burst, "burst"),
        }
    }

    /// `sliding_window_size` is a duration or a number, as `sliding_window_type` says.
    fn window(&mut self, written: &draft::Breaker) -> Option<ir::Window> {
        const NAME: &str = "sliding_window_size";
        let kind = plain(&written.sliding_window_type).unwrap_or(WindowType::Time);
        let size = &written.sliding_window_size;
        match (kind, size) {
            (WindowType::Time, Some(written)) if written.value.parse::<u32>().is_ok() => {
                let title = format!("`{}` is not a duration", written.value);
                let help = "write a duration such as \"10s\"; a number of calls is for `sliding_window_type: COUNT`";
                let finding = Finding::error(written.place, title).label("no unit");
                self.findings.add(finding.help(help));
                None
            }
            (WindowType::Time, _) => self.window_of_time(size, NAME),
            (WindowType::Count, None) => Some(ir::Window::Count(100)),
            (WindowType::Count, Some(size)) => match size.value.parse() {
                Ok(calls @ 1..=65_536) => Some(ir::Window::Count(calls)),
                _ => {
                    let title = format!("`{}` is not a number of calls", size.value);
                    let finding = Finding::error(size.place, title);
                    self.findings
                        .add(finding.help("a window of type COUNT has a size from \"1\" to \"65536\", such as \"100\""));
                    None
                }
            },
        }
    }
}

// === Values ===

impl Values<'_> {
    fn duration(&mut self, written: &Option<Written<String>>, name: &str) -> Option<Duration> {
        let written = written.as_ref()?;
        match duration::parse(&written.value) {
            Ok(duration) => Some(duration),
            Err(reason) => {
                let title = format!("`{}` is not a duration", written.value);
                let closed: String = written.value.split_whitespace().collect();
                let help = match duration::parse(&closed) {
                    Ok(_) => format!("write it without the space: \"{closed}\""),
                    Err(_) => format!(
                        "`{name}` is a number and one of the units ns, us, ms, s, m, h, such as \"250ms\" or \"1.5s\""
                    ),
                };
                let finding = Finding::error(written.place, title).label(reason.to_string());
                self.findings.add(finding.help(help));
                None
            }
        }
    }

    fn above_zero(&mut self, written: &Option<Written<String>>, name: &str) -> Option<Duration> {
        let duration = self.duration(written, name)?;
        let place = written.as_ref()?.place;
        if duration.is_zero() {
            let finding = Finding::error(place, format!("`{name}` is zero"));
            let help = "leave it out for the default, or write a duration such as \"250ms\"";
            self.findings.add(finding.help(help));
            return None;
        }
        Some(duration)
    }

    /// Its slices last at least a millisecond.
    fn window_of_time(
        &mut self,
        written: &Option<Written<String>>,
        name: &str,
    ) -> Option<ir::Window> {
        let size = self.duration(written, name)?;
        if size < Duration::from_millis(10) {
            let written = written.as_ref()?;
            let title = format!("`{name}` of \"{}\" is less than 10ms", written.value);
            let finding = Finding::error(written.place, title);
            self.findings
                .add(finding.help("a window slides in tenths: write a duration such as \"10s\""));
        }
        Some(ir::Window::Time(size))
    }

    fn probes(&mut self, written: &Option<Written<u32>>, name: &str) -> Option<u32> {
        let probes = self.at_least_one(written, name)?;
        if probes > u8::MAX.into() {
            let finding = Finding::error(
                written.as_ref()?.place,
                format!("`{name}` of {probes} is more than 255"),
            );
            self.findings
                .add(finding.help("a few calls are enough to find out; the default is 10"));
        }
        Some(probes)
    }

    fn attempts(&mut self, written: &Option<Written<u32>>) -> Option<u32> {
        let written = written.as_ref()?;
        if !(2..=MOST_ATTEMPTS).contains(&written.value) {
            let title = format!(
                "`max_attempts` of {} is not within 2 and {MOST_ATTEMPTS}",
                written.value
            );
            let finding = Finding::error(written.place, title);
            self.findings
                .add(finding.help("the first attempt counts: 3 means up to two more"));
        }
        Some(written.value)
    }

    fn at_least_one(&mut self, written: &Option<Written<u32>>, name: &str) -> Option<u32> {
        let written = written.as_ref()?;
        if written.value == 0 {
            let finding = Finding::error(written.place, format!("`{name}` is zero"));
            self.findings
                .add(finding.help("write at least 1, or leave it out for the default"));
        }
        Some(written.value)
    }

    fn percentage(&mut self, written: &Option<Written<f32>>, name: &str) -> Option<f32> {
        let right = |value: f32| value > 0.0 && value <= 100.0;
        let help = "a percentage above 0 and up to 100, such as 50";
        self.number(written, name, right, help)
    }

    fn percentile(&mut self, written: &Option<Written<f32>>, name: &str) -> Option<f32> {
        let right = |value: f32| value > 0.0 && value < 100.0;
        self.number(
            written,
            name,
            right,
            "a percentile between 0 and 100, such as 95",
        )
    }

    fn share(&mut self, written: &Option<Written<f32>>, name: &str) -> Option<f32> {
        let right = |value: f32| (0.0..=1.0).contains(&value);
        self.number(written, name, right, "a share from 0 to 1, such as 0.2")
    }

    fn factor(&mut self, written: &Option<Written<f32>>, name: &str) -> Option<f32> {
        let right = |value: f32| value >= 1.0 && value.is_finite();
        self.number(written, name, right, "a factor of at least 1, such as 2")
    }

    fn number(
        &mut self,
        written: &Option<Written<f32>>,
        name: &str,
        right: impl Fn(f32) -> bool,
        help: &str,
    ) -> Option<f32> {
        let written = written.as_ref()?;
        if !right(written.value) {
            let title = format!("`{name}` of {} is out of range", written.value);
            self.findings
                .add(Finding::error(written.place, title).help(help));
        }
        Some(written.value)
    }

    fn failures(&mut self, written: &[Written<Code>]) -> Vec<Code> {
        for code in written.iter().filter(|code| code.value == Code::OK) {
            let finding = Finding::error(code.place, "`OK` is not a failure");
            self.findings
                .add(finding.help("name codes of failed calls, such as UNAVAILABLE"));
        }
        written.iter().map(|code| code.value).collect()
    }
}

fn plain<T: Copy>(written: &Option<Written<T>>) -> Option<T> {
    written.as_ref().map(|written| written.value)
}
