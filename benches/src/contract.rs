//! The one contract, as each peer generates it.

/// By couplet, with a version, timeouts, retry and breakers.
pub mod policies {
    couplet::include_contract!("bench");
}

/// By couplet, without any option.
pub mod bare {
    include!(concat!(env!("OUT_DIR"), "/bare/bench.rs"));
}

/// By tonic.
#[expect(clippy::too_many_lines, reason = "tonic writes it so")]
pub mod plain {
    include!(concat!(env!("OUT_DIR"), "/tonic/bench.rs"));
}
