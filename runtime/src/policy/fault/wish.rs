//! What a call's metadata ask for, read strictly: what is malformed or said twice is not asked for.

use std::time::Duration;

use http::{HeaderName, StatusCode};
use tonic::{Code, metadata::MetadataMap};

use crate::call::{headers::fault as names, status};

/// The faults that the metadata of a call ask for (gRFC A33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// End with this code.
    pub abort: Option<Code>,
    /// In so many cases of a hundred.
    pub abort_percentage: Option<u32>,
    /// Be held up so long.
    pub delay: Option<Duration>,
    /// In so many cases of a hundred.
    pub delay_percentage: Option<u32>,
}

impl Wish {
    /// Takes the wish out of `metadata`, so that no one further on grants it again. A gRPC status wins over an HTTP one.
    pub fn take(metadata: &mut MetadataMap) -> Self {
        if metadata.is_empty() {
            return Self::default();
        }
        let mut number = |name: &HeaderName| {
            let number = number(metadata, name.as_str());
            metadata.remove(name.as_str());
            number
        };
        let grpc = number(&names::ABORT_GRPC).and_then(code);
        let http = number(&names::ABORT_HTTP).and_then(of_http);
        Self {
            abort: grpc.or(http),
            abort_percentage: number(&names::ABORT_PERCENTAGE),
            delay: number(&names::DELAY).map(|millis| Duration::from_millis(millis.into())),
            delay_percentage: number(&names::DELAY_PERCENTAGE),
        }
    }
}

fn number(metadata: &MetadataMap, name: &str) -> Option<u32> {
    let mut values = metadata.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let text = value.to_str().ok()?;
    // No sign, and no more than fits.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn code(number: u32) -> Option<Code> {
    let number = i32::try_from(number).ok()?;
    (number <= Code::Unauthenticated as i32).then(|| Code::from_i32(number))
}

/// By gRPC's table, as if a proxy had answered so; OK, too, is no answer without a status.
fn of_http(number: u32) -> Option<Code> {
    let number = u16::try_from(number).ok()?;
    StatusCode::from_u16(number).ok().map(status::from_http)
}
