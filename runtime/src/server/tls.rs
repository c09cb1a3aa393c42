//! TLS for servers, with rustls: a certificate, and whose client certificates are asked for.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use rustls::{
    RootCertStore, ServerConfig,
    server::{VerifierBuilderError, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;

use crate::{
    call::Peer,
    carrier::http2::{Renewals, Renewed, serve::Socket},
};

/// What a server shows of itself and asks of its clients. TLS 1.2 and 1.3; HTTP/2 must be agreed on by ALPN. Clones are one
/// and the same.
///
/// ```no_run
/// # async fn shown(movies: impl couplet::codegen::Contract + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// use couplet::{Server, server::ServerTls};
///
/// // New certificates hold from the next connection on, and those that cannot be used change nothing.
/// let tls = ServerTls::from_files("/etc/movies/tls.crt", "/etc/movies/tls.key")?;
/// Server::builder().add(movies).tls(tls).serve("0.0.0.0:443").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<Renewed<ServerConfig>>,
}

/// A certificate, a key or a root that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The text is not PEM, or there is nothing of the wanted kind in it.
    #[error("cannot read the PEM of the {what}")]
    Pem {
        /// What was read: certificate, key or client roots.
        what: &'static str,
        /// Why it cannot be.
        source: rustls_pki_types::pem::Error,
    },
    /// The certificate and the key do not fit, or are not of a kind that rustls knows.
    #[error("cannot use the certificate")]
    Certificate(#[from] rustls::Error),
    /// The client roots are not usable.
    #[error("cannot use the client roots")]
    Roots(#[from] VerifierBuilderError),
}

const HTTP2: &[u8] = b"h2";

// === ServerTls ===

impl ServerTls {
    /// Shows a certificate chain, both it and its key as PEM text. Clients need no certificate.
    ///
    /// # Errors
    /// If they cannot be read or do not fit.
    pub fn new(certificates: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let verifier = WebPkiClientVerifier::no_client_auth();
        Self::with(verifier, certificates.as_ref(), key.as_ref())
    }

    /// As [`new`](Self::new), from files, which are read again every second while the server runs. Connections that are
    /// open go on with what they have begun with. Files that cannot be used change nothing, which is told and
    /// [counted](Self::renewals).
    ///
    /// # Errors
    /// If they cannot be read or do not fit.
    pub fn from_files(
        certificates: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let (certificates, key) = (certificates.into(), key.into());
        let files = vec![certificates.clone(), key.clone()];
        Self::of_files(files, move || Self::new(file(&certificates)?, file(&key)?))
    }

    /// As [`mutual`](Self::mutual), from files, as by [`from_files`](Self::from_files).
    ///
    /// # Errors
    /// If one of them cannot be read or used.
    pub fn mutual_from_files(
        certificates: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        roots: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let (certificates, key, roots) = (certificates.into(), key.into(), roots.into());
        let files = vec![certificates.clone(), key.clone(), roots.clone()];
        let make = move || Self::mutual(file(&certificates)?, file(&key)?, file(&roots)?);
        Self::of_files(files, make)
    }

    /// Shows and asks from the next connection on what `with` does: for certificates that come from elsewhere than files.
    pub fn replace(&self, with: &Self) {
        self.config.replace(with.config.current());
    }

    /// What became of files that changed.
    pub fn renewals(&self) -> &Renewals {
        self.config.counts()
    }

    /// As [`new`](Self::new), and serves only clients whose certificate one of `roots`, PEM text, has signed.
    ///
    /// # Errors
    /// If one of them cannot be read or used.
    pub fn mutual(
        certificates: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
        roots: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        for root in read_certificates("client roots", roots.as_ref())? {
            store.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(store.into(), provider);
        Self::with(verifier.build()?, certificates.as_ref(), key.as_ref())
    }

    /// Uses a configuration of rustls, such as one whose certificates change while the server runs. ALPN is set here.
    pub fn from_config(mut config: ServerConfig) -> Self {
        config.alpn_protocols = vec![HTTP2.to_vec()];
        Self {
            config: Arc::new(Renewed::fixed(config)),
        }
    }

    fn of_files(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<Self, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let make = move || make().map(|tls| ServerConfig::clone(&tls.config.current()));
        let config = Renewed::of(files, Arc::default(), make)?;
        Ok(Self {
            config: Arc::new(config),
        })
    }

    fn with(
        verifier: Arc<dyn ClientCertVerifier>,
        certificates: &[u8],
        key: &[u8],
    ) -> Result<Self, TlsError> {
        let chain = read_certificates("certificate", certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| TlsError::Pem {
            what: "key",
            source,
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        Ok(Self::from_config(config))
    }

    /// Shakes hands over `socket`, and notes who showed what.
    pub(super) async fn accept(
        &self,
        socket: Socket,
        mut peer: Peer,
    ) -> io::Result<(Socket, Peer)> {
        self.config.watch();
        let acceptor = TlsAcceptor::from(self.config.current());
        let stream = acceptor.accept(socket).await?;
        let (_, session) = stream.get_ref();
        if session.alpn_protocol() != Some(HTTP2) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the client did not ask for HTTP/2 by ALPN",
            ));
        }
        let shown = session.peer_certificates().unwrap_or_default();
        peer.certificates = shown
            .iter()
            .map(|der| Bytes::copy_from_slice(der))
            .collect();
        Ok((Box::new(stream), peer))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerTls")
    }
}

fn file(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}

/// All certificates of a PEM text, and at least one.
fn read_certificates(
    what: &'static str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = read.map_err(|source| TlsError::Pem { what, source })?;
    if certificates.is_empty() {
        let source = rustls_pki_types::pem::Error::NoItemsFound;
        return Err(TlsError::Pem { what, source });
    }
    Ok(certificates)
}
