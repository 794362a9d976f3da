//! Where references to secrets may lead: `[references]` of `medley.toml`.
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use medley_foreign::{CommandRule, LoginSource, ReferenceRules, VaultLogin, VaultRules};
use medley_http::Url;
use medley_secret::{KeySource, Template, is_plain_name};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

/// Where Kubernetes puts the token of a service account.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// What the file says. Paths are relative to the data folder.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct References {
    /// `file:` references are read in these folders only.
    pub folders: Vec<PathBuf>,
    /// No `env:` reference reads these variables.
    pub private_variables: Vec<String>,
    /// How long one fetch may take, in seconds.
    pub timeout: Option<u32>,
    /// How long what was fetched is used before it is fetched again, in seconds.
    pub ttl: Option<u32>,
    /// How long after that it is used while its place does not answer, in seconds.
    pub stale: Option<u32>,
    /// What `exec:` references call by these names.
    pub commands: BTreeMap<String, Command>,
    /// Which Vault is asked.
    pub vault: Option<Vault>,
}

/// A command that prints a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Its path, which is absolute, and its arguments. There is no shell.
    pub command: Vec<String>,
    /// How long it may take, in seconds.
    pub timeout: Option<u32>,
}

/// Which Vault is asked, and as whom: one of the ways to log in says that.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// Where it is: `https://vault.example:8200`.
    pub address: String,
    /// Whom to trust instead of what this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// A token.
    pub token_file: Option<PathBuf>,
    /// A token.
    pub token_variable: Option<String>,
    /// A login as an application.
    pub approle: Option<AppRole>,
    /// A login as a service account of Kubernetes.
    pub kubernetes: Option<Kubernetes>,
}

/// A login as an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRole {
    /// Where the method is mounted.
    pub mount: Option<String>,
    /// Which application.
    pub role_id: String,
    /// What proves it.
    pub secret_id_file: Option<PathBuf>,
    /// What proves it.
    pub secret_id_variable: Option<String>,
}

/// A login as a service account of Kubernetes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// Where the method is mounted.
    pub mount: Option<String>,
    /// What Vault calls what the account may do.
    pub role: String,
    /// The account's token.
    pub token_file: Option<PathBuf>,
}

impl References {
    /// What is in the file of certificates that these rules name.
    pub fn ca(&self, data: &Path) -> Option<Vec<u8>> {
        let file = self.vault.as_ref()?.ca_file.as_ref()?;
        fs::read(data.join(file)).ok()
    }

    /// As the server goes by it. What it proves itself with is out of reach, wherever it is.
    pub fn rules(&self, data: &Path, own: &[&KeySource]) -> anyhow::Result<ReferenceRules> {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let default = ReferenceRules::default();
        let timeout = self.timeout.map_or(default.timeout, seconds);
        let command = |(name, command): (&String, &Command)| {
            let rule = command.rule(command.timeout.map_or(timeout, seconds));
            Ok((name.clone(), rule.with_context(|| format!("in [references.commands.{name}]"))?))
        };
        if let Some(name) = self.commands.keys().find(|name| !is_plain_name(name)) {
            bail!(
                "in [references.commands]: \"{name}\" is not a name: use letters, digits, _ and -"
            );
        }
        let mut rules = ReferenceRules {
            folders: self.folders.iter().map(|folder| data.join(folder)).collect(),
            private_folders: vec![data.to_owned()],
            private_files: Vec::new(),
            private_variables: self.private_variables.clone(),
            runs_programs: false,
            commands: self.commands.iter().map(command).collect::<anyhow::Result<_>>()?,
            vault: self.vault.as_ref().map(|vault| vault.rules(data)).transpose()?,
            timeout,
            ttl: self.ttl.map_or(default.ttl, seconds),
            stale: self.stale.map_or(default.stale, seconds),
        };
        own.iter().for_each(|key| close(&mut rules, key));
        Ok(rules)
    }
}

/// Puts a key out of reach.
fn close(rules: &mut ReferenceRules, key: &KeySource) {
    match key {
        KeySource::File(path) => rules.private_files.push(path.clone()),
        KeySource::Variable(name) => rules.private_variables.push(name.clone()),
        KeySource::Credential(name) => {
            let folder = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
            rules.private_files.extend(folder.map(|folder| folder.join(name)));
        }
        KeySource::Command { .. } => {}
    }
}

impl Command {
    fn rule(&self, timeout: Duration) -> anyhow::Result<CommandRule> {
        let [program, arguments @ ..] = self.command.as_slice() else {
            bail!("command names no program")
        };
        if !Path::new(program).is_absolute() {
            bail!("the path \"{program}\" is not absolute");
        }
        let arguments = arguments.iter().map(|argument| {
            let template = Template::parse(argument);
            template.with_context(|| format!("in the argument \"{argument}\""))
        });
        let arguments = arguments.collect::<anyhow::Result<_>>()?;
        Ok(CommandRule { program: program.into(), arguments, timeout })
    }
}

