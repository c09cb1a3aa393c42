//! What a refusal is on the wire: everything that its text says, for programs.

use http::HeaderValue;
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, PreconditionViolation, StatusExt};

use crate::{
    call::{Mark, Minimum, Range, Service, headers},
    policy::version::{Misfit, Refusal},
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
    let text = refusal.to_string();
    let newest = Minimum::of(&server.version);
    let told = [
        ("service", service.name.to_owned()),
        ("client_version", client.version.to_string()),
        ("client_min", client.min.to_string()),
        ("server_version", server.version.to_string()),
        ("server_min", server.min.to_string()),
        ("supported", format!("{}-{newest}", server.min)),
    ];
    let told = told.map(|(name, value)| (name.to_owned(), value));
    let mut details = ErrorDetails::new();
    details.set_error_info(misfit.reason(), DOMAIN, told);
    details.set_precondition_failure([PreconditionViolation::new(
        "API_VERSION",
        service.name,
        text.clone(),
    )]);
    let mut metadata = MetadataMap::new();
    // Neither a retry nor a hedge would fare better.
    headers::insert(
        &mut metadata,
        headers::PUSHBACK,
        HeaderValue::from_static("-1"),
    );
    let status =
        Status::with_error_details_and_metadata(Code::FailedPrecondition, text, details, metadata);
    Mark::Incompatible.on(status)
}

/// Whether a peer refused a call for its release.
pub(super) fn is_refusal(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition
        && status
            .get_details_error_info()
            .is_some_and(|info| info.domain == DOMAIN && info.reason.starts_with("API_"))
}
