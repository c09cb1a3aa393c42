//! What a refusal is on the wire: everything that its text says, for programs.

use std::collections::HashMap;

use http::HeaderValue;
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, ErrorInfo, PreconditionViolation, StatusExt};

use crate::{
    call::{Mark, Minimum, Range, Service, headers},
    policy::{
        served::{NoneFits, spelled_out, supported},
        version::{Misfit, Refusal},
    },
};

/// The domain of couplet's own error details.
const DOMAIN: &str = "couplet";

/// The refusal of a client by `service`, or of a server by its client.
pub(super) fn refuse(
    service: &'static Service,
    client: &Range,
    server: &Range,
    misfit: Misfit,
) -> Status {
    let refusal = Refusal {
        service: service.name,
        client,
        server,
        misfit,
    };
    let newest = Minimum::of(&server.version);
    let told = Told {
        service: service.name,
        client: Some(client),
        server,
        supported: format!("{}-{newest}", server.min),
    };
    told.status(misfit.reason(), refusal.to_string())
}

/// The refusal of a client by all releases of a service that are served, newest first.
pub(super) fn refuse_all(newest: &'static Service, client: &Range, served: &[&Range]) -> Status {
    let refusal = NoneFits {
        service: newest.name,
        client,
        served,
    };
    let told = Told {
        service: newest.name,
        client: Some(client),
        server: &newest.release().server.range,
        supported: supported(served),
    };
    told.status(refusal.misfit().reason(), refusal.to_string())
}

/// The refusal of a caller that does not say its version, by what is served, newest first.
pub(super) fn refuse_unsaid(newest: &'static Service, served: &[&Range]) -> Status {
    let (name, served_as) = (newest.name, spelled_out(served));
    let text = format!(
        "{name}: callers must say their version, in {}; served: {served_as}",
        headers::VERSION
    );
    let told = Told {
        service: name,
        client: None,
        server: &newest.release().server.range,
        supported: supported(served),
    };
    told.status("API_VERSION_REQUIRED", text)
}

/// What programs are told.
struct Told<'a> {
    service: &'a str,
    client: Option<&'a Range>,
    server: &'a Range,
    supported: String,
}

impl Told<'_> {
    fn status(self, reason: &str, text: String) -> Status {
        let client = self.client.map(|client| {
            let (version, min) = (client.version.to_string(), client.min.to_string());
            [("client_version", version), ("client_min", min)]
        });
        let told = [
            ("service", self.service.to_owned()),
            ("server_version", self.server.version.to_string()),
            ("server_min", self.server.min.to_string()),
            ("supported", self.supported),
        ];
        let told = told.into_iter().chain(client.into_iter().flatten());
        let told: HashMap<_, _> = told.map(|(name, value)| (name.to_owned(), value)).collect();
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, DOMAIN, told);
        let violation = PreconditionViolation::new("API_VERSION", self.service, text.clone());
        details.set_precondition_failure([violation]);
        let mut metadata = MetadataMap::new();
        // Neither a retry nor a hedge would fare better.
        let never = HeaderValue::from_static("-1");
        headers::insert(&mut metadata, headers::PUSHBACK, never);
        let code = Code::FailedPrecondition;
        let status = Status::with_error_details_and_metadata(code, text, details, metadata);
        Mark::Incompatible.on(status)
    }
}

/// A version that makes no sense.
pub(super) fn malformed(why: &str) -> Status {
    Status::invalid_argument(format!(
        "malformed {} or {}: {why}",
        headers::VERSION,
        headers::MIN
    ))
}

/// Whether a peer refused a call of `service` for its release. A handler may pass on how another service refused it.
pub(super) fn is_refusal(status: &Status, service: &Service) -> bool {
    let of_service = |info: ErrorInfo| {
        let subject = info.metadata.get("service");
        let own = subject.is_some_and(|subject| subject == service.name);
        own && info.domain == DOMAIN && info.reason.starts_with("API_")
    };
    status.code() == Code::FailedPrecondition
        && status.get_details_error_info().is_some_and(of_service)
}
