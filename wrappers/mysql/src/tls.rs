//! TLS as MySQL's client options ask for it, over rustls.
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use medley_fdw::{Options, RemoteStream, TlsRoots};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};
use tokio_rustls::TlsConnector;

use crate::options::SSL_MODES;

/// OpenSSL's names for the suites of TLS 1.2 that are spoken here.
const CIPHERS: [(&str, CipherSuite); 6] = [
    ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("ECDHE-RSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-RSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-RSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];

/// What `ssl_mode` says, in the order of [`SSL_MODES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Disabled,
    Preferred,
    Required,
    VerifyCa,
    VerifyIdentity,
}

impl Mode {
    /// As the options say; without a word of theirs as MySQL's clients do.
    pub fn of(server: &Options) -> Self {
        const MODES: [Mode; 5] =
            [Mode::Disabled, Mode::Preferred, Mode::Required, Mode::VerifyCa, Mode::VerifyIdentity];
        let given = server.text("ssl_mode");
        let found = SSL_MODES.iter().zip(MODES).find(|(word, _)| Some(**word) == given);
        match found {
            Some((_, mode)) => mode,
            None if given_file(server, "ssl_ca").is_some() => Self::VerifyCa,
            None if given_file(server, "ssl_capath").is_some() => Self::VerifyCa,
            None => Self::Preferred,
        }
    }
}

fn given_file<'a>(server: &'a Options, name: &str) -> Option<&'a str> {
    server.text(name).filter(|file| !file.is_empty())
}

/// How TLS is set up with a server.
#[derive(Clone)]
pub(crate) struct Tls {
    /// As asked for.
    pub mode: Mode,
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the options and the files that they name.
    pub fn new(server: &Options, roots: &TlsRoots) -> Result<Self, String> {
        let mode = Mode::of(server);
        let provider = Arc::new(provider(given_file(server, "ssl_cipher"))?);
        let verifier = Verifier::new(mode, server, roots, provider.clone())?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match client_certificate(server)? {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("could not use the client certificate: {error}"))?,
            None => builder.with_no_client_auth(),
        };
        Ok(Self { mode, config: Arc::new(config) })
    }

    /// The remote's name was checked, so that nobody else gets what is sent.
    pub fn verifies_name(&self) -> bool {
        self.mode == Mode::VerifyIdentity
    }

    /// Sets TLS up.
    pub async fn wrap(
        &self,
        stream: Box<dyn RemoteStream>,
        host: &str,
    ) -> io::Result<Box<dyn RemoteStream>> {
        let name = self.server_name(host)?;
        let stream = TlsConnector::from(self.config.clone()).connect(name, stream).await;
        Ok(Box::new(stream.map_err(|error| io::Error::other(explain(&error, host)))?))
    }

    /// A host may be called what no certificate can say; that matters only where it is verified.
    fn server_name(&self, host: &str) -> io::Result<ServerName<'static>> {
        match ServerName::try_from(host.to_owned()) {
            Ok(name) => Ok(name),
            Err(_) if !self.verifies_name() => Ok(IpAddr::from(Ipv4Addr::UNSPECIFIED).into()),
            Err(_) => {
                let text = format!("\"{host}\" is no name that a certificate can have");
                Err(io::Error::other(text))
            }
        }
    }
}

fn explain(error: &io::Error, host: &str) -> String {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => format!("server certificate does not match host name \"{host}\""),
        Some(rustls::Error::InvalidCertificate(_)) => {
            "SSL error: certificate verify failed".to_owned()
        }
        Some(other) => format!("SSL error: {other}"),
        None => format!("SSL error: {error}"),
    }
}

/// What is spoken, less what `ssl_cipher` leaves out.
fn provider(ciphers: Option<&str>) -> Result<CryptoProvider, String> {
    let mut provider = rustls::crypto::ring::default_provider();
    let Some(list) = ciphers else { return Ok(provider) };
    let known = |name: &str| CIPHERS.iter().find(|(known, _)| *known == name).map(|(_, it)| *it);
    let named: Vec<_> = list.split(':').filter_map(known).collect();
    if named.is_empty() {
        return Err(format!("no cipher of \"{list}\" is known here"));
    }
    provider
        .cipher_suites
        .retain(|suite| suite.tls13().is_some() || named.contains(&suite.suite()));
    Ok(provider)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_certificate(server: &Options) -> Result<Option<Identity>, String> {
    let Some(file) = given_file(server, "ssl_cert") else { return Ok(None) };
    let Some(key_file) = given_file(server, "ssl_key") else {
        return Err("ssl_cert is given, but no ssl_key".to_owned());
    };
    let chain = certificates(file.as_ref())?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| format!("could not load private key file \"{key_file}\": {error}"))?;
    Ok(Some((chain, key)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| format!("could not read certificate file \"{}\": {error}", file.display()))
}

/// Whom to trust: what the options name, else what the machine does.
fn trusted(server: &Options, roots: &TlsRoots) -> Result<Arc<RootCertStore>, String> {
    let (file, folder) = (given_file(server, "ssl_ca"), given_file(server, "ssl_capath"));
    if file.is_none() && folder.is_none() {
        return Ok(roots.clone());
    }
    let mut found = Vec::new();
    if let Some(file) = file {
        found.extend(certificates(file.as_ref())?);
    }
    if let Some(folder) = folder {
        let unreadable = |error| format!("could not read directory \"{folder}\": {error}");
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            // What is no certificate stands beside them.
            found.extend(certificates(&entry.map_err(unreadable)?.path()).unwrap_or_default());
        }
    }
    let mut store = RootCertStore::empty();
    match store.add_parsable_certificates(found) {
        (0, _) => Err("no certificate is in ssl_ca or ssl_capath".to_owned()),
        _ => Ok(Arc::new(store)),
    }
}

/// Judges the remote's certificate as far as `ssl_mode` asks.
#[derive(Debug)]
struct Verifier {
    /// Who signs it; `None` when anybody may.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Whether the name in it must be the host's.
    name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn new(
        mode: Mode,
        server: &Options,
        roots: &TlsRoots,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let algorithms = provider.signature_verification_algorithms;
        let chain = match mode >= Mode::VerifyCa {
            true => {
                let roots = trusted(server, roots)?;
                let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
                Some(verifier.map_err(|error| format!("no trusted certificates: {error}"))?)
            }
            false => None,
        };
        Ok(Self { chain, name: mode == Mode::VerifyIdentity, algorithms })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        let judged =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        use rustls::Error::InvalidCertificate;
        match judged {
            // The name is judged last: all else was right.
            Err(InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
