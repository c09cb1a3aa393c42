//! Which trace a call belongs to, as W3C Trace Context has it: `traceparent` and `tracestate`.
//!
//! What a peer says is read strictly. A header that is not exactly what the recommendation allows says nothing, and so does
//! one that was sent twice: the call then belongs to no trace, and is served all the same.

use std::fmt;

use http::{HeaderMap, HeaderValue};

use super::headers::{TRACEPARENT, TRACESTATE};

/// The trace of a call, and what in it caused the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What all that belongs together shares; never zero.
    id: u128,
    /// The span that caused what comes next; never zero.
    span: u64,
    /// Bit 0: whoever caused it may have recorded it. Bit 1: the id is random.
    flags: u8,
    /// What tracing systems say to each other. Of no concern here, and handed on.
    state: Option<HeaderValue>,
}

/// The flags that the recommendation knows; others are sent as zero.
const KNOWN: u8 = 0b11;
const SAMPLED: u8 = 0b01;
const RANDOM: u8 = 0b10;
/// The length of version 00, which later versions may only add to.
const LENGTH: usize = 55;
/// What has to be handed on at least, and is at most, in bytes.
const STATE: usize = 512;
const MEMBERS: usize = 32;

// === Trace ===

impl Trace {
    /// A new trace, which begins with what is recorded as `span`. A zero, which says nothing, becomes a one.
    pub fn new(id: u128, span: u64) -> Self {
        Self {
            id: id.max(1),
            span: span.max(1),
            flags: SAMPLED | RANDOM,
            state: None,
        }
    }

    /// The same trace within `span`, which is recorded.
    #[must_use]
    pub fn within(&self, span: u64) -> Self {
        Self {
            span: span.max(1),
            flags: self.flags | SAMPLED,
            ..self.clone()
        }
    }

    /// What all that belongs together shares.
    pub fn id(&self) -> u128 {
        self.id
    }

    /// The span that caused what comes next.
    pub fn span(&self) -> u64 {
        self.span
    }

    /// Whether whoever caused it may have recorded it.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// What tracing systems say to each other, as `tracestate`.
    pub fn state(&self) -> Option<&str> {
        self.state.as_ref()?.to_str().ok()
    }

    /// The trace that `traceparent` and `tracestate` say; `None` if the former is not what the recommendation allows. A
    /// wrong `tracestate` is left out.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut trace = Self::of_parent(traceparent.as_bytes())?;
        trace.state = tracestate
            .filter(|state| is_state(state))
            .and_then(|state| HeaderValue::from_str(state).ok());
        Some(trace)
    }

    /// What the head of a call says.
    pub(super) fn read(map: &HeaderMap) -> Option<Self> {
        let mut said = map.get_all(TRACEPARENT).iter();
        let (parent, None) = (said.next()?, said.next()) else {
            return None;
        };
        let mut trace = Self::of_parent(parent.as_bytes())?;
        trace.state = state(map);
        Some(trace)
    }

    /// Says it in the head of a call, in the place of what a user says there.
    pub(super) fn write(&self, map: &mut HeaderMap) {
        let Ok(parent) = HeaderValue::try_from(self.to_string()) else {
            return;
        };
        map.insert(TRACEPARENT, parent);
        match &self.state {
            Some(state) => drop(map.insert(TRACESTATE, state.clone())),
            None => drop(map.remove(TRACESTATE)),
        }
    }

    fn of_parent(text: &[u8]) -> Option<Self> {
        let (known, more) = text.split_at_checked(LENGTH)?;
        let version = hex(known.get(..2)?)?;
        let ends = more.is_empty() || (version != 0 && more.starts_with(b"-"));
        let parted = known[2] == b'-' && known[35] == b'-' && known[52] == b'-';
        if version == 0xff || !ends || !parted {
            return None;
        }
        let id = hex(&known[3..35])?;
        let span = u64::try_from(hex(&known[36..52])?).ok()?;
        let flags = u8::try_from(hex(&known[53..])?).ok()?;
        (id != 0 && span != 0).then_some(Self {
            id,
            span,
            flags: flags & KNOWN,
            state: None,
        })
    }
}

impl fmt::Display for Trace {
    /// As `traceparent`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id, span, flags, ..
        } = self;
        write!(formatter, "00-{id:032x}-{span:016x}-{flags:02x}")
    }
}

