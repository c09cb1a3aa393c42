//! `static:///a,b`: endpoints that are written in the target itself.

use super::{Endpoint, Resolver, Watch, resolver::watched, scheme::Fault};

/// Endpoints that do not change.
#[derive(Debug, Clone)]
pub struct Fixed {
    endpoints: Vec<Endpoint>,
}

impl Fixed {
    /// These, for ever.
    pub fn new(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        Self {
            endpoints: endpoints.into_iter().collect(),
        }
    }

    pub(super) fn parse(rest: &str) -> Result<Self, Fault> {
        let list = rest.strip_prefix('/').unwrap_or(rest);
        let addresses = list.split(',').map(str::trim);
        let addresses: Vec<_> = addresses.filter(|address| !address.is_empty()).collect();
        if addresses.is_empty() {
            return Err(Fault::Malformed("it lists no address".to_owned()));
        }
        Ok(Self::new(addresses.into_iter().map(Endpoint::new)))
    }
}

impl Resolver for Fixed {
    fn target(&self) -> String {
        let addresses = self.endpoints.iter();
        let addresses: Vec<_> = addresses.map(|endpoint| &*endpoint.address).collect();
        format!("static:///{}", addresses.join(","))
    }

    fn watch(&self) -> Watch {
        let endpoints = self.endpoints.clone();
        watched(|publisher| async move {
            publisher.fresh(endpoints);
            std::future::pending().await
        })
    }
}
