//! TLS of the client's end, with rustls: whom to trust, who one is, and that the peer agrees to HTTP/2.

use std::{
    fmt, fs, io,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{
    CertificateDer, InvalidDnsNameError, PrivateKeyDer, ServerName, pem::PemObject,
};
use tokio_rustls::TlsConnector;

use super::{Renewals, Renewed, fault::chain, io::Io, target::Target};

/// What HTTP/2 is called when two ends agree on a protocol.
const H2: &[u8] = b"h2";

const NO_H2: &str = "the server does not agree to HTTP/2 over TLS; it must offer `h2` by ALPN";

/// Whom to trust and who one is, for `https` targets.
///
/// ```no_run
/// # async fn shown() -> Result<(), Box<dyn std::error::Error>> {
/// use couplet::client::{Channel, ClientTls};
///
/// let tls = ClientTls::new()
///     .roots(std::fs::read("ca.pem")?)
///     .identity(std::fs::read("client.pem")?, std::fs::read("client.key")?);
/// let channel = Channel::builder("https://movies.internal:443").tls(tls).connect().await?;
/// # drop(channel);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct ClientTls {
    roots: Vec<Pem>,
    identity: Option<(Pem, Pem)>,
    server_name: Option<String>,
    counts: Arc<Renewals>,
    /// What all connections have in common, once there is one.
    config: Arc<OnceLock<Arc<Renewed<ClientConfig>>>>,
}

/// Where a PEM text is.
#[derive(Clone)]
enum Pem {
    Here(Vec<u8>),
    File(PathBuf),
}

/// TLS settings that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {why}", path = .0.display(), why = .1)]
    File(PathBuf, String),
    /// Nobody is trusted.
    #[error("no root certificates; give the PEM of those to trust with `ClientTls::roots`")]
    NoRoots,
    /// Not certificates.
    #[error("the {0} are no PEM certificates: {1}")]
    Certificates(&'static str, String),
    /// Not a key.
    #[error("the key is no PEM private key: {0}")]
    Key(String),
    /// Certificate and key do not fit, or are not supported.
    #[error("the identity cannot be used: {0}")]
    Identity(String),
    /// Not a name.
    #[error(
        "`{0}` is not the name of a server; give the one in its certificate with `ClientTls::server_name`"
    )]
    ServerName(String),
}

/// Encrypts connections to one target.
#[derive(Clone)]
pub(crate) struct Encrypt {
    config: Arc<Renewed<ClientConfig>>,
    name: ServerName<'static>,
}

// === ClientTls ===

impl ClientTls {
    /// Nobody is trusted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts servers whose certificate goes back to one of these, in PEM. Adds to those given before.
    pub fn roots(self, pem: impl Into<Vec<u8>>) -> Self {
        self.trust(Pem::Here(pem.into()))
    }

    /// The same from a file, which is read again every second once there is a connection. What is new in it holds from the
    /// next connection on; a file that cannot be used changes nothing, which is told and [counted](Self::renewals).
    pub fn roots_file(self, path: impl Into<PathBuf>) -> Self {
        self.trust(Pem::File(path.into()))
    }

    /// Shows servers this certificate (and its chain) in PEM, with its PKCS#8, PKCS#1 or SEC1 key.
    pub fn identity(self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identify(Pem::Here(certificate.into()), Pem::Here(key.into()))
    }

    /// The same from files, which are read again as by [`roots_file`](Self::roots_file).
    pub fn identity_files(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identify(Pem::File(certificate.into()), Pem::File(key.into()))
    }

    /// What became of files that changed.
    pub fn renewals(&self) -> &Arc<Renewals> {
        &self.counts
    }

    /// Expects this name in the server's certificate instead of the target's host.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// What encrypts connections to `target`.
    pub(crate) fn encrypt(&self, target: &Target) -> Result<Encrypt, TlsError> {
        let host = target.authority.host().trim_matches(['[', ']']);
        let name = self.server_name.as_deref().unwrap_or(host);
        let server_name = ServerName::try_from(name.to_owned())
            .map_err(|_: InvalidDnsNameError| TlsError::ServerName(name.to_owned()))?;
        Ok(Encrypt {
            config: self.shared()?,
            name: server_name,
        })
    }

