//! The page that Prometheus scrapes.

use http::HeaderValue;

use super::{Builder, Page};
use crate::telemetry::metrics::Prometheus;

/// The text format, which every Prometheus reads.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

impl Builder {
    /// Shows the figures of the whole program at `/metrics` of [`admin`](Self::admin).
    ///
    /// ```
    /// # async fn shown(movies: impl couplet::codegen::Contract + 'static) -> Result<(), Box<dyn std::error::Error>> {
    /// use couplet::telemetry::metrics::Prometheus;
    ///
    /// let server = couplet::Server::builder().add(movies);
    /// let server = server.admin("127.0.0.1:9464").metrics(&Prometheus::install()?);
    /// # drop(server); Ok(()) }
    /// ```
    pub fn metrics(self, prometheus: &Prometheus) -> Self {
        let prometheus = prometheus.clone();
        self.admin_page("/metrics", move || Page::new(TEXT, prometheus.text()))
    }
}
