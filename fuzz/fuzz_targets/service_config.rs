//! Service configs: refused with reasons, or taken and then written as one text that says the same.
#![no_main]

use couplet::config::{ServiceConfig, ServiceConfigErrors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let of_contract = ServiceConfig::from_contract_json(text);
    match ServiceConfig::from_json(text) {
        Ok(config) => {
            is_canonical(&config);
            let of_contract = of_contract.expect("a contract may say less, and all of this");
            assert_eq!(of_contract.to_json(), config.to_json());
        }
        Err(errors) => has_reasons(&errors),
    }
});

fn is_canonical(config: &ServiceConfig) {
    let text = config.to_json();
    let again = ServiceConfig::from_json(&text);
    let again = again.unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    assert_eq!(again.to_json(), text);
    // What is odd in a text is not written.
    if config.warnings().is_empty() && again.warnings().is_empty() {
        assert_eq!(&again, config, "{text}");
    }
    for warning in config.warnings() {
        assert!(!warning.text.is_empty());
    }
}

fn has_reasons(errors: &ServiceConfigErrors) {
    assert!((1..=20).contains(&errors.iter().count()));
    for mistake in errors.iter() {
        assert!(
            !mistake.found.is_empty() && !mistake.right.is_empty(),
            "{mistake:?}"
        );
    }
    assert!(!errors.to_string().is_empty());
}
