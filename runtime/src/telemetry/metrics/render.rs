//! Prometheus' text format, and how names become its names.
//!
//! As OpenTelemetry's rules for Prometheus have it: what no name may hold is an underscore, a unit is the end of a name, and
//! a counter ends in `_total`.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use metrics::{Key, Unit};

use super::{
    histogram::{BOUNDS, Buckets},
    prometheus::{Kept, value},
};

/// All that is kept, by kind and name, the series of a name in the order of their labels.
pub(super) fn text(kept: &Kept) -> String {
    let mut text = String::new();
    for (name, series) in &kept.counters {
        let name = kept.head(&mut text, name, "counter");
        for (labels, count) in sorted(series) {
            line(&mut text, &name, &labels, &value(count).to_string());
        }
    }
    for (name, series) in &kept.gauges {
        let name = kept.head(&mut text, name, "gauge");
        for (labels, bits) in sorted(series) {
            line(
                &mut text,
                &name,
                &labels,
                &number(f64::from_bits(value(bits))),
            );
        }
    }
    for (name, series) in &kept.histograms {
        let name = kept.head(&mut text, name, "histogram");
        for (labels, buckets) in sorted(series) {
            histogram(&mut text, &name, &labels, buckets);
        }
    }
    text
}

fn histogram(text: &mut String, name: &str, labels: &str, buckets: &Buckets) {
    let (counts, sum) = buckets.cumulated();
    let comma = if labels.is_empty() { "" } else { "," };
    let bounds = BOUNDS.iter().copied().chain([f64::INFINITY]);
    for (bound, count) in bounds.zip(&counts) {
        let labels = format!("{labels}{comma}le=\"{}\"", number(bound));
        line(text, &format!("{name}_bucket"), &labels, &count.to_string());
    }
    let all = counts.last().copied().unwrap_or_default();
    line(text, &format!("{name}_sum"), labels, &number(sum));
    line(text, &format!("{name}_count"), labels, &all.to_string());
}

impl Kept {
    /// Says what follows, and gives its name.
    fn head(&self, text: &mut String, name: &str, kind: &str) -> String {
        let described = self.described.get(name);
        let mut full = clean(name, ":");
        let unit = described.and_then(|(unit, _)| suffix((*unit)?));
        let total = (kind == "counter").then_some("_total");
        for end in [unit, total].into_iter().flatten() {
            if !full.ends_with(end) {
                full.push_str(end);
            }
        }
        if let Some((_, help)) = described.filter(|(_, help)| !help.is_empty()) {
            let help = help.replace('\\', "\\\\").replace('\n', "\\n");
            let _ = writeln!(text, "# HELP {full} {help}");
        }
        let _ = writeln!(text, "# TYPE {full} {kind}");
        full
    }
}

fn suffix(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Seconds => Some("_seconds"),
        Unit::Milliseconds => Some("_milliseconds"),
        Unit::Bytes => Some("_bytes"),
        Unit::Percent => Some("_percent"),
        _ => None,
    }
}

fn sorted<T>(series: &HashMap<Key, Arc<T>>) -> Vec<(String, &T)> {
    let mut sorted: Vec<_> = series
        .iter()
        .map(|(key, value)| (labels(key), &**value))
        .collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    sorted
}

fn labels(key: &Key) -> String {
    let mut text = String::new();
    for label in key.labels() {
        let comma = if text.is_empty() { "" } else { "," };
        let value = label
            .value()
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let _ = write!(text, "{comma}{}=\"{value}\"", clean(label.key(), ""));
    }
    text
}

/// A name as Prometheus allows it, which in names of labels is without a colon.
fn clean(name: &str, also: &str) -> String {
    let allowed = |char: char| char.is_ascii_alphanumeric() || char == '_' || also.contains(char);
    let mut clean: String = name
        .chars()
        .map(|char| if allowed(char) { char } else { '_' })
        .collect();
    if clean.starts_with(|first: char| first.is_ascii_digit()) || clean.is_empty() {
        clean.insert(0, '_');
    }
    clean
}

fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

fn line(text: &mut String, name: &str, labels: &str, value: &str) {
    let _ = match labels {
        "" => writeln!(text, "{name} {value}"),
        labels => writeln!(text, "{name}{{{labels}}} {value}"),
    };
}

#[cfg(test)]
mod tests {
    use metrics::{Counter, Label, Level, Metadata, Recorder};

    use super::*;
    use crate::telemetry::metrics::Prometheus;

    static METADATA: Metadata<'static> = Metadata::new("test", Level::INFO, None);

    #[test]
    fn names_units_and_labels_are_written_as_prometheus_reads_them() {
        let prometheus = Prometheus::default();
        let key = |name: &'static str, value: &'static str| {
            Key::from_parts(name, vec![Label::new("rpc.method", value)])
        };
        let count = |value: &'static str| -> Counter {
            prometheus.register_counter(&key("movies.shown", value), &METADATA)
        };
        count("b").increment(2);
        count("a\"\\\n").increment(1);
        let gauge = prometheus.register_gauge(&Key::from_name("1st:room"), &METADATA);
        gauge.set(0.5);
        prometheus.describe_histogram("took".into(), Some(Unit::Seconds), "How long.".into());
        let took = prometheus.register_histogram(&key("took", "x"), &METADATA);
        took.record(0.75);

        let text = prometheus.text();
        let expected = [
            "# TYPE movies_shown_total counter",
            r#"movies_shown_total{rpc_method="a\"\\\n"} 1"#,
            r#"movies_shown_total{rpc_method="b"} 2"#,
            "# TYPE _1st:room gauge",
            "_1st:room 0.5",
            "# HELP took_seconds How long.",
            "# TYPE took_seconds histogram",
        ];
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..expected.len()], expected);
        for line in [
            r#"took_seconds_bucket{rpc_method="x",le="0.5"} 0"#,
            r#"took_seconds_bucket{rpc_method="x",le="0.75"} 1"#,
            r#"took_seconds_bucket{rpc_method="x",le="+Inf"} 1"#,
            r#"took_seconds_sum{rpc_method="x"} 0.75"#,
            r#"took_seconds_count{rpc_method="x"} 1"#,
        ] {
            assert!(lines.contains(&line), "{line} in {text}");
        }
    }
}
