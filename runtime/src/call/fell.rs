//! An answer that is none of the peer's says what it stands in for.

use http::Extensions;
use tonic::Status;

/// The failure that a fallback stands in for. In the extensions of its request and of the reply.
#[derive(Debug, Clone)]
pub struct Fell(pub Status);

impl Fell {
    /// What came of the call itself, if the answer with these `extensions` stands in for it.
    ///
    /// # Errors
    /// The failure of the call.
    pub fn check(extensions: &Extensions) -> Result<(), Status> {
        match extensions.get() {
            Some(Self(failed)) => Err(failed.clone()),
            None => Ok(()),
        }
    }
}
