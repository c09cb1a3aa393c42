//! What stands in the place of figures in builds without them.

use std::time::Duration;

use tonic::Code;

use crate::call::{Method, Service};

/// What would be measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Measure {
    Call,
    Attempt,
    Serving,
}

/// Measures nothing.
#[derive(Debug)]
pub(crate) struct Durations;

impl Durations {
    pub(crate) fn new(_: Measure, _: &'static Service) -> Self {
        Self
    }

    pub(crate) fn record(&self, _: &Method, _: Code, _: Duration) {}
}
