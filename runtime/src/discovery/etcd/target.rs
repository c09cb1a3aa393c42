//! What a target says: `etcd://host:2379,host:2379/prefix/service` for clients, without a service for servers.

use http::uri::Authority;

use super::{Etcd, PREFIX};
use crate::discovery::scheme::Fault;

impl Etcd {
    pub(in crate::discovery) fn parse(rest: &str) -> Result<Self, Fault> {
        let (hosts, path) = split(rest)?;
        let (prefix, service) = match path.rsplit_once('/') {
            Some((prefix, service)) => (prefix, service),
            None => (PREFIX, path),
        };
        if service.is_empty() {
            return Err(Fault::Malformed("it names no service".to_owned()));
        }
        Ok(Self::new(hosts).prefix(prefix).service(service))
    }

    pub(in crate::discovery) fn parse_registry(rest: &str) -> Result<Self, Fault> {
        let (hosts, path) = split(rest)?;
        let prefix = if path.is_empty() { PREFIX } else { path };
        Ok(Self::new(hosts).prefix(prefix))
    }
}

/// The hosts, and what follows them, without the slash between.
fn split(rest: &str) -> Result<(Vec<&str>, &str), Fault> {
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    let hosts: Vec<_> = hosts.split(',').map(str::trim).collect();
    for host in &hosts {
        check(host).map_err(Fault::Malformed)?;
    }
    if !path.is_empty() && path.split('/').any(str::is_empty) {
        return Err(Fault::Malformed(
            "a part between two slashes is empty".to_owned(),
        ));
    }
    Ok((hosts, path))
}

/// The host and the port, without a scheme.
pub(super) fn bare(host: &str) -> &str {
    host.split_once("://").map_or(host, |(_, bare)| bare)
}

/// Whether this is a host and a port; why not otherwise.
pub(super) fn check(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("a host is missing".to_owned());
    }
    if host.contains('@') {
        // The target is shown in logs and errors, and so would the password be.
        return Err("a target holds no password; `discovery::Etcd` takes one".to_owned());
    }
    let authority: Option<Authority> = host.parse().ok();
    match authority.map(|authority| authority.port_u16()) {
        None => Err(format!("`{host}` is no host and port")),
        Some(None) => Err(format!("`{host}` has no port")),
        Some(Some(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::{Endpoint, Registry, Resolver, registry, resolver};

    #[test]
    fn the_last_part_is_the_service_and_what_stands_before_it_the_prefix() {
        for (target, shown) in [
            ("a:1/movies.v1.Movies", "a:1/couplet/movies.v1.Movies"),
            (
                "a:1,b:2/eu/west/movies.v1.Movies",
                "a:1,b:2/eu/west/movies.v1.Movies",
            ),
            ("[::1]:2379/x/m.M", "[::1]:2379/x/m.M"),
        ] {
            let etcd = Etcd::parse(target).ok().unwrap();
            assert_eq!(Resolver::target(&etcd), format!("etcd://{shown}"));
        }
        for (target, shown) in [("a:1", "a:1/couplet"), ("a:1/eu/west", "a:1/eu/west")] {
            let etcd = Etcd::parse_registry(target).ok().unwrap();
            assert_eq!(Registry::target(&etcd), format!("etcd://{shown}"));
        }
    }

    #[tokio::test]
    async fn hosts_that_make_no_sense_are_told_when_they_are_used() {
        for (host, why) in [
            ("a", "`a` has no port"),
            ("http://", "a host is missing"),
            ("https://a:1", "https takes certificates"),
        ] {
            let mut endpoint = Endpoint::new("b:1");
            endpoint.service = "m.M".to_owned();
            let etcd = Etcd::new([host]);
            let refused = etcd.register(endpoint).await.unwrap_err();
            assert_eq!(refused.key, "couplet/m.M/b:1");
            assert!(refused.why.contains(why), "{refused}");
            let mut watch = etcd.service("m.M").watch();
            let seen = watch.wait_for(|seen| seen.trouble().is_some()).await;
            let seen = seen.unwrap().trouble().unwrap().to_string();
            assert!(seen.contains(why), "{seen}");
        }
    }

    #[tokio::test]
    async fn an_endpoint_of_no_service_has_no_key() {
        let etcd = Etcd::new(["a:1"]);
        let refused = etcd.register(Endpoint::new("b:1")).await.unwrap_err();
        assert!(refused.why.contains("have a service"), "{refused}");
    }

    #[test]
    fn a_target_is_told_what_would_be_right() {
        for (target, remedy) in [
            ("etcd://a:1", "names no service; write etcd://10.0.0.1:2379"),
            ("etcd:///m.M", "a host is missing"),
            ("etcd://a:1,,b:1/m.M", "a host is missing"),
            ("etcd://a/m.M", "`a` has no port"),
            ("etcd://a b:1/m.M", "no host and port"),
            ("etcd://me:secret@a:1/m.M", "`discovery::Etcd` takes one"),
            ("etcd://a:1//m.M", "between two slashes"),
            ("etcd://a:1/m.M/", "between two slashes"),
        ] {
            let error = resolver(target).unwrap_err().to_string();
            assert!(error.contains(remedy), "{target}: {error}");
        }
        let error = registry("etcd://a").unwrap_err().to_string();
        assert!(error.contains("`a` has no port"), "{error}");
    }
}
