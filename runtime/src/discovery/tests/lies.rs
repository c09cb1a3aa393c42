//! Targets that make no sense.

use super::super::{registry, resolver};

#[test]
fn a_target_is_told_what_would_be_right() {
    for (target, remedy) in [
        (
            "static:///",
            "lists no address; write static:///10.0.0.1:50051",
        ),
        ("static:///,,", "lists no address"),
        ("file:///", "names no file; write file:///etc/movies.json"),
        ("file://movies.json", "names no file"),
        (
            "memory:///",
            "names no service; write memory:///movies.v1.Movies",
        ),
    ] {
        let error = resolver(target).unwrap_err().to_string();
        assert!(error.contains(remedy), "{target}: {error}");
    }
}

#[test]
fn what_names_no_service_is_no_name() {
    for target in ["http://a:1", "unix:/a", "", "a:1", "zk://a/b"] {
        assert!(resolver(target).unwrap().is_none(), "{target}");
    }
}

#[test]
fn servers_register_only_where_something_keeps_them() {
    for target in ["static:///a:1", "http://a:1", ""] {
        let error = registry(target).unwrap_err().to_string();
        assert!(error.contains("known registries: memory"), "{error}");
    }
    let error = registry("memory:///movies.v1.Movies").unwrap_err();
    assert!(
        error.to_string().contains("name none (memory:///)"),
        "{error}"
    );
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn a_channels_target_is_told_all_that_this_build_knows() {
    let error = crate::Channel::connect("zk://a/b").await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("unknown scheme `zk`; known: http, https, unix, static, file, memory"),
        "{text}"
    );
    assert_eq!(
        text.contains(", dns, dns+srv"),
        cfg!(feature = "dns"),
        "{text}"
    );
}
