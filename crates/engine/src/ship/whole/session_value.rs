//! Where what tells of the session stands in a text, and its value as a parameter of the remote's.
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, TimestampMicrosecondArray};
use medley_types::{PgType, Style};

use super::SessionValue;
use crate::context::QueryContext;

/// The bytes of a call without arguments, or of a word of SQL's own with its precision left out,
/// that begins here: `now()`, `pg_catalog.now ( )`, `CURRENT_DATE`.
pub(super) fn span(text: &str, start: usize, is_call: bool) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let name_end = rest.find(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c)));
    let name_end = name_end.unwrap_or(rest.len());
    if name_end == 0 {
        return None;
    }
    let after = rest[name_end..].trim_start();
    match (is_call, after.strip_prefix('(')) {
        (true, Some(inside)) => {
            let left = inside.trim_start().strip_prefix(')')?.len();
            Some(start..text.len() - left)
        }
        // A precision rounds the value: that is not done here.
        (true, None) | (false, Some(_)) => None,
        (false, None) => Some(start..start + name_end),
    }
}

/// What the values are called, as functions and as SQL's own words.
pub(super) const WORDS: [&str; 12] = [
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_timestamp",
    "current_date",
    "current_user",
    "current_role",
    "user",
    "session_user",
    "current_database",
    "current_catalog",
    "current_schema",
];

/// Whether a word of a text is one of them.
pub(super) fn is_told(word: &str) -> bool {
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// What can follow an item of a select list that has no name.
const AFTER_ITEM: [&str; 13] = [
    "from",
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "intersect",
    "except",
];

/// What follows an item that ends here cannot be a name for it.
pub(super) fn ends_item(text: &str, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default().trim_start();
    let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let is_known = |word: &str| AFTER_ITEM.iter().any(|known| known.eq_ignore_ascii_case(word));
    rest.is_empty() || rest.starts_with([',', ')']) || is_known(word)
}

impl SessionValue {
    /// Its value for this statement, as text that every style reads alike.
    pub fn value(self, context: &QueryContext) -> Option<String> {
        let role = |oid| context.snapshot.role(oid).map(|role| role.name.clone());
        match self {
            Self::TransactionTime => timestamp(context.transaction_time, &Style::default()),
            Self::StatementTime => timestamp(context.statement_time, &Style::default()),
            Self::CurrentDate => {
                let style =
                    Style { time_zone: context.style.time_zone.clone(), ..Style::default() };
                let text = timestamp(context.transaction_time, &style)?;
                text.split(' ').next().map(str::to_owned)
            }
            Self::CurrentUser => role(context.role),
            Self::SessionUser => role(context.session_user),
            Self::Database => Some(context.facts.database().to_owned()),
        }
    }
}

fn timestamp(microseconds: i64, style: &Style) -> Option<String> {
    let array = TimestampMicrosecondArray::from(vec![microseconds]).with_timezone("UTC");
    let array: ArrayRef = Arc::new(array);
    crate::semantics::output(PgType::TIMESTAMPTZ, &array, 0, style).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_to_their_end() {
        let check = |text: &str, is_call, expected: Option<&str>| {
            assert_eq!(span(text, 0, is_call).map(|span| &text[span]), expected);
        };
        check("now() + x", true, Some("now()"));
        check("pg_catalog . now()", true, None);
        check("pg_catalog.now ( ) x", true, Some("pg_catalog.now ( )"));
        check("now(/* */)", true, None);
        check("current_date, 1", false, Some("current_date"));
        check("CURRENT_TIMESTAMP(3)", false, None);
        check("", false, None);
    }

    #[test]
    fn an_item_without_a_name_is_told_from_one_with() {
        assert!(ends_item("now() FROM t", 5));
        assert!(ends_item("now(), 1", 5));
        assert!(ends_item("now()", 5));
        assert!(!ends_item("now() AS x", 5));
        assert!(!ends_item("now() fromage", 5));
    }
}
