//! Which of several releases of one service answers a client: the highest that admits it.
//!
//! The rule itself is [`admits`]; a router asks it of each release that it serves, newest first.

use std::fmt;

use super::version::{Misfit, admits};
use crate::call::{Minimum, Range};

/// Of the releases in `served`, newest first, the one that answers a client of `client`.
pub fn choose<'a>(client: &Range, served: impl IntoIterator<Item = &'a Range>) -> Option<usize> {
    let mut served = served.into_iter();
    served.position(|server| admits(client, server).is_ok())
}

/// What a refusal by all of several releases tells.
#[derive(Debug, Clone, Copy)]
pub struct NoneFits<'a> {
    /// Package and name of the service.
    pub service: &'a str,
    /// What the client said.
    pub client: &'a Range,
    /// All that is served, newest first; at least one.
    pub served: &'a [&'a Range],
}

impl NoneFits<'_> {
    /// The release that comes nearest: of the client's own line, or else the newest.
    pub fn nearest(&self) -> Option<&Range> {
        let line = Minimum::line(&self.client.version);
        let of_line = |server: &&&Range| Minimum::line(&server.version) == line;
        let nearest = self
            .served
            .iter()
            .find(of_line)
            .or_else(|| self.served.first());
        nearest.copied()
    }

    /// Why the nearest does not fit.
    pub fn misfit(&self) -> Misfit {
        let misfit = self
            .nearest()
            .and_then(|server| admits(self.client, server).err());
        misfit.unwrap_or(Misfit::Major)
    }
}

/// The clients of each release, such as `2.0-2.1, 1.0-1.4`.
pub fn supported(served: &[&Range]) -> String {
    listed(served, |server| {
        let newest = Minimum::of(&server.version);
        format!("{}-{newest}", server.min)
    })
}

/// The releases with their clients, such as `2.1.0 (clients 2.0 to 2.1), 1.4.2 (clients 1.0 to 1.4)`.
pub fn spelled_out(served: &[&Range]) -> String {
    listed(served, |Range { version, min }| {
        let newest = Minimum::of(version);
        format!("{version} (clients {min} to {newest})")
    })
}

fn listed(served: &[&Range], one: impl Fn(&Range) -> String) -> String {
    let all: Vec<_> = served.iter().map(|server| one(server)).collect();
    all.join(", ")
}

impl fmt::Display for NoneFits<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { version, min } = self.client;
        write!(formatter, "{}: client {version}", self.service)?;
        if self.misfit() == Misfit::ClientTooNew {
            write!(formatter, " needs a server of at least {min} and")?;
        }
        let served = spelled_out(self.served);
        write!(
            formatter,
            " fits none of the releases that are served: {served}"
        )?;
        match self.nearest() {
            Some(Range { version, .. }) => {
                write!(
                    formatter,
                    "; build the client against {}",
                    Minimum::of(version)
                )
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Release;

    fn served() -> [Range; 3] {
        ["2.1.0", "1.4.2", "0.9.0"].map(|version| Release::parse(version, "").unwrap().server.range)
    }

    fn client(version: &str) -> Range {
        Release::parse(version, "").unwrap().client.range
    }

    #[test]
    fn the_highest_release_that_admits_a_client_answers_it() {
        let chosen = |version| choose(&client(version), &served());
        assert_eq!(chosen("2.0.7"), Some(0));
        assert_eq!(chosen("1.4.9"), Some(1));
        assert_eq!(chosen("0.9.1"), Some(2));
        assert_eq!(chosen("1.5.0"), None);
        assert_eq!(chosen("3.0.0"), None);

        // One that reaches back over majors is higher, too.
        let reaching = Release::parse("2.1.0", "1.2").unwrap().server.range;
        let [_, old, _] = served();
        assert_eq!(choose(&client("1.3.0"), [&reaching, &old]), Some(0));
        assert_eq!(choose(&client("1.1.0"), [&reaching, &old]), Some(1));
    }

    #[test]
    fn a_refusal_lists_all_that_is_served_and_names_what_is_nearest() {
        let (served, client) = (served(), client("1.6.0"));
        let refusal = NoneFits {
            service: "movies.v1.Movies",
            client: &client,
            served: &served.each_ref(),
        };
        assert_eq!(
            refusal.to_string(),
            "movies.v1.Movies: client 1.6.0 needs a server of at least 1.6 and fits none of the releases that are \
             served: 2.1.0 (clients 2.0 to 2.1), 1.4.2 (clients 1.0 to 1.4), 0.9.0 (clients 0.9 to 0.9); build the \
             client against 1.4"
        );
        assert_eq!(refusal.misfit(), Misfit::ClientTooNew);
        assert_eq!(supported(refusal.served), "2.0-2.1, 1.0-1.4, 0.9-0.9");
    }

    #[test]
    fn a_client_of_no_line_that_is_served_is_told_the_newest() {
        let (served, client) = (served(), client("3.0.0"));
        let refusal = NoneFits {
            service: "movies.v1.Movies",
            client: &client,
            served: &served.each_ref(),
        };
        assert_eq!(refusal.misfit(), Misfit::Major);
        assert!(
            refusal
                .to_string()
                .ends_with("build the client against 2.1")
        );
    }
}