    /// What all connections have in common.
    fn shared(&self) -> Result<Arc<Renewed<ClientConfig>>, TlsError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let identity = self.identity.iter().flat_map(|(first, then)| [first, then]);
        let files = self.roots.iter().chain(identity).filter_map(Pem::path);
        let settings = Self {
            config: Arc::default(),
            ..self.clone()
        };
        let counts = Arc::clone(&self.counts);
        let made = Renewed::of(files.collect(), counts, move || settings.config())?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(made))))
    }

    fn trust(mut self, pem: Pem) -> Self {
        self.roots.push(pem);
        self.config = Arc::default();
        self
    }

    fn identify(mut self, certificate: Pem, key: Pem) -> Self {
        self.identity = Some((certificate, key));
        self.config = Arc::default();
        self
    }

    fn config(&self) -> Result<ClientConfig, TlsError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Identity(error.to_string()))?
            .with_root_certificates(self.trusted()?);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates("identity's certificates", &certificate.read()?)?;
                let key = PrivateKeyDer::from_pem_slice(&key.read()?)
                    .map_err(|error| TlsError::Key(error.to_string()))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| TlsError::Identity(error.to_string()))?
            }
        };
        config.alpn_protocols = vec![H2.to_vec()];
        Ok(config)
    }

    fn trusted(&self) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        for pem in &self.roots {
            for root in certificates("roots", &pem.read()?)? {
                store
                    .add(root)
                    .map_err(|error| TlsError::Certificates("roots", error.to_string()))?;
            }
        }
        if store.is_empty() {
            return Err(TlsError::NoRoots);
        }
        Ok(store)
    }
}

// === Pem ===

impl Pem {
    fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Here(_) => None,
            Self::File(path) => Some(path.clone()),
        }
    }

    fn read(&self) -> Result<Vec<u8>, TlsError> {
        match self {
            Self::Here(pem) => Ok(pem.clone()),
            Self::File(path) => {
                fs::read(path).map_err(|error| TlsError::File(path.clone(), error.to_string()))
            }
        }
    }
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(TlsError::Certificates(
            what,
            "there is no certificate in it".to_owned(),
        )),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(TlsError::Certificates(what, error.to_string())),
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientTls")
            .field("server_name", &self.server_name)
            .field("has_identity", &self.identity.is_some())
            .finish_non_exhaustive()
    }
}

// === Encrypt ===

impl Encrypt {
    /// TLS over `io`, with a peer that speaks HTTP/2.
    ///
    /// # Errors
    /// Why the two ends do not agree.
    pub(super) async fn encrypt(&self, io: Io) -> Result<Io, String> {
        self.config.watch();
        let stream = TlsConnector::from(self.config.current())
            .connect(self.name.clone(), io)
            .await
            .map_err(|error| refused(&error))?;
        match stream.get_ref().1.alpn_protocol() {
            Some(H2) => Ok(Box::new(stream)),
            _ => Err(NO_H2.to_owned()),
        }
    }
}

/// A server may ignore what it was offered, or say that it knows none of it.
fn refused(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let advice = match inner {
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            return NO_H2.to_owned();
        }
        Some(rustls::Error::InvalidCertificate(error)) => advice(error),
        _ => "",
    };
    format!("no TLS with the server: {}{advice}", chain(error))
}

/// What can be done about a certificate.
fn advice(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "; the server needs a new certificate, unless the clock here is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "; the clock of this machine, or of whoever issued it, is wrong"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "; reach the server by a name in its certificate, or expect one with `ClientTls::server_name`"
        }
        CertificateError::UnknownIssuer => {
            "; whoever issued it is not among those given with `ClientTls::roots`"
        }
        _ => "",
    }
}

impl fmt::Debug for Encrypt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Encrypt")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
