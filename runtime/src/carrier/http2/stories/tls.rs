//! TLS: who is trusted, who is not, and what is said about it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{RootCertStore, ServerConfig, crypto::ring, server::WebPkiClientVerifier};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;

use super::peer::{Asked, listen, speak, text, unary};
use crate::{
    client::{Builder, Channel, ClientTls, ConnectError},
    policy::connectivity::State,
};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name` and its key, in PEM.
fn issue(authority: &Authority, name: &str) -> (String, String) {
    issue_until(authority, name, 4096)
}

/// The same, good until the year is over.
fn issue_until(authority: &Authority, name: &str, year: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 12, 31);
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// A server with a certificate for `localhost` that speaks `protocol`, and asks clients for one of `clients`.
async fn server(
    authority: &Authority,
    protocol: Option<&str>,
    clients: Option<&Authority>,
) -> String {
    serving(issue(authority, "localhost"), protocol, clients).await
}

async fn serving(
    (certificate, key): (String, String),
    protocol: Option<&str>,
    clients: Option<&Authority>,
) -> String {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.der().clone()).unwrap();
            let provider = Arc::new(ring::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let certificate = rustls_pki_types::CertificateDer::from_pem_slice(certificate.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut config = builder
        .with_single_cert(vec![certificate.unwrap()], key)
        .unwrap();
    config.alpn_protocols = protocol
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let target = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let answer = Arc::new(async |mut asked: Asked| {
                    let scheme = asked.request.uri().scheme_str().unwrap().to_owned();
                    asked.answer(&scheme);
                });
                speak(stream, h2::server::Builder::new(), 0, answer).await;
            }
        }
    })
    .await;
    target.replace("http://127.0.0.1", "https://localhost")
}

fn trusting(target: &str, authority: &Authority) -> Builder {
    Channel::builder(target).tls(ClientTls::new().roots(authority.pem()))
}

async fn refused(channel: Builder) -> String {
    channel.connect().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_trusted_server_is_called_over_https() {
    let authority = authority();
    let target = server(&authority, Some("h2"), None).await;
    let channel = trusting(&target, &authority).connect().await.unwrap();
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "https");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_refused() {
    let target = server(&authority(), Some("h2"), None).await;
    let why = refused(trusting(&target, &authority())).await;
    assert!(why.contains("invalid peer certificate"), "{why}");
}

#[tokio::test]
async fn a_server_of_another_name_is_refused_unless_that_name_is_expected() {
    let authority = authority();
    let target = server(&authority, Some("h2"), None).await;
    let by_number = target.replace("localhost", "127.0.0.1");
    let why = refused(trusting(&by_number, &authority)).await;
    assert!(why.contains("not valid for name"), "{why}");
    let tls = ClientTls::new()
        .roots(authority.pem())
        .server_name("localhost");
    Channel::builder(by_number)
        .tls(tls)
        .connect()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_said_to_be_and_others_serve_meanwhile() {
    let authority = authority();
    let expired = issue_until(&authority, "localhost", 2020);
    let expired = serving(expired, Some("h2"), None).await;
    let why = refused(trusting(&expired, &authority)).await;
    for word in [
        &expired[..],
        "certificate expired",
        "needs a new certificate",
    ] {
        assert!(why.contains(word), "{why}");
    }
    let other = serving(issue(&authority, "elsewhere"), Some("h2"), None).await;
    let why = refused(trusting(&other, &authority)).await;
    for word in [&other[..], "elsewhere", "`ClientTls::server_name`"] {
        assert!(why.contains(word), "{why}");
    }
    let well = server(&authority, Some("h2"), None).await;
    let all = format!("static:///{expired},{other},{well}");
    let channel = trusting(&all, &authority).connect().await.unwrap();
    for _ in 0..20 {
        assert_eq!(text(&channel, unary("hi")).await.unwrap(), "https");
    }
    assert_eq!(channel.endpoints().of(State::Ready), 1);
}

#[tokio::test]
async fn a_server_that_does_not_agree_to_http2_is_refused() {
    let authority = authority();
    for protocol in [Some("http/1.1"), None] {
        let target = server(&authority, protocol, None).await;
        let why = refused(trusting(&target, &authority)).await;
        assert!(why.contains("offer `h2` by ALPN"), "{why}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let plain = listen(async |stream| {
        let answer = Arc::new(async |mut asked: Asked| asked.answer("ok"));
        speak(stream, h2::server::Builder::new(), 0, answer).await;
    })
    .await;
    let target = plain.replace("http://127.0.0.1", "https://localhost");
    let why = refused(trusting(&target, &authority())).await;
    assert!(why.contains("no TLS with the server"), "{why}");
}

#[tokio::test]
async fn a_server_that_asks_who_calls_is_told_and_a_stranger_is_refused() {
    let (authority, clients) = (authority(), authority());
    let target = server(&authority, Some("h2"), Some(&clients)).await;
    let (certificate, key) = issue(&clients, "caller");
    let known = ClientTls::new()
        .roots(authority.pem())
        .identity(certificate, key);
    let channel = Channel::builder(&target)
        .tls(known)
        .connect()
        .await
        .unwrap();
    assert_eq!(text(&channel, unary("hi")).await.unwrap(), "https");
    let why = refused(trusting(&target, &authority)).await;
    assert!(why.contains("CertificateRequired"), "{why}");
}

#[test]
fn settings_of_tls_that_make_no_sense_say_what_would_be_right() {
    let target = "https://localhost:1";
    let told = |tls| {
        Channel::builder(target)
            .tls(tls)
            .lazy()
            .unwrap_err()
            .to_string()
    };
    assert!(told(ClientTls::new()).contains("ClientTls::roots"));
    assert!(told(ClientTls::new().roots("garbage")).contains("no certificate in it"));
    let authority = authority();
    let trusting = || ClientTls::new().roots(authority.pem());
    let (certificate, _) = issue(&authority, "caller");
    assert!(told(trusting().identity(&certificate[..], "garbage")).contains("no PEM private key"));
    let (_, other) = issue(&authority, "caller");
    assert!(told(trusting().identity(&certificate[..], other)).contains("identity cannot be used"));
    assert!(told(trusting().server_name("no name")).contains("not the name of a server"));
    let bare = Channel::builder(target).lazy().unwrap_err();
    assert!(matches!(bare, ConnectError::Tls(_)));
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_told_with_the_servers_address() {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let certificate = params.signed_by(&key, &authority).unwrap();
    let expired = (certificate.pem(), key.serialize_pem());
    let target = serving(expired, Some("h2"), None).await;
    let why = refused(trusting(&target, &authority)).await;
    assert!(
        why.contains(&format!("cannot connect to {target}")),
        "{why}"
    );
    assert!(why.contains("certificate expired"), "{why}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_with_both_names() {
    let authority = authority();
    let target = serving(issue(&authority, "films.internal"), Some("h2"), None).await;
    let why = refused(trusting(&target, &authority)).await;
    assert!(
        why.contains(&format!("cannot connect to {target}")),
        "{why}"
    );
    let both = why.contains("not valid for name \"localhost\"") && why.contains("films.internal");
    assert!(both, "{why}");
}

/// A client's own certificate, and whom it trusts, are read anew for new connections.
#[tokio::test]
async fn what_a_client_trusts_and_shows_may_be_renewed() {
    let (authority, clients) = (authority(), authority());
    let target = server(&authority, Some("h2"), Some(&clients)).await;
    let folder = std::env::temp_dir().join(format!("couplet-client-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let (certificate, key) = issue(&self::authority(), "caller");
    let tls = ClientTls::new()
        .roots_file(put("roots", &authority.pem()))
        .identity_files(put("certificate", &certificate), put("key", &key));
    let connect = async || {
        let channel = Channel::builder(&target).tls(tls.clone());
        channel.connect().await.map(drop)
    };
    assert!(connect().await.is_err(), "a stranger's certificate");

    put("key", "garbage");
    let (certificate, key) = issue(&clients, "caller");
    put("certificate", &certificate);
    // The clock runs ahead from look to look, and not while there is a connection to wait for.
    let looked = async |count: &dyn Fn() -> u64| {
        tokio::time::pause();
        for _ in 0..100 {
            if count() > 0 {
                return tokio::time::resume();
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        panic!("nobody looked");
    };
    looked(&|| tls.renewals().refused.sum()).await;
    put("key", &key);
    looked(&|| tls.renewals().renewed.sum()).await;
    connect().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
