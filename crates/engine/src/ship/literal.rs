//! Constants as a remote's SQL.
use datafusion::scalar::ScalarValue;
use medley_fdw::{Dialect, Family};
use medley_types::{Form, PgType, Style};

/// A constant of exactly this type; `None` if it cannot be written so.
pub(super) fn literal(dialect: &Dialect, value: &ScalarValue, t: PgType) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let array = value.to_array().ok()?;
    // What stands beside a `char(n)` here is its key, which is text.
    let printed_as = if Form::of(t) == Form::Bpchar { PgType::TEXT } else { t };
    let text = crate::semantics::output(printed_as, &array, 0, &Style::default()).ok()??;
    match dialect.family {
        Family::Postgres => Some(postgres(&text, t)),
        Family::MySql if is_plain_text(t) && dialect.backslash_is_plain => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        Family::Sqlite | Family::MySql => {
            matches!(Form::of(t), Form::Int2 | Form::Int4 | Form::Int8).then_some(text)
        }
    }
}

fn is_plain_text(t: PgType) -> bool {
    t.oid == PgType::TEXT.oid || t.oid == PgType::VARCHAR.oid
}

/// NULL of this type, for PostgreSQL.
pub(super) fn null(t: PgType) -> String {
    format!("NULL::{t}")
}

fn postgres(text: &str, t: PgType) -> String {
    match Form::of(t) {
        Form::Int2 | Form::Int4 | Form::Int8 if !text.starts_with('-') => text.to_owned(),
        Form::Int2 | Form::Int4 | Form::Int8 => format!("({text})"),
        Form::Bool => if text == "t" { "true" } else { "false" }.to_owned(),
        _ => format!("{}::{}", quoted(text), PgType::plain(t.oid.0)),
    }
}

/// `'…'`, or `E'…'` where a backslash would be read in either way.
pub(crate) fn quoted(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match doubled.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_written_exactly() {
        let dialect =
            Dialect { family: Family::Postgres, name_quote: '"', backslash_is_plain: true };
        let check = |value: ScalarValue, t, expected: &str| {
            assert_eq!(literal(&dialect, &value, t).as_deref(), Some(expected));
        };
        check(ScalarValue::from("it's"), PgType::TEXT, "'it''s'::text");
        check(ScalarValue::from("a\\b"), PgType::TEXT, "E'a\\\\b'::text");
        check(ScalarValue::from(-5i32), PgType::INT4, "(-5)");
        check(ScalarValue::from(true), PgType::BOOL, "true");
        check(ScalarValue::from(false), PgType::BOOL, "false");
        check(ScalarValue::Date32(Some(0)), PgType::DATE, "'1970-01-01'::date");
        assert_eq!(literal(&dialect, &ScalarValue::Int32(None), PgType::INT4), None);
        let mysql = Dialect { family: Family::MySql, ..dialect };
        let text = literal(&mysql, &ScalarValue::from("it's \\"), PgType::TEXT);
        assert_eq!(text.as_deref(), Some("'it''s \\'"));
        assert_eq!(literal(&mysql, &ScalarValue::from(1.5), PgType::FLOAT8), None);
    }
}
