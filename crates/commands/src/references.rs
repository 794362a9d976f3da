//! Who may say that a secret is kept elsewhere.
use medley_catalog::objects::{OptionValue, Server};
use medley_fdw::{Declared, ours};

use crate::Context;
use crate::error::{OptionError, Result};

/// What references the current role may set.
#[derive(Debug)]
pub(crate) struct References {
    superuser: bool,
    /// Attached by a superuser to the server, for its owner.
    prefixes: Vec<String>,
}

impl References {
    /// In user mappings of this server, and in its own options.
    pub(crate) fn of(ctx: &Context<'_>, server: Option<&Server>) -> Self {
        let owned = server.filter(|server| ctx.actor().owns(server.oid.address()));
        let allowed = owned.and_then(|server| server.options.get(ours::ALLOWED_REFS));
        let prefixes = match allowed {
            Some(OptionValue::Plain(list)) => {
                ours::allowed_prefixes(list).map(str::to_owned).collect()
            }
            Some(OptionValue::Sealed(_)) | None => Vec::new(),
        };
        Self { superuser: ctx.is_superuser(), prefixes }
    }

    /// Judges an option that a statement gives; what was there before is not judged again.
    pub(crate) fn check(&self, option: Option<Declared>, name: &str, value: &str) -> Result<()> {
        if self.superuser {
            return Ok(());
        }
        match option {
            Some(Declared::Reference(spec)) => self.check_reference(spec, name, value),
            Some(Declared::Ours(spec)) if spec.name == ours::ALLOWED_REFS => {
                Err(OptionError::ForSuperusers(name.to_owned()).into())
            }
            Some(Declared::Own(_) | Declared::Ours(_)) | None => Ok(()),
        }
    }

    fn check_reference(
        &self,
        spec: &medley_fdw::OptionSpec,
        name: &str,
        value: &str,
    ) -> Result<()> {
        let reference = ours::check_reference(spec, value).map_err(OptionError::from)?;
        match self.prefixes.iter().any(|prefix| reference.is_under(prefix)) {
            true => Ok(()),
            false => Err(OptionError::ReferenceByOthers(name.to_owned()).into()),
        }
    }
}
