//! What is wrong with a target that should name a service.

/// A target that cannot be resolved, or that servers cannot register with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The text is not what its scheme asks for.
    #[error("`{target}`: {why}; write {right}")]
    Malformed {
        /// The target.
        target: String,
        /// What is wrong.
        why: String,
        /// What would be right.
        right: &'static str,
    },
    /// The build is without it.
    #[error("`{target}` needs couplet's feature `{feature}`")]
    Feature {
        /// The target.
        target: String,
        /// What to turn on.
        feature: &'static str,
    },
    /// Nobody can register there.
    #[error("servers cannot register with `{target}`; known registries: {known}")]
    NoRegistry {
        /// The target.
        target: String,
        /// Where they can.
        known: String,
    },
}
