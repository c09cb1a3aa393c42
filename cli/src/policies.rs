//! `policies`: what holds for each method, and who said it.

use std::path::Path;
use std::sync::Arc;

use couplet::config::{Effective, EffectiveValue, Origin, ServiceConfig};
use couplet_codegen::policies::Policies;
use serde_json::{Value, json};

use crate::arguments::{PoliciesArguments, PoliciesFormat};
use crate::failure::Failure;
use crate::terminal::{complain, say, show};
use crate::{Answer, packages};

/// Shows the policies of every contract that is meant.
pub(crate) fn run(arguments: &PoliciesArguments) -> Result<Answer, Failure> {
    let file = arguments.service_config.as_deref();
    let said = file.map(read).transpose()?;
    for project in packages::meant(&arguments.package)? {
        let policies = Policies::of(&project)?;
        if arguments.format == PoliciesFormat::ServiceConfig {
            show(&policies.service_config())?;
            continue;
        }
        let effective = effective(&policies, said.as_ref())?;
        match arguments.format {
            PoliciesFormat::Json => effective.iter().try_for_each(|value| say(line(value)))?,
            _ => show(&effective.to_string())?,
        }
    }
    Ok(Answer::Yes)
}

type Said = (Origin, ServiceConfig);

/// A service config; what is odd in it is told.
fn read(path: &Path) -> Result<Said, Failure> {
    let text = std::fs::read_to_string(path).map_err(|why| Failure::NoServiceConfig {
        path: path.to_path_buf(),
        why,
    })?;
    let config = ServiceConfig::from_json(&text).map_err(|errors| wrong(path, errors))?;
    for warning in config.warnings() {
        complain(format_args!("warning: {}: {warning}", path.display()));
    }
    let origin = Origin::ServiceConfig(Some(Arc::new(path.to_path_buf())));
    Ok((origin, config))
}

/// What holds, with the contract's values as a config of their own.
fn effective(policies: &Policies, said: Option<&Said>) -> Result<Effective, Failure> {
    let contract = ServiceConfig::from_contract_json(&policies.declared());
    let contract = contract.map_err(|errors| wrong(Path::new("contract"), errors))?;
    let mut sources = vec![(Origin::Contract, &contract)];
    sources.extend(said.map(|(origin, config)| (origin.clone(), config)));
    let methods: Vec<_> = policies.methods().collect();
    Ok(Effective::of(methods.iter().map(String::as_str), &sources))
}

fn wrong(path: &Path, errors: couplet::config::ServiceConfigErrors) -> Failure {
    Failure::ServiceConfig {
        path: path.to_path_buf(),
        errors,
    }
}

fn line(value: &EffectiveValue) -> Value {
    let held: Value = serde_json::from_str(&value.value).unwrap_or(Value::Null);
    json!({
        "method": value.method,
        "policy": value.policy,
        "field": value.field,
        "value": held,
        "origin": value.origin.to_string(),
    })
}
