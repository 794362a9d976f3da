//! Who may say that a secret is kept elsewhere.
use medley_catalog::objects::{OptionValue, Server};
use medley_fdw::{Declared, OptionSpec, ours};
use medley_secret::Reference;

use crate::Context;
use crate::error::{OptionError, Result};

/// What references the current role may set.
#[derive(Debug)]
pub(crate) struct References {
    superuser: bool,
    /// It is the server's owner.
    owner: bool,
    /// Attached by a superuser to the server, for its owner.
    prefixes: String,
}

impl References {
    /// In user mappings of this server, and in its own options.
    pub(crate) fn of(ctx: &Context<'_>, server: Option<&Server>) -> Self {
        let allowed = server.and_then(|server| server.options.get(ours::ALLOWED_REFS));
        let prefixes = match allowed {
            Some(OptionValue::Plain(list)) => list.clone(),
            Some(OptionValue::Sealed(_) | OptionValue::Reference(_)) | None => String::new(),
        };
        let owner = server.is_some_and(|server| ctx.actor().owns(server.oid.address()));
        Self { superuser: ctx.is_superuser(), owner, prefixes }
    }

    /// Judges an option that a statement gives; what was there before is judged when it is used.
    /// Of a reference it says whether a prefix covers it.
    pub(crate) fn check(
        &self,
        option: Option<Declared>,
        name: &str,
        value: &str,
    ) -> Result<Option<bool>> {
        match option {
            Some(Declared::Reference(spec)) => self.check_reference(spec, name, value).map(Some),
            Some(Declared::Ours(spec)) if spec.name == ours::ALLOWED_REFS && !self.superuser => {
                Err(OptionError::ForSuperusers(name.to_owned()).into())
            }
            Some(Declared::Own(_) | Declared::Ours(_)) | None => Ok(None),
        }
    }

    fn check_reference(&self, spec: &OptionSpec, name: &str, value: &str) -> Result<bool> {
        let reference = ours::check_reference(spec, value);
        if self.superuser {
            // What is none is for the validator to say.
            return Ok(reference.is_ok_and(|reference| self.covers(&reference)));
        }
        let reference = reference.map_err(OptionError::from)?;
        match self.owner && self.covers(&reference) {
            true => Ok(true),
            false => Err(OptionError::ReferenceByOthers(name.to_owned()).into()),
        }
    }

    fn covers(&self, reference: &Reference) -> bool {
        reference.is_allowed(&self.prefixes)
    }
}
