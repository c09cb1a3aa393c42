//! Encrypted connections: who is served, who is not, and what a handler knows of a client's certificate.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::server::ServerTls;

/// An authority and what it signed.
pub(super) struct Authority(pub(super) CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// A certificate for `name` and its key, as PEM.
    pub(super) fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// A client that trusts this authority and asks for `protocols`.
    pub(super) fn client(
        &self,
        shown: Option<(String, String)>,
        protocols: &[&[u8]],
    ) -> TlsConnector {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots());
        let mut config = match shown {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Arc::new(config).into()
    }
}

pub(super) async fn connected(
    server: &Running,
    client: &TlsConnector,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    client.connect(name, server.socket().await).await
}

/// Whether a call over a fresh connection is answered.
pub(super) async fn is_served(server: &Running, client: &TlsConnector) -> bool {
    let Ok(socket) = connected(server, client).await else {
        return false;
    };
    let Ok((client, connection)) = h2::client::handshake(socket).await else {
        return false;
    };
    tokio::spawn(connection);
    Client(client).say("hi").await.is_ok()
}

#[tokio::test]
async fn a_client_that_trusts_the_server_and_speaks_http_2_is_served() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    let tls = ServerTls::new(certificate, key).unwrap();
    let server = Running::start(|builder| builder.tls(tls)).await;
    assert!(is_served(&server, &authority.client(None, &[b"h2"])).await);
    assert!(
        !is_served(&server, &authority.client(None, &[])).await,
        "no ALPN"
    );
    assert!(!is_served(&server, &authority.client(None, &[b"http/1.1"])).await);
    assert!(
        !is_served(&server, &Authority::new().client(None, &[b"h2"])).await,
        "untrusted"
    );
}

#[tokio::test]
async fn a_server_that_asks_for_certificates_serves_only_those_it_knows() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    let tls = ServerTls::mutual(certificate, key, authority.0.pem()).unwrap();
    let server = Running::start(|builder| builder.tls(tls)).await;
    assert!(!is_served(&server, &authority.client(None, &[b"h2"])).await);
    let stranger = Authority::new().sign("client");
    assert!(!is_served(&server, &authority.client(Some(stranger), &[b"h2"])).await);

    let known = authority.sign("client");
    let shown = CertificateDer::from_pem_slice(known.0.as_bytes()).unwrap();
    assert!(is_served(&server, &authority.client(Some(known), &[b"h2"])).await);
    let peer = server.probe.peer.lock().unwrap().clone().unwrap();
    assert_eq!(peer.certificates[0], shown.as_ref());
}

#[tokio::test(start_paused = true)]
async fn a_stalled_handshake_has_its_own_timeout() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    let tls = ServerTls::new(certificate, key).unwrap();
    let server =
        Running::start(|builder| builder.tls(tls).handshake_timeout(Duration::from_secs(3))).await;
    let begun = tokio::time::Instant::now();
    let mut silent = server.socket().await;
    assert!(tokio::io::AsyncReadExt::read_u8(&mut silent).await.is_err());
    assert!(begun.elapsed() <= Duration::from_secs(4));
}

#[test]
fn what_is_no_certificate_is_refused_with_its_name() {
    let refused = ServerTls::new("", "").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot read the PEM of the certificate"
    );
}
