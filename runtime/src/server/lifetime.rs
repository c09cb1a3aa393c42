//! The settings of a server's life: who may ask how it is, how long it drains, how old connections become.

use std::time::Duration;

use super::{
    Address, Builder, Page, Readiness, ServeError,
    admin::{Admin, Pages},
};

/// What a server does beside serving, from its first moment to its last.
#[derive(Debug, Default)]
pub(super) struct Lifetime {
    pub(super) readiness: Readiness,
    admin: Option<String>,
    pages: Pages,
    /// How long it goes on as before after a shutdown.
    delay: Option<Duration>,
}

/// The drain delay of a server that is registered.
const BEAT: Duration = Duration::from_secs(1);

impl Builder {
    /// Answers plain HTTP/1.1 at `address` while the server runs: `/livez` for as long as the program can answer at all,
    /// `/readyz` with 200 or with 503 and the reasons, and [pages of your own](Self::admin_page). Without it, there is no
    /// such place.
    ///
    /// Everybody who can reach it is answered, without TLS. It bounds itself: 32 connections at once, 10 s for each.
    ///
    /// ```
    /// # async fn shown(movies: impl couplet::codegen::Contract + 'static) -> Result<(), couplet::server::ServeError> {
    /// let server = couplet::Server::builder().add(movies).admin("127.0.0.1:0").bind("127.0.0.1:0").await?;
    /// println!("curl http://{}/readyz", server.admin_addr().expect("it was asked for"));
    /// # Ok(()) }
    /// ```
    pub fn admin(mut self, address: impl ToString) -> Self {
        self.lifetime.admin = Some(address.to_string());
        self
    }

    /// Shows what `page` returns at `path` of [`admin`](Self::admin), in the place of what would be there. It is asked for
    /// every request and must not wait.
    pub fn admin_page(
        mut self,
        path: impl Into<String>,
        page: impl Fn() -> Page + Send + Sync + 'static,
    ) -> Self {
        self.lifetime.pages.put(path, page);
        self
    }

    /// Is ready only while every condition of `readiness` is met, which `/readyz` and the health service tell.
    pub fn readiness(mut self, readiness: Readiness) -> Self {
        self.lifetime.readiness = readiness;
        self
    }

    /// How long the server goes on as before after a shutdown, while it already says that it is not ready and is withdrawn
    /// from where it is registered: time for load balancers and clients to notice, so that no connection is refused. 1 s by
    /// default where it is registered, else none.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.lifetime.delay = Some(delay);
        self
    }

    /// How long a connection is used, give or take a tenth, before its client is told to make a new one: so that clients of
    /// long standing find servers that were added. For ever by default, as in gRPC.
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.settings.ages.age = Some(age);
        self
    }

    /// How long the calls of a connection that is too old may go on before they are cut. For ever by default, as in gRPC.
    pub fn max_connection_age_grace(mut self, grace: Duration) -> Self {
        self.settings.ages.grace = Some(grace);
        self
    }

    /// How long a connection may have no call before its client is told to make a new one when it needs one. For ever by
    /// default, as in gRPC.
    pub fn max_connection_idle(mut self, idle: Duration) -> Self {
        self.settings.ages.idle = Some(idle);
        self
    }

    /// How long accepted calls may go on after the [delay](Self::drain_delay). 25 s by default, which ends
    /// before Kubernetes' 30 do; a server that is registered leaves a second later, and up to five more where its registry does
    /// not answer.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain = timeout;
        self
    }
}

impl Lifetime {
    /// How long it goes on as before after a shutdown, known to no registry or to one.
    pub(super) fn delay(&self, unknown: bool) -> Duration {
        self.delay.unwrap_or(match unknown {
            true => Duration::ZERO,
            false => BEAT,
        })
    }

    /// The plain HTTP side, if there is to be one.
    ///
    /// # Errors
    /// If it cannot listen there.
    pub(super) fn admin(&mut self) -> Result<Option<Admin>, ServeError> {
        let Some(address) = self.admin.take() else {
            return Ok(None);
        };
        let mut pages = Pages::of(self.readiness.clone());
        pages.extend(std::mem::take(&mut self.pages));
        match Admin::bind(&address, pages) {
            Ok(admin) => Ok(Some(admin)),
            Err(source) => Err(ServeError::Bind {
                address: Address::Tcp(address),
                source,
            }),
        }
    }
}
