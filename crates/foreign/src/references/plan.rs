//! Which options of a server and a mapping are kept elsewhere, and as whom they are fetched.
use medley_catalog::objects::Server;
use medley_fdw::{OptionSpec, Options, Scope, ours};
use medley_secret::{Reference, Scheme, Template, Who};

use super::ReferenceRules;
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
                // What does nothing need not be fetched.
                let Some(spec) = ours::referenced(options, scope, name)
                    .filter(|spec| spec.effect == medley_fdw::Effect::Honoured)
                else {
                    continue;
                };
                let reference = ours::check_reference(spec, value)?;
                wanted.push(Wanted { spec, reference });
            }
        }
        let refers = wanted.iter().any(|wanted| wanted.spec.scope == Scope::UserMapping);
        let failed = |source| Error::Template { server: server.name.clone(), source };
        let user = user_template(mapping, refers).map_err(failed)?;
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

/// Names in the remote user's name count where the mapping says so, or has a reference: in
/// PostgreSQL `{role}` is a name like any other, and there is no reference.
fn user_template(
    mapping: &Options,
    refers: bool,
) -> Result<Option<(&'static str, Template)>, medley_secret::ReferenceError> {
    let said = mapping.boolean(ours::TEMPLATES).ok().flatten();
    if !said.unwrap_or(refers) {
        return Ok(None);
    }
    let named = |name: &'static str| Some((name, mapping.text(name)?));
    let Some((name, text)) = ours::USER_OPTIONS.into_iter().find_map(named) else {
        return Ok(None);
    };
    let template = Template::parse(text)?;
    Ok((template.uses() != Who::default()).then_some((name, template)))
}
