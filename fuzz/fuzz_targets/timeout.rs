//! `grpc-timeout`: what is read is what the grammar allows, and what is written again is the same time, or less by a unit.
#![no_main]

use std::time::Duration;

use couplet::call::timeout::{decode, encode};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(input) else {
        return;
    };
    let read = decode(&value);
    assert_eq!(read.is_ok(), is_allowed(input), "{value:?}");
    match read {
        Ok(time) => comes_back(time),
        Err(error) => assert!(error.to_string().len() < 200, "{error}"),
    }
});

/// One to eight digits and a unit.
fn is_allowed(text: &[u8]) -> bool {
    (2..=9).contains(&text.len())
        && text[..text.len() - 1].iter().all(u8::is_ascii_digit)
        && b"HMSmun".contains(&text[text.len() - 1])
}

fn comes_back(time: Duration) {
    let written = encode(time).expect("what the header said it can say");
    let again = decode(&written).expect("what was written can be read");
    // No time at all is not sent: it is as little as can be said.
    let most = time.max(Duration::from_nanos(1));
    let unit = match written.as_bytes().last() {
        Some(b'n') => Duration::from_nanos(1),
        Some(b'u') => Duration::from_micros(1),
        Some(b'm') => Duration::from_millis(1),
        Some(b'S') => Duration::from_secs(1),
        Some(b'M') => Duration::from_secs(60),
        _ => Duration::from_secs(3600),
    };
    assert!(again <= most, "{time:?} became {again:?}");
    assert!(most - again < unit, "{time:?} became {again:?}");
    assert_eq!(encode(again), Some(written), "one text for one time");
}