/// A number in small hexadecimal digits and nothing else.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

/// The `tracestate` of all its headers together, if it is one and short enough.
fn state(map: &HeaderMap) -> Option<HeaderValue> {
    let mut said = map.get_all(TRACESTATE).iter();
    let (first, second) = (said.next()?, said.next());
    if second.is_none() {
        return first.to_str().is_ok_and(is_state).then(|| first.clone());
    }
    let mut joined = String::new();
    for value in map.get_all(TRACESTATE) {
        let value = value.to_str().ok()?;
        if joined.len() + value.len() > STATE {
            return None;
        }
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(value);
    }
    let joined = is_state(&joined).then_some(joined)?;
    HeaderValue::try_from(joined).ok()
}

/// Whether a text is a list of members, each with a key of its own.
fn is_state(text: &str) -> bool {
    let members = || {
        text.split(',')
            .map(|member| member.trim_matches([' ', '\t']))
    };
    let said = || members().filter(|member| !member.is_empty());
    let keys = || said().filter_map(|member| Some(member.split_once('=')?.0));
    text.len() <= STATE
        && (1..=MEMBERS).contains(&said().count())
        && said().all(is_member)
        && keys()
            .enumerate()
            .all(|(place, key)| !keys().take(place).any(|before| before == key))
}

fn is_member(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else {
        return false;
    };
    let in_key =
        |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let in_value = |byte| matches!(byte, b' '..=b'~') && byte != b'=';
    let begins =
        key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    begins
        && key.len() <= 256
        && key.bytes().all(in_key)
        && (1..=256).contains(&value.len())
        && value.bytes().all(in_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn map(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let state = "rojo=00f067aa0ba902b7,congo@x=t61rcWkgMzE";
        let trace = Trace::read(&map(&[("traceparent", PARENT), ("tracestate", state)])).unwrap();
        assert_eq!(trace.id(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(
            (trace.span(), trace.is_sampled()),
            (0x00f0_67aa_0ba9_02b7, true)
        );
        let mut written = map(&[("traceparent", "a user's"), ("tracestate", "too")]);
        trace.write(&mut written);
        assert_eq!(
            written,
            map(&[("traceparent", PARENT), ("tracestate", state)])
        );
        assert_eq!(Trace::parse(PARENT, Some(state)), Some(trace));
    }

    #[test]
    fn what_the_recommendation_does_not_allow_is_no_trace() {
        let hostile = [
            "",
            "00",
            // Upper case, zeros, a version that is none, more than version 00 has, less, other marks.
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        ];
        for parent in hostile {
            assert_eq!(
                Trace::read(&map(&[("traceparent", parent)])),
                None,
                "{parent}"
            );
        }
        let twice = map(&[("traceparent", PARENT), ("traceparent", PARENT)]);
        assert_eq!(Trace::read(&twice), None);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = PARENT
            .replacen("00", "cc", 1)
            .replace("-01", "-ff-what-comes");
        let trace = Trace::read(&map(&[("traceparent", &later)])).unwrap();
        assert_eq!(trace.to_string(), PARENT.replace("-01", "-03"));
    }

    #[test]
    fn a_wrong_state_is_left_out_and_takes_no_trace_with_it() {
        let (many, long) = ("a=1,".repeat(33), format!("a={}", "x".repeat(600)));
        for wrong in ["a", "=1", "a=", "A=1", "a=1,a=2", "a=1=2", &many, &long] {
            let trace = Trace::read(&map(&[("traceparent", PARENT), ("tracestate", wrong)]));
            assert_eq!(trace.unwrap().state(), None, "{wrong}");
        }
        let parted = map(&[
            ("traceparent", PARENT),
            ("tracestate", "a=1"),
            ("tracestate", "b=2"),
        ]);
        assert_eq!(Trace::read(&parted).unwrap().state(), Some("a=1,b=2"));
    }

    #[test]
    fn a_span_within_a_trace_keeps_all_but_itself() {
        let trace = Trace::parse(&PARENT.replace("-01", "-00"), Some("a=1")).unwrap();
        let within = trace.within(7);
        assert_eq!(
            (within.id(), within.span(), within.state()),
            (trace.id(), 7, Some("a=1"))
        );
        assert!(within.is_sampled() && !trace.is_sampled());
        let first = Trace::new(0, 0);
        assert!(Trace::parse(&first.to_string(), None) == Some(first));
    }
}
