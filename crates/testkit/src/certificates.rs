use std::path::PathBuf;

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};

use crate::TempFolder;

/// An authority made for one server, and what it has signed.
#[derive(Debug)]
pub struct Certificates {
    /// The authority's certificate, as PEM: a client's `sslrootcert`.
    pub authority: PathBuf,
    /// The server's certificate, for `localhost` and 127.0.0.1, as PEM.
    pub server: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A client's certificate: its `sslcert` and `sslkey`.
#[derive(Debug)]
pub struct ClientCertificate {
    /// The certificate, as PEM.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Certificates {
    /// The name of the server's certificate in its folder.
    pub const SERVER: &str = "server.crt";
    /// The name of the server's key.
    pub const SERVER_KEY: &str = "server.key";
    const AUTHORITY: &str = "root.crt";

    /// Makes them and writes them into the folder, with the server's key.
    pub fn write(folder: &TempFolder) -> Result<Self> {
        let mut authority = params("Medley's tests", &[])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1"];
        let server = params("localhost", &names)?.signed_by(&key, &authority)?;
        folder.write(Self::SERVER_KEY, &key.serialize_pem())?;
        Ok(Self {
            authority: folder.write(Self::AUTHORITY, &authority.pem())?,
            server: folder.write(Self::SERVER, &server.pem())?,
            issuer: authority,
        })
    }

    /// Makes a certificate for somebody whose common name is this, signed by the authority.
    pub fn write_client(&self, folder: &TempFolder, name: &str) -> Result<ClientCertificate> {
        let key = KeyPair::generate()?;
        let certificate = params(name, &[])?.signed_by(&key, &self.issuer)?;
        Ok(ClientCertificate {
            certificate: folder.write(&format!("{name}.crt"), &certificate.pem())?,
            key: folder.write(&format!("{name}.key"), &key.serialize_pem())?,
        })
    }
}

/// Authority and server must have two names, or the certificate seems to have signed itself.
fn params(common_name: &str, names: &[&str]) -> Result<CertificateParams> {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}
