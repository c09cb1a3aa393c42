//! What a target says: `dns:///host:port`, `dns+srv:///name`, each with the server to ask before the third slash, as in gRPC's
//! naming document.

use std::net::{IpAddr, SocketAddr};

use super::{Asked, Dns};
use crate::discovery::scheme::Fault;

/// The port that DNS servers listen on.
const DOMAIN: u16 = 53;

/// The longest name, in bytes (RFC 1035 2.3.4, as text).
const LONGEST: usize = 254;

/// The longest part of a name.
const LONGEST_LABEL: usize = 63;

impl Dns {
    /// Reads what stands behind `dns://`.
    pub(in crate::discovery) fn parse(rest: &str) -> Result<Self, Fault> {
        let (server, host) = split(rest)?;
        let asked = match host.parse() {
            Ok(address) => Asked::Nothing(address),
            Err(_) => named(host)?,
        };
        Ok(Self {
            target: format!("dns://{rest}"),
            server,
            asked,
        })
    }

    /// Reads what stands behind `dns+srv://`.
    pub(in crate::discovery) fn parse_services(rest: &str) -> Result<Self, Fault> {
        let (server, name) = split(rest)?;
        if name.contains(':') {
            return wrong("ports come of SRV records, and are not written");
        }
        check(name)?;
        Ok(Self {
            target: format!("dns+srv://{rest}"),
            server,
            asked: Asked::Services {
                name: name.to_owned(),
            },
        })
    }
}

fn wrong<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Malformed(why.into()))
}

/// The server to ask, and what it is asked for.
fn split(rest: &str) -> Result<(Option<SocketAddr>, &str), Fault> {
    let Some((server, name)) = rest.split_once('/') else {
        return wrong(format!(
            "what stands before the third slash is the DNS server; for the system's, write dns:///{rest}"
        ));
    };
    if server.is_empty() {
        return Ok((None, name));
    }
    let bare = server.trim_start_matches('[').trim_end_matches(']');
    let alone = bare.parse().map(|ip: IpAddr| SocketAddr::new(ip, DOMAIN));
    match server.parse().or(alone) {
        Ok(server) => Ok((Some(server), name)),
        Err(_) => wrong(format!(
            "the DNS server `{server}` is no IP address, with or without a port"
        )),
    }
}

fn named(host: &str) -> Result<Asked, Fault> {
    let Some((name, port)) = host.rsplit_once(':') else {
        return wrong(format!("`{host}` has no port"));
    };
    check(name)?;
    match port.parse() {
        Ok(port) => Ok(Asked::Host {
            name: name.to_owned(),
            port,
        }),
        Err(_) => wrong(format!("`{port}` is no port")),
    }
}

fn check(name: &str) -> Result<(), Fault> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label =
        |label: &str| (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(plain);
    if name.len() > LONGEST || !bare.split('.').all(label) {
        return wrong(format!("`{name}` is no name of DNS"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::{Resolver, registry, resolver};

    fn read(rest: &str) -> Dns {
        Dns::parse(rest).ok().unwrap()
    }

    #[test]
    fn the_server_stands_before_the_name_as_in_grpcs_naming() {
        let host = Asked::Host {
            name: "movies.test".to_owned(),
            port: 50051,
        };
        for (rest, server) in [
            ("/movies.test:50051", None),
            ("10.0.0.2/movies.test:50051", Some("10.0.0.2:53")),
            ("10.0.0.2:5353/movies.test:50051", Some("10.0.0.2:5353")),
            ("[::1]/movies.test:50051", Some("[::1]:53")),
            ("[::1]:5353/movies.test:50051", Some("[::1]:5353")),
        ] {
            let dns = read(rest);
            assert_eq!(dns.asked, host, "{rest}");
            assert_eq!(dns.server, server.map(|server| server.parse().unwrap()));
            assert_eq!(dns.target(), format!("dns://{rest}"));
        }
    }

    #[test]
    fn an_address_is_not_asked_for() {
        let address = |text: &str| Asked::Nothing(text.parse().unwrap());
        assert_eq!(read("/10.0.0.1:80").asked, address("10.0.0.1:80"));
        assert_eq!(read("/[::1]:80").asked, address("[::1]:80"));
    }

    #[test]
    fn a_target_is_told_what_would_be_right() {
        let long = format!("dns:///{}:1", "a".repeat(64));
        for (target, remedy) in [
            ("dns://movies.test:1", "write dns:///movies.test:1"),
            (
                "dns:///movies.test",
                "`movies.test` has no port; write dns:///movies",
            ),
            ("dns:///movies.test:http", "`http` is no port"),
            ("dns:///:1", "`` is no name"),
            ("dns:///a..b:1", "`a..b` is no name"),
            ("dns:///me@a:1", "`me@a` is no name"),
            (&long, "is no name"),
            (
                "dns://ns.test/a:1",
                "the DNS server `ns.test` is no IP address",
            ),
            ("dns+srv:///_grpc._tcp.movies.test:1", "ports come of SRV"),
            (
                "dns+srv:///",
                "`` is no name of DNS; write dns+srv:///_grpc",
            ),
        ] {
            let error = resolver(target).unwrap_err().to_string();
            assert!(error.contains(remedy), "{target}: {error}");
        }
        let error = registry("dns:///a:1").unwrap_err().to_string();
        assert!(error.contains("known registries: memory"), "{error}");
    }
}
