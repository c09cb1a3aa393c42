//! Trailers: any of them are an outcome if they have a status, and an outcome that is written again is read as the same.
#![no_main]

use couplet::{
    Code,
    call::{
        headers::STATUS,
        status::{ok, read, write},
    },
};
use couplet_fuzz::headers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let map = headers(input);
    let has_status = map.contains_key(STATUS);
    match read(map) {
        None => assert!(!has_status),
        Some(Ok(metadata)) => {
            let again = read(ok(metadata.clone())).expect("a status was written");
            let again = again.expect("OK was written");
            assert_eq!(again.into_headers(), metadata.into_headers());
        }
        Some(Err(status)) => {
            assert_ne!(status.code(), Code::Ok);
            let again = read(write(&status)).expect("a status was written");
            let again = again.expect_err("an error was written");
            assert_eq!(again.code(), status.code());
            assert_eq!(again.message(), status.message());
            assert_eq!(again.details(), status.details());
            assert_eq!(again.metadata().as_ref(), status.metadata().as_ref());
        }
    }
});
