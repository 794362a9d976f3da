//! How the server proves who it is, and clients may.
use std::sync::Arc;

use pgwire::api::auth::sasl::scram::ScramServerAuth;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use x509_certificate::X509Certificate;
use x509_certificate::rfc3280::Name;

/// What a client that begins with TLS at once must name, as in PostgreSQL 17.
pub(crate) const PROTOCOL: &[u8] = b"postgresql";

/// A server's certificate and key, and whom it believes about clients.
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// Binds a proof of the password to this certificate.
    pub(crate) scram: ScramServerAuth,
}

/// The contents of the files, as PEM.
pub struct TlsFiles<'a> {
    /// The server's certificate, and those between it and its authority.
    pub certificates: &'a [u8],
    /// Its key.
    pub key: &'a [u8],
    /// The authorities that may have signed a client's certificate; without any, clients are not
    /// asked for one.
    pub client_authorities: Option<&'a [u8]>,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not PEM, or not what it should be.
    #[error("could not load the {what}: {source}")]
    Pem {
        /// What the file should hold.
        what: &'static str,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// Certificate and key do not belong together, or cannot be used.
    #[error("could not use certificate and key: {0}")]
    Rustls(#[from] rustls::Error),
    /// The authorities cannot be used.
    #[error("could not use the authorities of clients: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
    /// The certificate is signed in a way that a password cannot be bound to.
    #[error("could not bind passwords to the certificate: {0}")]
    Binding(String),
}

impl Tls {
    /// From the files' contents.
    pub fn new(files: &TlsFiles<'_>) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match files.client_authorities {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(authorities, "authorities of clients")? {
                    roots.add(authority)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                // Who must show one is the rules' to say.
                builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
            }
        };
        let key = PrivateKeyDer::from_pem_slice(files.key)
            .map_err(|source| TlsError::Pem { what: "key", source })?;
        let chain = certificates(files.certificates, "certificate")?;
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        let mut scram = ScramServerAuth::new();
        scram
            .configure_certificate(files.certificates)
            .map_err(|error| TlsError::Binding(error.to_string()))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), scram })
    }
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = |source| TlsError::Pem { what, source };
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(read)?;
    if found.is_empty() { Err(read(pem::Error::NoItemsFound)) } else { Ok(found) }
}

/// What a client's certificate says of its holder. One of the trusted authorities has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The common name, if it has one.
    pub common_name: Option<String>,
    /// The whole name, as RFC 2253 writes it.
    pub distinguished_name: String,
}

impl ClientCertificate {
    /// `None` if the names cannot be read, or hold what would make them look like others.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let certificate = X509Certificate::from_der(der).ok()?;
        let subject = certificate.subject_name();
        let distinguished_name = rfc2253(subject)?;
        let common_name = match subject.iter_common_name().next() {
            Some(attribute) => Some(attribute.to_string().ok()?),
            None => None,
        };
        // Common names are among these.
        let misleads = distinguished_name.contains('\0');
        (!misleads).then_some(Self { common_name, distinguished_name })
    }
}

/// The short names of attributes, as OpenSSL prints them.
const SHORT_NAMES: [(&str, &str); 12] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// The most specific part first.
fn rfc2253(name: &Name) -> Option<String> {
    let mut parts = Vec::new();
    for relative in name.iter_rdn() {
        let mut attributes = Vec::new();
        for attribute in relative.iter() {
            let oid = attribute.typ.to_string();
            let short = SHORT_NAMES.iter().find(|(known, _)| *known == oid);
            let key = short.map_or(oid.as_str(), |(_, short)| short);
            attributes.push(format!("{key}={}", escaped(&attribute.to_string().ok()?)));
        }
        parts.push(attributes.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let first = at == 0;
        let last = at + c.len_utf8() == value.len();
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || (first && matches!(c, '#' | ' '))
            || (last && c == ' ');
        if special {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        let check = |value: &str, expected: &str| assert_eq!(escaped(value), expected);
        check("Bob Smith", "Bob Smith");
        check("a,b+c\"d\\e<f>g;h", r#"a\,b\+c\"d\\e\<f\>g\;h"#);
        check(" #a ", r"\ #a\ ");
        check("#a", r"\#a");
        check(" ", r"\ ");
    }
}
