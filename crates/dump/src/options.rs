//! OPTIONS, and what becomes of the secrets among them.
use medley_catalog::ids::ObjectAddress;
use medley_catalog::objects::{OptionValue, Options};
use medley_secret::{Place, Portable, Sealed};

use crate::script::{in_comment, literal, name};
use crate::{Dump, Result, Secrets};

/// Whose options they are.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    /// The object; the whole relation of a column.
    pub(crate) address: ObjectAddress,
    /// Of a column its number, else 0.
    pub(crate) column: i16,
    /// What to say to set one again: `ALTER SERVER films`.
    pub(crate) alter: &'a str,
}

impl Dump<'_> {
    /// ` OPTIONS (…)`, or nothing where there are none.
    pub(crate) fn options(&mut self, owner: Owner<'_>, options: &Options) -> Result<String> {
        let list = self.option_list(owner, options, "")?;
        Ok(if list.is_empty() { list } else { format!(" OPTIONS ({list})") })
    }

    /// The same as it stands in parentheses, `action` before each.
    pub(crate) fn option_list(
        &mut self,
        owner: Owner<'_>,
        options: &Options,
        action: &str,
    ) -> Result<String> {
        let mut items = Vec::new();
        for (option, value) in options.iter() {
            let value = match value {
                OptionValue::Plain(text) => literal(text),
                OptionValue::Sealed(sealed) => self.secret(owner, option, sealed)?,
            };
            items.push(format!("\n    {action}{} {value}", name(option)));
        }
        let end = if items.is_empty() { "" } else { "\n" };
        Ok(items.join(",") + end)
    }

    fn secret(&mut self, owner: Owner<'_>, option: &str, sealed: &Sealed) -> Result<String> {
        match self.request.secrets {
            Secrets::Omit => {
                let (alter, option) = (in_comment(owner.alter), in_comment(&name(option)));
                let enter = format!("-- Enter again: {alter} OPTIONS (SET {option} '...');");
                self.script.comment(&enter);
                Ok("''".to_owned())
            }
            Secrets::Sealed => {
                let (class, object) = (owner.address.class.oid(), owner.address.oid);
                let place = Place { class, object, column: owner.column, option };
                let portable = Portable::new(place, sealed, self.request.data_keys)?;
                Ok(literal(&portable.to_string()))
            }
        }
    }
}