impl Vault {
    fn rules(&self, data: &Path) -> anyhow::Result<VaultRules> {
        let context = || "in [references.vault]";
        Ok(VaultRules {
            address: Url::parse(&self.address).context("address").with_context(context)?,
            roots: self.ca_file.as_ref().map(|file| roots(&data.join(file))).transpose()?,
            namespace: self.namespace.clone(),
            login: self.login(data).with_context(context)?,
        })
    }

    fn login(&self, data: &Path) -> anyhow::Result<VaultLogin> {
        let has_token = self.token_file.is_some() || self.token_variable.is_some();
        match (has_token, &self.approle, &self.kubernetes) {
            (true, None, None) => Ok(VaultLogin::Token(source(
                data,
                &self.token_file,
                &self.token_variable,
                "token",
            )?)),
            (false, Some(app), None) => Ok(VaultLogin::AppRole {
                mount: mount(&app.mount, "approle")?,
                role_id: app.role_id.clone(),
                secret_id: source(data, &app.secret_id_file, &app.secret_id_variable, "secret_id")?,
            }),
            (false, None, Some(account)) => Ok(VaultLogin::Kubernetes {
                mount: mount(&account.mount, "kubernetes")?,
                role: account.role.clone(),
                token: data.join(
                    account.token_file.as_deref().unwrap_or(Path::new(SERVICE_ACCOUNT_TOKEN)),
                ),
            }),
            _ => bail!("say one of token_file, token_variable, approle and kubernetes"),
        }
    }
}

fn mount(given: &Option<String>, default: &str) -> anyhow::Result<String> {
    let mount = given.as_deref().unwrap_or(default);
    match mount.split('/').all(is_plain_name) {
        true => Ok(mount.to_owned()),
        false => bail!("\"{mount}\" is not where a login is mounted"),
    }
}

fn source(
    data: &Path,
    file: &Option<PathBuf>,
    variable: &Option<String>,
    what: &str,
) -> anyhow::Result<LoginSource> {
    match (file, variable) {
        (Some(file), None) => Ok(LoginSource::File(data.join(file))),
        (None, Some(name)) => Ok(LoginSource::Variable(name.clone())),
        _ => bail!("say one of {what}_file and {what}_variable"),
    }
}

fn roots(file: &Path) -> anyhow::Result<Arc<rustls::RootCertStore>> {
    let context = || format!("certificates in {}", file.display());
    let text = fs::read(file).with_context(context)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        roots.add(certificate.with_context(context)?).with_context(context)?;
    }
    match roots.is_empty() {
        true => bail!("there is no certificate in {}", file.display()),
        false => Ok(Arc::new(roots)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let references: References = match toml::from_str(text) {
            Ok(references) => references,
            Err(error) => return assert!(error.to_string().contains(expected), "{error}"),
        };
        let key = KeySource::Variable("KEY".to_owned());
        match references.rules(Path::new("/data"), &[&key]) {
            Ok(rules) => {
                assert_eq!(format!("{rules:?}").find(expected).map(|_| ()), Some(()), "{rules:?}")
            }
            Err(error) => assert_eq!(format!("{error:#}"), expected),
        }
    }

    #[test]
    fn rules_are_read() {
        check("", "private_folders: [\"/data\"]");
        check("", "private_variables: [\"KEY\"]");
        check("folders = ['/run/secrets', 'x']", "folders: [\"/run/secrets\", \"/data/x\"]");
        check("ttl = 7", "ttl: 7s");
        check("[commands.a]\ncommand = ['/bin/a', '{role}']\ntimeout = 2", "timeout: 2s");
        check("[vault]\naddress = 'https://v'\ntoken_variable = 'T'", "Token(Variable(\"T\"))");
        check(
            "[vault]\naddress = 'https://v'\napprole = { role_id = 'r', secret_id_file = 's' }",
            "AppRole { mount: \"approle\", role_id: \"r\", secret_id: File(\"/data/s\") }",
        );
        check("[vault]\naddress = 'https://v'\nkubernetes = { role = 'r' }", SERVICE_ACCOUNT_TOKEN);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        check("folder = []", "unknown field `folder`");
        check(
            "[commands.a]\ncommand = ['a']",
            "in [references.commands.a]: the path \"a\" is not absolute",
        );
        check("[commands.a]\ncommand = []", "in [references.commands.a]: command names no program");
        check(
            "[commands.a]\ncommand = ['/a', '{x}']",
            "in [references.commands.a]: in the argument \"{x}\": not a template",
        );
        check(
            "[commands.'a b']\ncommand = ['/a']",
            "in [references.commands]: \"a b\" is not a name: use letters, digits, _ and -",
        );
        let none =
            "in [references.vault]: say one of token_file, token_variable, approle and kubernetes";
        check("[vault]\naddress = 'https://v'", none);
        check(
            "[vault]\naddress = 'https://v'\ntoken_file = 't'\nkubernetes = { role = 'r' }",
            none,
        );
        check(
            "[vault]\naddress = 'http://vault.example'\ntoken_file = 't'",
            "in [references.vault]: address: http is for this machine only: use https",
        );
    }
}
