//! Whether two releases of one contract may meet: a range on both sides, never equality.
//!
//! Compared by MAJOR.MINOR; PATCH never decides. Below 1.0 the second number plays the first one's part (Cargo's caret
//! rule). A prerelease meets only its own triple. The same function serves the client, the server and whoever picks a peer.

use std::fmt;

use semver::Version;

use crate::call::{Minimum, Range};

/// Why two releases may not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The client is older than the server still serves.
    ClientTooOld,
    /// The client needs a newer server.
    ClientTooNew,
    /// The two are of different lines: another MAJOR, or another MINOR below 1.0.
    Major,
    /// One is a prerelease of something else.
    Prerelease,
}

/// Whether a client of `client` may call a server of `server`.
///
/// # Errors
/// Why not.
pub fn admits(client: &Range, server: &Range) -> Result<(), Misfit> {
    let (ours, theirs) = (&client.version, &server.version);
    if !ours.pre.is_empty() || !theirs.pre.is_empty() {
        let same_schema = schema(ours).is_some() && schema(ours) == schema(theirs);
        let fits = same_schema || (triple(ours) == triple(theirs) && precedes(ours, theirs));
        return if fits {
            Ok(())
        } else {
            Err(Misfit::Prerelease)
        };
    }
    if Minimum::line(ours) != Minimum::line(theirs) && !reaches_back(client, server) {
        return Err(Misfit::Major);
    }
    if Minimum::of(ours) < server.min {
        return Err(Misfit::ClientTooOld);
    }
    if Minimum::of(theirs) < client.min {
        return Err(Misfit::ClientTooNew);
    }
    Ok(())
}

/// A newer server may declare that it still serves clients of an earlier line.
fn reaches_back(client: &Range, server: &Range) -> bool {
    let (ours, theirs) = (&client.version, &server.version);
    Minimum::line(ours) < Minimum::line(theirs) && server.min <= Minimum::of(ours)
}

/// What the contract of a prerelease looks like, which is eight digits. Other build metadata, such as a branch, may stand
/// at very different contracts.
fn schema(version: &Version) -> Option<&str> {
    let build = version.build.as_str();
    let digits = build.len() == 8 && build.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then_some(build)
}

fn triple(version: &Version) -> (u64, u64, u64) {
    (version.major, version.minor, version.patch)
}

/// `1.0.0-alpha.1` leads to `1.0.0-alpha.2` and to `1.0.0`; build metadata says nothing of order.
fn precedes(ours: &Version, theirs: &Version) -> bool {
    theirs.pre.is_empty() || (!ours.pre.is_empty() && ours.pre <= theirs.pre)
}

/// What a refusal tells: both releases, and what would be right.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// Package and name of the service.
    pub service: &'a str,
    /// What the client said.
    pub client: &'a Range,
    /// What the server said.
    pub server: &'a Range,
    /// Why they do not meet.
    pub misfit: Misfit,
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (client, server) = (&self.client.version, &self.server.version);
        let (oldest, newest) = (self.server.min, Minimum::of(server));
        write!(formatter, "{}: ", self.service)?;
        match self.misfit {
            Misfit::ClientTooOld => write!(
                formatter,
                "client {client} is too old, the server is {server} and serves clients {oldest} to {newest}: \
                 build the client against {newest}"
            ),
            Misfit::ClientTooNew => write!(
                formatter,
                "client {client} needs a server of at least {}, the server is {server} and serves clients {oldest} to \
                 {newest}: upgrade the server or build the client against {newest}",
                self.client.min
            ),
            Misfit::Major if client.major == server.major => write!(
                formatter,
                "client {client} and server {server} differ in MINOR, which before 1.0.0 breaks; the server serves clients \
                 {oldest} to {newest}: build the client against {newest} or move the server to {}",
                Minimum::of(client)
            ),
            Misfit::Major => write!(
                formatter,
                "client {client} and server {server} are of different major versions, the server serves clients \
                 {oldest} to {newest}: build both against the same major version"
            ),
            Misfit::Prerelease => write!(
                formatter,
                "client {client} and server {server} do not fit, a prerelease meets only its own version: build both \
                 against the same release"
            ),
        }
    }
}

impl Misfit {
    /// The reason as `google.rpc.ErrorInfo` has it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ClientTooOld => "API_CLIENT_TOO_OLD",
            Self::ClientTooNew => "API_CLIENT_TOO_NEW",
            Self::Major => "API_MAJOR_MISMATCH",
            Self::Prerelease => "API_VERSION_UNSUPPORTED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CrossMajor, Declared, Release};

    fn verdict(client: &str, server: &str) -> Result<(), Misfit> {
        verdict_accepting(client, server, "")
    }

