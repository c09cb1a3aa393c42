//! Compensations that can be called: `compensated_by` names another method of the same service, and both are one message
//! each way.

use crate::draft;
use crate::finding::{Finding, Findings};
use crate::ir::Kind;

/// Checks what a method says of its compensation.
pub(super) fn method(service: &draft::Service, method: &draft::Method, findings: &mut Findings) {
    let Some(written) = &method.policies.compensated_by else {
        return;
    };
    let others = || {
        let all = service.methods.iter();
        all.filter(|other| other.name.value != method.name.value)
    };
    let finding = Finding::error;
    if written.value == method.name.value {
        let title = format!("`{}` is compensated by itself", written.value);
        findings.add(finding(written.place, title).help("name the method that undoes it"));
        return;
    }
    let Some(compensation) = others().find(|other| other.name.value == written.value) else {
        let title = format!(
            "service `{}` has no method `{}`",
            service.name.value, written.value
        );
        let names: Vec<_> = others().map(|other| other.name.value.as_str()).collect();
        let help = match names.is_empty() {
            true => "name a method that takes its effect back, and declare it".to_owned(),
            false => format!("name another method of it: {}", names.join(", ")),
        };
        findings.add(finding(written.place, title).help(help));
        return;
    };
    for one in [method, compensation] {
        if one.kind != Kind::Unary {
            let title = format!("`{}` is a stream, which no saga can take", one.name.value);
            let help = "a step and what takes it back are one message each way: that can be written down and sent again";
            findings.add(finding(written.place, title).help(help));
        }
    }
}

/// A compensation is one method's own.
pub(super) fn defaults(service: &draft::Service, findings: &mut Findings) {
    if let Some(written) = &service.defaults.compensated_by {
        let title = "`compensated_by` is no default";
        let help = "write it at the method that is taken back: each has its own compensation";
        findings.add(Finding::error(written.place, title).help(help));
    }
}
