//! TLS as libpq's options ask for it, over rustls.
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use medley_fdw::{Options, RemoteStream, TlsRoots};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio_rustls::TlsConnector;

use super::end_point::end_point_hash;
use super::target::{parameter, word};

/// What `sslmode` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    /// As the options say; without a word of theirs `prefer`, or `verify-full` where the
    /// system's certificates are named.
    pub fn of(server: &Options) -> Result<Self, String> {
        const WORDS: [&str; 6] =
            ["prefer", "disable", "allow", "require", "verify-ca", "verify-full"];
        let system = server.text("sslrootcert") == Some("system");
        let given = server.text("sslmode").filter(|mode| !mode.is_empty());
        let mode = match word(given, "sslmode", &WORDS)? {
            "prefer" if system && given.is_none() => Self::VerifyFull,
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => Self::Prefer,
        };
        if system && mode != Self::VerifyFull {
            let weak = format!("weak sslmode \"{}\" may not be used", given.unwrap_or("prefer"));
            return Err(format!("{weak} with sslrootcert=system (use \"verify-full\")"));
        }
        Ok(mode)
    }

    /// With TLS or without, in the order in which a host is tried.
    pub fn attempts(self) -> &'static [bool] {
        match self {
            Self::Disable => &[false],
            Self::Allow => &[false, true],
            Self::Prefer => &[true, false],
            Self::Require | Self::VerifyCa | Self::VerifyFull => &[true],
        }
    }
}

/// How TLS is set up with the hosts of a server.
#[derive(Clone)]
pub(crate) struct Tls {
    /// As asked for.
    pub mode: Mode,
    /// TLS begins with the first byte, before anybody asked.
    pub direct: bool,
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the options and the files that they name.
    pub fn new(server: &Options, mapping: &Options, roots: &TlsRoots) -> Result<Self, String> {
        let mode = Mode::of(server)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(mode, server, roots, provider.clone())?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(server)?)
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match client_certificate(server, mapping)? {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("could not use the client certificate: {error}"))?,
            None => builder.with_no_client_auth(),
        };
        config.enable_sni = server.text("sslsni") != Some("0");
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Self { mode, direct: direct(server, mode)?, config: Arc::new(config) })
    }

    /// The remote's name was checked, so that nobody else gets what is sent.
    pub fn verifies_name(&self) -> bool {
        self.mode == Mode::VerifyFull
    }

    /// Sets TLS up: the stream, and the hash of the server's certificate that SCRAM is bound to.
    pub async fn wrap(
        &self,
        stream: Box<dyn RemoteStream>,
        host: &str,
    ) -> io::Result<(Box<dyn RemoteStream>, Option<Vec<u8>>)> {
        let name = self.server_name(host)?;
        let stream = TlsConnector::from(self.config.clone())
            .connect(name, stream)
            .await
            .map_err(|error| io::Error::other(explain(&error, host)))?;
        let certificates = stream.get_ref().1.peer_certificates();
        let hash = certificates.and_then(<[_]>::first).and_then(|first| end_point_hash(first));
        Ok((Box::new(stream), hash))
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

/// In libpq's words where it has some.
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
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "SSL SYSCALL error: EOF detected".to_owned()
        }
        None => format!("SSL SYSCALL error: {}", super::os_text(error)),
    }
}

fn direct(server: &Options, mode: Mode) -> Result<bool, String> {
    let value = server.text("sslnegotiation").filter(|value| !value.is_empty());
    let direct = word(value, "sslnegotiation", &["postgres", "direct"])? == "direct";
    if direct && mode < Mode::Require {
        let given = server.text("sslmode").unwrap_or("prefer");
        let weak = format!("weak sslmode \"{given}\" may not be used");
        return Err(format!(
            "{weak} with sslnegotiation=direct (use \"require\", \"verify-ca\", or \"verify-full\")"
        ));
    }
    Ok(direct)
}

