//! What it takes to send a call once more, at the price of a reference count while nothing goes wrong.

use http::Extensions;
use tonic::metadata::MetadataMap;

use super::{Body, Call, Deadline, Encoding, Message, Method};

/// A copy of a call, kept small: the message is shared, and what most calls do not have is behind a pointer.
#[derive(Debug, Clone)]
pub struct Spare {
    method: &'static Method,
    deadline: Deadline,
    encoding: Option<Encoding>,
    message: Message,
    rest: Option<Box<(MetadataMap, Extensions)>>,
}

impl Call {
    /// Keeps what it takes to send this call once more; `None` for a stream, which is gone once read.
    pub fn spare(&self) -> Option<Spare> {
        let Body::One(message, _) = &self.body else {
            return None;
        };
        let plain = self.metadata.is_empty() && self.extensions.is_empty();
        Some(Spare {
            method: self.method,
            deadline: self.deadline,
            encoding: self.encoding,
            message: message.clone(),
            rest: (!plain).then(|| Box::new((self.metadata.clone(), self.extensions.clone()))),
        })
    }
}

impl Spare {
    /// When the call must be over.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }
}

impl From<Spare> for Call {
    /// The same call, not yet started and with nothing announced: the layers below say that for each attempt.
    fn from(spare: Spare) -> Self {
        let mut call = Self::new(spare.method, Body::One(spare.message, None));
        call.deadline = spare.deadline;
        call.encoding = spare.encoding;
        if let Some(rest) = spare.rest {
            (call.metadata, call.extensions) = *rest;
        }
        call
    }
}
