//! `dns:///host:port` and `dns+srv:///name`: endpoints are what DNS says of a name, asked again whenever that has run out.
//!
//! ```text
//!   dns:///movies.internal:50051            A, AAAA ──▶ addresses, each with this port
//!   dns+srv:///_grpc._tcp.movies.internal   SRV ──▶ targets, ports, weights ──▶ A, AAAA ──▶ addresses
//! ```
//!
//! `target` reads what is written, `questions` asks and remembers, `services` makes endpoints of SRV records, `pace` says when to
//! ask again. What is not answered keeps what it said last. So does a name that is suddenly gone or has no addresses: that is what
//! a zone looks like while it is replaced, and a server that does not know it yet. The one way for DNS to say that there is
//! nobody is an SRV record whose target is `.` (RFC 2782).

mod pace;
mod questions;
mod services;
mod target;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use tokio::time::sleep;

use self::questions::Questions;
use super::{Endpoint, Publisher, Resolver, Watch, resolver::watched};

/// A name that DNS is asked for.
#[derive(Debug, Clone)]
pub(super) struct Dns {
    /// The target, as it was written.
    target: String,
    /// The server to ask; none for those of the system.
    server: Option<SocketAddr>,
    asked: Asked,
}

/// What DNS is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// Nothing: the address is known.
    Nothing(SocketAddr),
    /// The addresses of a host, all with this port.
    Host { name: String, port: u16 },
    /// Where a service runs.
    Services { name: String },
}

/// What came of asking.
struct Found {
    endpoints: Vec<Endpoint>,
    /// Whether it is DNS that says that there are none.
    nobody: bool,
}

// === Dns ===

impl Dns {
    async fn follow(self, publisher: Publisher) {
        let mut questions = Questions::new(self.server);
        let mut failures = 0;
        loop {
            questions.begin().await;
            let found = self.find(&mut questions).await;
            let outcome = questions.end();
            let lacking = found.endpoints.is_empty() && !found.nobody;
            let trouble = match outcome.trouble {
                None if lacking => Some(outcome.lacking.to_owned()),
                trouble => trouble,
            };
            let why = trouble.map(|why| format!("{}: {why}", self.target));
            let pause = match why {
                None => {
                    failures = 0;
                    publisher.fresh(found.endpoints);
                    pace::after(outcome.ttl, fastrand::f64())
                }
                Some(why) => {
                    if lacking {
                        publisher.stale(why);
                    } else {
                        publisher.partly(found.endpoints, why);
                    }
                    failures += 1;
                    pace::PAUSES.wait(failures - 1, fastrand::f64())
                }
            };
            sleep(pause).await;
        }
    }

    async fn find(&self, questions: &mut Questions) -> Found {
        let mut found = match &self.asked {
            Asked::Nothing(address) => Found::some(vec![Endpoint::new(address.to_string())]),
            Asked::Host { name, port } => {
                let authority = format!("{}:{port}", called(name));
                let addresses = questions.addresses(&[name]).await.into_iter().flatten();
                Found::some(
                    addresses
                        .map(|address| at(address, *port, &authority))
                        .collect(),
                )
            }
            Asked::Services { name } => services::find(questions, name).await,
        };
        // Servers turn their answers round: the same addresses are the same view.
        found
            .endpoints
            .sort_unstable_by(|one, other| one.address.cmp(&other.address));
        found
    }
}

impl Resolver for Dns {
    fn target(&self) -> String {
        self.target.clone()
    }

    fn watch(&self) -> Watch {
        let dns = self.clone();
        watched(|publisher| dns.follow(publisher))
    }
}

// === Found ===

impl Found {
    fn some(endpoints: Vec<Endpoint>) -> Self {
        Self {
            endpoints,
            nobody: false,
        }
    }
}

/// An endpoint that goes by the name that was asked for: certificates are for that, and so do servers tell hosts apart.
fn at(address: IpAddr, port: u16, authority: &str) -> Endpoint {
    Endpoint::new(SocketAddr::new(address, port).to_string()).called(authority)
}

/// A name as it stands in certificates.
fn called(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