    fn verdict_accepting(client: &str, server: &str, accepts: &str) -> Result<(), Misfit> {
        let client = Release::parse(client, "").unwrap().client.range;
        let server = Release::parse(server, accepts).unwrap().server.range;
        admits(&client, &server)
    }

    #[test]
    fn a_newer_minor_serves_older_clients_and_patch_never_decides() {
        assert_eq!(verdict("1.4.2", "1.5.0"), Ok(()));
        assert_eq!(verdict("1.4.2", "1.4.0"), Ok(()));
        assert_eq!(verdict("1.4.2", "1.3.9"), Err(Misfit::ClientTooNew));
        assert_eq!(verdict("1.4.2", "2.0.0"), Err(Misfit::Major));
        assert_eq!(verdict("2.0.0", "1.4.2"), Err(Misfit::Major));
    }

    #[test]
    fn below_one_each_minor_is_a_line_of_its_own() {
        assert_eq!(verdict("0.2.3", "0.2.9"), Ok(()));
        assert_eq!(verdict("0.2.3", "0.3.0"), Err(Misfit::Major));
    }

    #[test]
    fn a_declared_floor_moves_the_oldest_client_either_way() {
        assert_eq!(
            verdict_accepting("1.1.0", "1.4.2", "1.2"),
            Err(Misfit::ClientTooOld)
        );
        assert_eq!(verdict_accepting("1.2.0", "1.4.2", "1.2"), Ok(()));
        assert_eq!(verdict_accepting("1.9.0", "2.0.0", "1.4"), Ok(()));
        assert_eq!(
            verdict_accepting("1.3.0", "2.0.0", "1.4"),
            Err(Misfit::Major)
        );
    }

    #[test]
    fn a_server_whose_wire_never_broke_may_serve_clients_over_majors() {
        let verdict = |client, cross_major| {
            let declared = Declared {
                version: "2.1.0",
                wire_since: "1.2.0",
                cross_major,
                ..Declared::default()
            };
            let server = Release::of(&declared).unwrap().server.range;
            admits(&Release::parse(client, "").unwrap().client.range, &server)
        };
        assert_eq!(verdict("1.2.7", CrossMajor::Wire), Ok(()));
        assert_eq!(verdict("1.1.0", CrossMajor::Wire), Err(Misfit::Major));
        assert_eq!(verdict("3.0.0", CrossMajor::Wire), Err(Misfit::Major));
        assert_eq!(verdict("1.2.7", CrossMajor::Refuse), Err(Misfit::Major));
    }

    #[test]
    fn a_prerelease_meets_what_it_leads_to() {
        assert_eq!(verdict("1.0.0-alpha.1", "1.0.0-alpha.2"), Ok(()));
        assert_eq!(verdict("1.0.0-alpha.1", "1.0.0"), Ok(()));
        assert_eq!(verdict("1.0.0", "1.0.0-rc.1"), Err(Misfit::Prerelease));
        assert_eq!(
            verdict("1.0.0-alpha.2", "1.0.0-alpha.1"),
            Err(Misfit::Prerelease)
        );
        assert_eq!(
            verdict("1.0.0-alpha.1", "1.0.1-alpha.1"),
            Err(Misfit::Prerelease)
        );
        assert_eq!(
            verdict("1.0.0-alpha.1+0badcafe", "1.0.1-alpha.1+0badcafe"),
            Ok(())
        );
        // The name of a build is no schema.
        assert_eq!(
            verdict("1.0.0-alpha.1+nightly", "2.0.0-alpha.1+nightly"),
            Err(Misfit::Prerelease)
        );
    }

    #[test]
    fn below_one_the_remedy_is_the_minor() {
        let client = Release::parse("0.4.0", "").unwrap().client.range;
        let server = Release::parse("0.3.0", "").unwrap().server.range;
        let refusal = Refusal {
            service: "shop.v1.Shop",
            client: &client,
            server: &server,
            misfit: admits(&client, &server).unwrap_err(),
        };
        assert!(
            refusal
                .to_string()
                .contains("differ in MINOR, which before 1.0.0 breaks"),
            "{refusal}"
        );
    }

    #[test]
    fn a_refusal_names_both_numbers_and_the_remedy() {
        let client = Release::parse("1.6.0", "").unwrap().client.range;
        let server = Release::parse("1.4.2", "").unwrap().server.range;
        let refusal = Refusal {
            service: "acme.store.v1.Books",
            client: &client,
            server: &server,
            misfit: admits(&client, &server).unwrap_err(),
        };
        assert_eq!(
            refusal.to_string(),
            "acme.store.v1.Books: client 1.6.0 needs a server of at least 1.6, the server is 1.4.2 and serves clients \
             1.0 to 1.4: upgrade the server or build the client against 1.4"
        );
    }
}