/// From the lowest to the highest that the options allow.
fn versions(server: &Options) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    const WORDS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let bound = |name: &str, default: usize| match server.text(name).filter(|v| !v.is_empty()) {
        None => Ok(default),
        Some(value) => WORDS
            .iter()
            .position(|word| word.eq_ignore_ascii_case(value))
            .ok_or_else(|| format!("invalid \"{name}\" value: \"{value}\"")),
    };
    let low = bound("ssl_min_protocol_version", 2)?;
    let high = bound("ssl_max_protocol_version", 3)?;
    if low > high {
        return Err("invalid SSL protocol version range".to_owned());
    }
    let spoken = [(2, &rustls::version::TLS12), (3, &rustls::version::TLS13)];
    let versions: Vec<_> = spoken
        .into_iter()
        .filter(|(index, _)| (low..=high).contains(index))
        .map(|(_, version)| version)
        .collect();
    match versions.is_empty() {
        true => Err(format!("{} is too old: TLSv1.2 and TLSv1.3 are spoken here", WORDS[high])),
        false => Ok(versions),
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_certificate(server: &Options, mapping: &Options) -> Result<Option<Identity>, String> {
    let mode = server.text("sslcertmode").filter(|mode| !mode.is_empty());
    match word(mode, "sslcertmode", &["allow", "disable", "require"])? {
        "disable" => return Ok(None),
        "require" => return Err("sslcertmode value \"require\" is not supported".to_owned()),
        _ => {}
    }
    let Some(file) = parameter(server, mapping, "sslcert") else { return Ok(None) };
    let Some(key_file) = parameter(server, mapping, "sslkey") else {
        return Err(format!("certificate present, but not private key file for \"{file}\""));
    };
    let chain = certificates(file)
        .map_err(|error| format!("could not read certificate file \"{file}\": {error}"))?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| format!("could not load private key file \"{key_file}\": {error}"))?;
    Ok(Some((chain, key)))
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_file_iter(file)?.collect()
}

/// Judges the remote's certificate as far as `sslmode` asks.
#[derive(Debug)]
struct Verifier {
    /// Who signs it; `None` when anybody may.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that are trusted as themselves: OpenSSL takes a self-signed one that is in
    /// the file of roots, which the chain's rules refuse when it says that it may sign others.
    pinned: Vec<CertificateDer<'static>>,
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
        let (roots, pinned) = trusted(mode, server, roots)?;
        let chain = match roots {
            Some(roots) => {
                let crls = revoked(server)?;
                let builder = WebPkiServerVerifier::builder_with_provider(roots, provider);
                let verifier = builder.with_crls(crls).build();
                Some(verifier.map_err(|error| format!("no trusted certificates: {error}"))?)
            }
            None => None,
        };
        Ok(Self { chain, pinned, name: mode == Mode::VerifyFull, algorithms })
    }

    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        self.pinned.iter().any(|pinned| pinned == certificate)
    }
}

type Trusted = (Option<Arc<RootCertStore>>, Vec<CertificateDer<'static>>);

/// As libpq: below `verify-ca` a file of roots counts only with `require`, and only if it is
/// there.
fn trusted(mode: Mode, server: &Options, roots: &TlsRoots) -> Result<Trusted, String> {
    let file = server.text("sslrootcert").filter(|file| !file.is_empty() && *file != "system");
    let Some(file) = file else {
        return Ok(((mode >= Mode::VerifyCa).then(|| roots.clone()), Vec::new()));
    };
    let exists = std::path::Path::new(file).exists();
    match mode {
        Mode::Disable | Mode::Allow | Mode::Prefer => return Ok((None, Vec::new())),
        Mode::Require if !exists => return Ok((None, Vec::new())),
        _ if !exists => {
            let absent = format!("root certificate file \"{file}\" does not exist");
            return Err(format!(
                "{absent}\nEither provide the file, use the system's trusted roots with \
                 sslrootcert=system, or change sslmode to disable server certificate verification."
            ));
        }
        _ => {}
    }
    let unreadable =
        |error: String| format!("could not read root certificate file \"{file}\": {error}");
    let pinned = certificates(file).map_err(|error| unreadable(error.to_string()))?;
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(pinned.iter().cloned());
    match added {
        0 => Err(unreadable("no certificate in it".to_owned())),
        _ => Ok((Some(Arc::new(store)), pinned)),
    }
}

fn revoked(server: &Options) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    let Some(file) = server.text("sslcrl").filter(|file| !file.is_empty()) else {
        return Ok(Vec::new());
    };
    CertificateRevocationListDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| format!("could not read certificate revocation list \"{file}\": {error}"))
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
            // Whether it has expired was judged before what it may be used for.
            Err(InvalidCertificate(CertificateError::Other(_))) if self.is_pinned(end_entity) => {
                if self.name {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
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
