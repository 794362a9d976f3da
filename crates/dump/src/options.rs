//! OPTIONS, and what becomes of the secrets among them.
use medley_catalog::ids::ObjectAddress;
use medley_catalog::objects::{OptionValue, Options, Server, StoredReference};
use medley_secret::{Place, Portable, Reference, Sealed};

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
    /// Of a server and its mappings: which references its owner may set.
    pub(crate) prefixes: &'a str,
}

/// The option of servers that says which references their owners may set.
const ALLOWED_REFS: &str = "allowed_refs";

/// What that option says.
pub(crate) fn prefixes(server: &Server) -> &str {
    server.options.get(ALLOWED_REFS).and_then(OptionValue::text).unwrap_or_default()
}

/// Whether it still counts. Whoever replays a dump is a superuser, whose word it would be again.
fn is_allowed(reference: &StoredReference, prefixes: &str) -> bool {
    !reference.by_prefix
        || Reference::parse(&reference.text).is_ok_and(|it| it.is_allowed(prefixes))
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
                OptionValue::Reference(reference) if !is_allowed(reference, owner.prefixes) => {
                    let (alter, option) = (in_comment(owner.alter), in_comment(&name(option)));
                    let left_out = in_comment(&literal(&reference.text));
                    self.script.comment(&format!(
                        "-- Not within {ALLOWED_REFS} any more: {alter} OPTIONS (ADD {option} \
                         {left_out});"
                    ));
                    continue;
                }
                OptionValue::Reference(reference) => literal(&reference.text),
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
