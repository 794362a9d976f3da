//! Reports as the fields of ErrorResponse and NoticeResponse.
use medley_diagnostic::{Constraint, InternalQuery, Report};

/// The fields, in PostgreSQL's order: one letter and its value each.
pub(crate) fn fields(report: &Report) -> Vec<(u8, String)> {
    let severity = report.severity.as_str();
    let mut fields = Fields(Vec::with_capacity(8));
    fields.put(b'S', Some(severity));
    fields.put(b'V', Some(severity));
    fields.put(b'C', Some(report.sqlstate.code()));
    fields.put(b'M', Some(&report.message));
    fields.put(b'D', report.detail.as_ref());
    fields.put(b'H', report.hint.as_ref());
    fields.put(b'P', report.position.map(|position| position.to_string()));
    if let Some(InternalQuery { text, position }) = &report.internal {
        fields.put(b'p', position.map(|position| position.to_string()));
        fields.put(b'q', Some(text));
    }
    fields.put(b'W', report.context.as_ref());
    if let Some(Constraint { schema, table, name }) = &report.constraint {
        fields.put(b's', Some(schema));
        fields.put(b't', Some(table));
        fields.put(b'n', Some(name));
    }
    fields.0
}

struct Fields(Vec<(u8, String)>);

impl Fields {
    /// A zero byte would end the value early, and the rest would be read as fields.
    fn put(&mut self, code: u8, value: Option<impl AsRef<str>>) {
        self.0.extend(value.map(|value| (code, value.as_ref().replace('\0', "\\0"))));
    }
}

#[cfg(test)]
mod tests {
    use medley_diagnostic::SqlState;

    use super::*;

    fn check(report: &Report, expected: &str) {
        let fields: Vec<_> = fields(report)
            .iter()
            .map(|(code, value)| format!("{}{value}", *code as char))
            .collect();
        assert_eq!(fields.join("|"), expected);
    }

    #[test]
    fn a_plain_error_has_four_fields() {
        let report = Report::error(SqlState::SYNTAX_ERROR, "syntax error at or near \"x\"");
        check(&report, "SERROR|VERROR|C42601|Msyntax error at or near \"x\"");
    }

    #[test]
    fn every_part_has_its_field() {
        let mut report = Report::warning(SqlState::UNIQUE_VIOLATION, "m")
            .with_detail("d")
            .with_hint("h")
            .with_context("w")
            .at(7);
        report.internal = Some(InternalQuery { text: "q".into(), position: Some(3) });
        let constraint = Constraint { schema: "s".into(), table: "t".into(), name: "n".into() };
        report.constraint = Some(constraint);
        check(&report, "SWARNING|VWARNING|C23505|Mm|Dd|Hh|P7|p3|qq|Ww|ss|tt|nn");
    }

    #[test]
    fn a_zero_byte_cannot_forge_a_field() {
        check(&Report::notice("a\0Hforged"), "SNOTICE|VNOTICE|C00000|Ma\\0Hforged");
    }
}
