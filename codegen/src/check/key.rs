//! Keys that calls have: `hash_field` names a field of the request that has one value.

use syn::Ident;

use crate::draft;
use crate::finding::{Finding, Findings};
use crate::ir::Kind;
use crate::names;

/// The field that a method names; none where it names none, or none that can be a key.
pub(super) fn method(method: &draft::Method, findings: &mut Findings) -> Option<Ident> {
    let written = method.policies.hash_field.as_ref()?;
    if !matches!(method.kind, Kind::Unary | Kind::ServerStreaming) {
        let title = format!(
            "`{}` is sent a stream, which has no field",
            method.name.value
        );
        let help =
            "an endpoint is chosen before the first message is there; leave `hash_field` out";
        findings.add(Finding::error(written.place, title).help(help));
        return None;
    }
    let field = method
        .fields
        .iter()
        .find(|field| field.name == written.value);
    match field.map(|field| field.unfit) {
        Some(None) => return names::field(&written.value),
        Some(Some(why)) => {
            let title = format!("`{}` {why}, and no key", written.value);
            let help =
                "name a field that is a text, bytes, a whole number, a truth value or an enum";
            findings.add(Finding::error(written.place, title).help(help));
        }
        None => {
            let title = format!(
                "what `{}` is sent has no field `{}`",
                method.name.value, written.value
            );
            let fit = method.fields.iter().filter(|field| field.unfit.is_none());
            let names: Vec<_> = fit.map(|field| field.name.as_str()).collect();
            let help = match names.is_empty() {
                true => "leave it out: there is no field that can be a key".to_owned(),
                false => format!("name one of {}", names.join(", ")),
            };
            findings.add(Finding::error(written.place, title).help(help));
        }
    }
    None
}

/// A key is one method's own.
pub(super) fn defaults(service: &draft::Service, findings: &mut Findings) {
    if let Some(written) = &service.defaults.hash_field {
        let title = "`hash_field` is no default";
        let help = "write it at each method whose request has the field";
        findings.add(Finding::error(written.place, title).help(help));
    }
}
