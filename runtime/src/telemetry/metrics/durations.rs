//! How long calls took, by method and code: handles of the recorder, asked for once and kept.

use std::{fmt, sync::OnceLock, time::Duration};

use metrics::{Histogram, Key, Label, Level, Metadata, with_recorder};
use tonic::Code;

use crate::call::{Method, Service, code_name};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// A call as its caller sees it.
    Call,
    /// One of the times that it is sent.
    Attempt,
    /// A call that is served.
    Serving,
}

/// The durations of the calls of one service.
pub(crate) struct Durations {
    measure: Measure,
    rows: Box<[Row]>,
}

/// One a method, one a code.
type Row = OnceLock<Box<[OnceLock<Histogram>; CODES]>>;

/// gRPC's, from OK to UNAUTHENTICATED.
const CODES: usize = 17;

static METADATA: Metadata<'static> = Metadata::new("couplet", Level::INFO, Some("couplet"));

// === Measure ===

impl Measure {
    pub(super) const ALL: [Self; 3] = [Self::Call, Self::Attempt, Self::Serving];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Call => "rpc.client.call.duration",
            Self::Attempt => "couplet.client.attempt.duration",
            Self::Serving => "rpc.server.call.duration",
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Call => "Calls as their callers see them, retries and answers included.",
            Self::Attempt => "The times that calls were sent.",
            Self::Serving => "Calls that were served, to the end of the answer.",
        }
    }
}

// === Durations ===

impl Durations {
    pub(crate) fn new(measure: Measure, service: &'static Service) -> Self {
        Self {
            measure,
            rows: service.methods.iter().map(|_| Row::new()).collect(),
        }
    }

    /// A call of `method` is over.
    pub(crate) fn record(&self, method: &Method, code: Code, took: Duration) {
        let Some(row) = self.rows.get(method.index) else {
            return;
        };
        let row = row.get_or_init(Box::default);
        if let Some(histogram) = row.get(code as usize) {
            let histogram = histogram.get_or_init(|| self.histogram(method, code));
            histogram.record(took.as_secs_f64());
        }
    }

    #[cold]
    fn histogram(&self, method: &Method, code: Code) -> Histogram {
        let mut labels = vec![
            Label::from_static_parts("rpc.system.name", "grpc"),
            Label::from_static_parts("rpc.method", method.full_name()),
            Label::from_static_parts("rpc.response.status_code", code_name(code)),
        ];
        if code != Code::Ok {
            labels.push(Label::from_static_parts("error.type", code_name(code)));
        }
        let key = Key::from_parts(self.measure.name(), labels);
        with_recorder(|recorder| recorder.register_histogram(&key, &METADATA))
    }
}

impl fmt::Debug for Durations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.measure.fmt(formatter)
    }
}
