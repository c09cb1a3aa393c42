//! Where a channel goes: what `http://127.0.0.1:50051`, `https://host:443` and `unix:/run/x.sock` mean.

use std::path::PathBuf;

use http::uri::{Authority, Scheme, Uri};

/// A place to connect to, and what it is called in a call's head.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) address: Address,
}

/// What to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A host and its port. A name is looked up for every connection.
    Tcp(String, u16),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// A target that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No such scheme.
    #[error("unknown scheme `{0}`; known: http, https, unix")]
    Scheme(String),
    /// No scheme at all.
    #[error("`{0}` has no scheme; write http://{0}, or https://{0} for TLS")]
    NoScheme(String),
    /// No port.
    #[error("`{0}` has no port; write {0}:PORT")]
    NoPort(String),
    /// More than a host and a port.
    #[error("`{0}` has more than a scheme, a host and a port, such as http://127.0.0.1:50051")]
    Path(String),
    /// Not an address.
    #[error(
        "`{0}` is not an address; write one such as http://127.0.0.1:50051 or unix:/run/service.sock"
    )]
    Malformed(String),
    /// Nothing that a server can be called.
    #[error(
        "`{0}` is no authority; write a host, with or without a port, such as movies.test:50051"
    )]
    Authority(String),
}

impl Target {
    /// Reads a target.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(crate) fn parse(text: &str) -> Result<Self, TargetError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Self::unix(text, path);
        }
        let malformed = || TargetError::Malformed(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| malformed())?;
        let authority = uri.authority().cloned().ok_or_else(malformed)?;
        let scheme = match uri.scheme() {
            None => return Err(TargetError::NoScheme(text.to_owned())),
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => scheme.clone(),
            Some(scheme) => return Err(TargetError::Scheme(scheme.to_string())),
        };
        if uri.path() != "/" || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(TargetError::Path(text.to_owned()));
        }
        let Some(port) = authority.port_u16() else {
            let bare = text.trim_end_matches(['/', ':']);
            return Err(TargetError::NoPort(bare.to_owned()));
        };
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            scheme,
            authority,
            address: Address::Tcp(host, port),
        })
    }

    /// The same place under another name; empty for its own.
    ///
    /// # Errors
    /// If a server cannot be called that.
    pub(crate) fn called(self, authority: &str) -> Result<Self, TargetError> {
        if authority.is_empty() {
            return Ok(self);
        }
        let parsed: Option<Authority> = authority.parse().ok();
        let named = parsed
            .filter(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
        match named {
            Some(authority) => Ok(Self { authority, ..self }),
            None => Err(TargetError::Authority(authority.to_owned())),
        }
    }

    /// `unix:/path` and `unix:///path`, as gRPC names them.
    fn unix(text: &str, path: &str) -> Result<Self, TargetError> {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(TargetError::Malformed(text.to_owned()));
        }
        Ok(Self {
            scheme: Scheme::HTTP,
            authority: Authority::from_static("localhost"),
            address: Address::Unix(path.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Target::parse(text).unwrap().address
    }

    #[test]
    fn reads_hosts_ports_and_sockets() {
        assert_eq!(address("http://host:80"), Address::Tcp("host".into(), 80));
        assert_eq!(
            address("https://[::1]:443/"),
            Address::Tcp("::1".into(), 443)
        );
        assert_eq!(address("unix:/run/x"), Address::Unix("/run/x".into()));
        assert_eq!(address("unix:///run/x"), Address::Unix("/run/x".into()));
        assert_eq!(address("unix:x"), Address::Unix("x".into()));
    }

    #[test]
    fn says_what_would_be_right() {
        for (text, remedy) in [
            ("zk://host:80", "known: http, https, unix"),
            ("127.0.0.1:80", "write http://127.0.0.1:80"),
            ("http://host", "write http://host:PORT"),
            ("http://host:80/path", "more than a scheme"),
            ("http://me@host:80", "more than a scheme"),
            ("", "not an address"),
            ("unix:", "not an address"),
            ("/path", "not an address"),
            ("http://:80", "not an address"),
            ("\u{0}", "not an address"),
        ] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }

    #[test]
    fn a_place_can_be_called_by_another_name_but_by_no_nonsense() {
        let place = || Target::parse("http://10.0.0.1:80").unwrap();
        assert_eq!(place().called("").unwrap().authority, "10.0.0.1:80");
        let named = place().called("movies.test:443").unwrap();
        assert_eq!(named.authority, "movies.test:443");
        assert_eq!(named.address, Address::Tcp("10.0.0.1".into(), 80));
        for wrong in ["me@host", "a b", ":80", "a/b"] {
            let error = place().called(wrong).unwrap_err().to_string();
            assert!(
                error.contains(wrong) && error.contains("movies.test:50051"),
                "{error}"
            );
        }
    }
}
