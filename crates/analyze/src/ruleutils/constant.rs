//! Constants.
use medley_types::PgType;

use super::Printer;

impl Printer<'_> {
    /// A constant; `labelled` says its type even where it is clear.
    pub(super) fn constant(&mut self, t: PgType, value: Option<&str>, labelled: bool) {
        let Some(value) = value else {
            self.push("NULL");
            return self.type_label(t);
        };
        let bare = self.literal(t, value);
        let needs_label = match t.oid {
            oid if oid == PgType::BOOL.oid || oid == PgType::UNKNOWN.oid => false,
            oid if oid == PgType::NUMERIC.oid => !bare || t.typmod >= 0,
            _ => !bare,
        };
        if needs_label || labelled {
            self.type_label(t);
        }
    }

    /// The value without its type; whether the text alone says the type too.
    pub(super) fn literal(&mut self, t: PgType, value: &str) -> bool {
        let bare = match t.oid {
            oid if oid == PgType::INT4.oid => !value.starts_with('-'),
            oid if oid == PgType::NUMERIC.oid => {
                value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(['e', 'E', '.'])
            }
            oid if oid == PgType::BOOL.oid => {
                self.push(if value == "t" { "true" } else { "false" });
                return true;
            }
            _ => false,
        };
        match bare {
            true => self.push(value),
            false => {
                let value = self.names.constant(t, value);
                self.push(&format!("'{}'", value.replace('\'', "''")));
            }
        }
        bare
    }
}
