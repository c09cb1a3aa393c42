//! From what was written to what is right: every rule about a contract that does not depend on how it is written.
//!
//! All mistakes are found at once. After this, nothing can fail: the emitters take an
//! [`ir::Service`], and there is one only where nothing is wrong.

mod compensation;
pub(crate) mod duration;
mod key;
mod merge;
mod names;
mod policies;
mod release;

use crate::draft::{self, Language};
use crate::finding::{Finding, Findings};
use crate::ir;

pub use names::{TypeName, collisions};

/// Checks a service; `None` where it is wrong in a way that stops the build.
pub fn service(draft: &draft::Service, findings: &mut Findings) -> Option<ir::Service> {
    let idents = names::service(draft, findings);
    let method_idents = names::methods(draft, findings);
    let version = release::version(draft, findings);
    let accepts = release::accepts(draft, version.as_ref(), findings);
    let cross_major = release::cross_major(draft, findings);
    let ages = release::ages(draft, version.as_ref(), findings);
    compensation::defaults(draft, findings);
    key::defaults(draft, findings);
    let methods: Vec<_> = draft
        .methods
        .iter()
        .zip(method_idents)
        .map(|(method, ident)| checked(draft, method, ident?, findings))
        .collect();
    if findings.stop_the_build() {
        return None;
    }
    let version = version?;
    Some(ir::Service {
        package: draft.package.clone(),
        name: draft.name.value.clone(),
        idents: idents?,
        visibility: draft.visibility.clone(),
        attributes: draft.attributes.clone(),
        docs: draft.docs.clone(),
        deprecated: draft.deprecated.clone(),
        accepts,
        cross_major,
        client_version: release::client_version(draft),
        ages,
        schema: draft.schema.clone(),
        wire_since: release::wire_since(&draft.derived, &version),
        version,
        methods: methods.into_iter().collect::<Option<_>>()?,
        descriptor: draft.descriptor,
    })
}

fn checked(
    service: &draft::Service,
    method: &draft::Method,
    ident: syn::Ident,
    findings: &mut Findings,
) -> Option<ir::Method> {
    repeats(service.language, method, findings);
    compensation::method(service, method, findings);
    let key = key::method(method, findings);
    let policies = merge::effective(&method.policies, &service.defaults, method.idempotency);
    let policies = policies::Values { findings }.policies(&policies);
    Some(ir::Method {
        name: method.name.value.clone(),
        since: service.derived.since.get(&method.name.value).cloned(),
        ident,
        attributes: method.attributes.clone(),
        docs: method.docs.clone(),
        deprecated: method.deprecated.clone(),
        kind: method.kind,
        idempotency: method.idempotency,
        request: method.request.clone(),
        response: method.response.clone(),
        key,
        body: method.body.clone(),
        policies,
    })
}

/// Nothing is sent twice that must not run twice, and not for two reasons at once.
fn repeats(language: Language, method: &draft::Method, findings: &mut Findings) {
    let retry = method.policies.retry.as_ref().map(|retry| retry.place);
    let hedging = method
        .policies
        .hedging
        .as_ref()
        .map(|hedging| hedging.place);
    for (place, name) in [(retry, "retry"), (hedging, "hedging")] {
        let Some(place) = place else { continue };
        if !method.idempotency.allows_repeats() {
            let title = format!(
                "`{name}` on `{}`, which is not idempotent",
                method.name.value
            );
            let help = match language {
                Language::Proto => {
                    "if it may run twice, say so: option idempotency_level = IDEMPOTENT; \
                     (or NO_SIDE_EFFECTS, if it only reads)"
                }
                Language::Rust => {
                    "if it may run twice, say so: #[rpc(idempotent, ..)] \
                     (or no_side_effects, if it only reads)"
                }
            };
            let finding = Finding::error(place, title);
            findings.add(
                finding
                    .label("a call that may have run would run again")
                    .help(help),
            );
        }
    }
    if let (Some(retry), Some(hedging)) = (retry, hedging) {
        let title = format!("`{}` has both `retry` and `hedging`", method.name.value);
        let finding = Finding::error(hedging, title).related(retry, "`retry` is here");
        findings.add(
            finding.help("keep one: hedging sends further attempts before the first has failed"),
        );
    }
}
