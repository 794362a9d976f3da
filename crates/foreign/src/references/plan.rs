//! Which options of a server and a mapping are kept elsewhere, and as whom they are fetched.
use medley_catalog::objects::{self, OptionValue, Server, StoredReference};
use medley_fdw::{OptionSpec, Options, Scope, ours};
use medley_secret::{Reference, Scheme, Template, Who};

use super::{FetchError, ReferenceRules};
use crate::{Error, Result};

/// What is to be fetched, and what names are to be written, before a login.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) wanted: Vec<Wanted>,
    /// The option that names the remote user, where names stand in it.
    pub(crate) user: Option<(&'static str, Template)>,
}

/// An option that is kept elsewhere.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) spec: &'static OptionSpec,
    pub(crate) reference: Reference,
}

impl Wanted {
    /// A login may do without it: what is to come next may not be there yet.
    pub(crate) fn is_spare(&self) -> bool {
        self.spec.name == ours::PASSWORD_NEXT
    }
}

/// What was said under a prefix of the server's counts as long as the server has a prefix that
/// covers it.
pub(crate) fn check_allowed(
    server: &Server,
    options: &Options,
    stored: &objects::Options,
) -> Result<()> {
    let prefixes = options.text(ours::ALLOWED_REFS).unwrap_or_default();
    let is_covered = |text: &str| Reference::parse(text).is_ok_and(|it| it.is_allowed(prefixes));
    for (name, value) in stored.iter() {
        if let OptionValue::Reference(StoredReference { text, by_prefix: true, .. }) = value
            && !is_covered(text)
        {
            return Err(Error::Reference {
                option: name.to_owned(),
                reference: text.clone(),
                server: server.name.clone(),
                source: FetchError::Refused {
                    why: "no prefix of the server's option \"allowed_refs\" covers it any more",
                    hint: "Have a superuser add a prefix to \"allowed_refs\", or set the reference.",
                },
            });
        }
    }
    Ok(())
}

impl Plan {
    /// Of these objects, whose options that are no secrets are given.
    pub(crate) fn new(
        options: &'static [OptionSpec],
        (server, server_options): (&Server, &Options),
        mapping: &Options,
    ) -> Result<Self> {
        let mut wanted = Vec::new();
        for (scope, given) in [(Scope::Server, server_options), (Scope::UserMapping, mapping)] {
            for (name, value) in given.iter() {
                let Some(spec) = ours::fetched(options, scope, name) else { continue };
                let reference = ours::check_reference(spec, value)?;
                wanted.push(Wanted { spec, reference });
            }
        }
        let refers = wanted.iter().any(|wanted| wanted.spec.scope == Scope::UserMapping);
        let failed = |source| Error::Template { server: server.name.clone(), source };
        let user = ours::user_template(|name| mapping.text(name), refers).map_err(failed)?;
        Ok(Self { wanted, user })
    }

    /// Whose names shape the login.
    pub(crate) fn uses(&self, rules: &ReferenceRules) -> Who<bool> {
        let user = self.user.as_ref().map(|(_, template)| template.uses());
        let of = |wanted: &Wanted| {
            let uses = wanted.reference.uses();
            match wanted.reference.scheme() {
                Scheme::Exec => uses.or(rules.commands_use()),
                _ => uses,
            }
        };
        self.wanted.iter().map(of).fold(user.unwrap_or_default(), Who::or)
    }
}
