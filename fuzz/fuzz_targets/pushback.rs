//! `grpc-retry-pushback-ms`: a time if it is the one spelling of a number of 32 bits, and otherwise no more attempts.
#![no_main]

use std::time::Duration;

use couplet::policy::retry::Pushback;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let expected = match number(input) {
        Some(millis) => Pushback::After(Duration::from_millis(millis)),
        None => Pushback::Stop,
    };
    assert_eq!(Pushback::read(input), expected);
});

/// The number that is spelled like this and in no other way.
fn number(text: &[u8]) -> Option<u64> {
    let number: i32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let millis = u64::try_from(number).ok()?;
    (millis.to_string().as_bytes() == text).then_some(millis)
}
