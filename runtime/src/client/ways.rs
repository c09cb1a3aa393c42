//! The way to an address, and to what a name resolves to: all that a channel's connections have in common.

use std::{fmt, sync::Arc};

use super::ConnectError;
use crate::{
    balance::Balancer,
    carrier::http2::{Config, Http2, HttpLayer, Target},
    discovery::{Endpoint, Resolver},
};

/// How the addresses of a channel are reached.
#[derive(Clone, Default)]
pub(super) struct Ways {
    pub(super) config: Config,
    pub(super) layers: Vec<HttpLayer>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<super::ClientTls>,
}

impl Ways {
    /// The way to one target.
    ///
    /// # Errors
    /// If it makes no sense.
    pub(super) fn open(&self, target: &str) -> Result<Http2, ConnectError> {
        self.reach(Target::parse(target)?)
    }

    /// The way to an endpoint, which may be called otherwise than its address.
    fn find(&self, endpoint: &Endpoint) -> Result<Http2, String> {
        let place = Target::parse(&self.address(endpoint)?);
        let target = place.and_then(|place| place.called(&endpoint.authority));
        let target = target.map_err(|error| error.to_string())?;
        self.reach(target).map_err(|error| error.to_string())
    }

    fn reach(&self, parsed: Target) -> Result<Http2, ConnectError> {
        let config = self.config.clone();
        #[cfg(feature = "tls")]
        let config = Config {
            tls: match &self.tls {
                _ if parsed.scheme == http::uri::Scheme::HTTP => None,
                Some(tls) => Some(tls.encrypt(&parsed)?),
                None => Some(super::ClientTls::new().encrypt(&parsed)?),
            },
            ..config
        };
        #[cfg(not(feature = "tls"))]
        if parsed.scheme == http::uri::Scheme::HTTPS {
            return Err(ConnectError::NoTls(format!("https://{}", parsed.authority)));
        }
        Ok(Http2::new(parsed, config, &self.layers))
    }

    /// The ways to whatever `resolver` finds.
    pub(super) fn balanced(mut self, resolver: Arc<dyn Resolver>) -> Balancer<Http2> {
        // The balancer knows when nobody calls; one endpoint that gets few calls is still kept ready.
        self.config.idle_timeout = None;
        let open = move |endpoint: &Endpoint| self.find(endpoint);
        Balancer::new(resolver, open)
    }

    /// The endpoint's address, with a scheme. Whoever writes into a registry cannot talk a channel out of its TLS.
    fn address(&self, endpoint: &Endpoint) -> Result<String, String> {
        let address = &endpoint.address;
        let said = address.contains("://") || address.starts_with("unix:");
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return match address.starts_with("https://") {
                _ if !said => Ok(format!("https://{address}")),
                true => Ok(address.clone()),
                false => {
                    Err("the channel has certificates, and this would be in the clear".to_owned())
                }
            };
        }
        Ok(match said {
            true => address.clone(),
            false => format!("http://{address}"),
        })
    }
}

impl fmt::Debug for Ways {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(formatter)
    }
}
