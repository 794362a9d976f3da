//! `name=value` after the method.
use crate::rule::{Kind, Method};

/// What a rule says beyond its method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The map of `pg_ident.conf` that turns accounts outside into roles.
    pub map: Option<String>,
    /// Which certificate the client must show.
    pub client_certificate: Option<ClientCertificate>,
    /// Which name of the certificate is meant.
    pub client_name: ClientName,
    /// Who issues the tokens: `issuer`.
    pub issuer: Option<String>,
    /// What a token must be good for, separated by spaces: `scope`.
    pub scope: Option<String>,
}

/// What checks tokens here; PostgreSQL has libraries for it.
const VALIDATOR: &str = "medley";

/// `clientcert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificate {
    /// `verify-ca`: one that a trusted authority has signed.
    VerifyCa,
    /// `verify-full`: and whose name is the role's, or mapped to it.
    VerifyFull,
}

/// `clientname`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientName {
    /// The common name.
    #[default]
    Cn,
    /// The whole distinguished name, as RFC 2253 writes it.
    Dn,
}

impl Options {
    pub(crate) fn of(method: Method) -> Self {
        let full = (method == Method::Cert).then_some(ClientCertificate::VerifyFull);
        Self { client_certificate: full, ..Self::default() }
    }

    pub(crate) fn set(&mut self, text: &str, kind: Kind, method: Method) -> Result<(), String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("authentication option not in name=value format: {text}"))?;
        match name {
            "map" if matches!(method, Method::Peer | Method::Cert | Method::OAuth) => {
                self.map = Some(value.to_owned());
            }
            "map" => {
                return Err("authentication option \"map\" is only valid for authentication \
                            methods ident, peer, gssapi, sspi, cert, and oauth"
                    .to_owned());
            }
            "clientcert" if kind == Kind::HostSsl => {
                self.client_certificate = Some(client_certificate(value, method)?);
            }
            "clientcert" => {
                return Err("clientcert can only be configured for \"hostssl\" rows".to_owned());
            }
            "clientname" if kind == Kind::HostSsl => self.client_name = client_name(value)?,
            "clientname" => {
                return Err("clientname can only be configured for \"hostssl\" rows".to_owned());
            }
            "issuer" | "scope" | "validator" | "delegate_ident_mapping"
                if method != Method::OAuth =>
            {
                return Err(format!(
                    "authentication option \"{name}\" is only valid for authentication methods oauth"
                ));
            }
            "issuer" => self.issuer = Some(value.to_owned()),
            "scope" => self.scope = Some(value.to_owned()),
            "validator" if value == VALIDATOR => {}
            "validator" => {
                return Err(format!(
                    "validator \"{value}\" is not permitted by oauth_validator_libraries"
                ));
            }
            "delegate_ident_mapping" if value == "1" => {
                return Err(format!(
                    "delegate_ident_mapping is not supported by validator \"{VALIDATOR}\""
                ));
            }
            "delegate_ident_mapping" => {}
            _ => return Err(format!("unrecognized authentication option name: \"{name}\"")),
        }
        Ok(())
    }

    /// What a method cannot do without.
    pub(crate) fn complete(&self, method: Method) -> Result<(), String> {
        if method != Method::OAuth {
            return Ok(());
        }
        for (name, value) in [("scope", &self.scope), ("issuer", &self.issuer)] {
            if value.is_none() {
                return Err(format!(
                    "authentication method \"oauth\" requires argument \"{name}\" to be set"
                ));
            }
        }
        Ok(())
    }

    /// As `pg_hba_file_rules` shows them.
    pub fn texts(&self) -> Vec<String> {
        let given = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("{name}={value}"))
        };
        let certificate = self.client_certificate.map(|certificate| {
            let value = match certificate {
                ClientCertificate::VerifyCa => "verify-ca",
                ClientCertificate::VerifyFull => "verify-full",
            };
            format!("clientcert={value}")
        });
        let validator = self.issuer.as_ref().map(|_| format!("validator={VALIDATOR}"));
        let issuer = given("issuer", &self.issuer);
        let scope = given("scope", &self.scope);
        [given("map", &self.map), certificate, issuer, scope, validator]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn client_certificate(value: &str, method: Method) -> Result<ClientCertificate, String> {
    match value {
        "verify-full" => Ok(ClientCertificate::VerifyFull),
        "verify-ca" if method == Method::Cert => Err("clientcert can only be set to \
            \"verify-full\" when using \"cert\" authentication"
            .to_owned()),
        "verify-ca" => Ok(ClientCertificate::VerifyCa),
        _ => Err(format!("invalid value for clientcert: \"{value}\"")),
    }
}

fn client_name(value: &str) -> Result<ClientName, String> {
    match value {
        "CN" => Ok(ClientName::Cn),
        "DN" => Ok(ClientName::Dn),
        _ => Err(format!("invalid value for clientname: \"{value}\"")),
    }
}
