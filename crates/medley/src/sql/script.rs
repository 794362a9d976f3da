//! A text of many statements, run one by one as psql does.
use super::printer::Printer;
use super::target::Target;

/// Runs a script; false if a statement failed, at which it stops. Lines of psql's own commands
/// (`\restrict` of a dump) are passed over.
pub async fn run(text: &str, target: &mut Target, printer: &mut Printer) -> anyhow::Result<bool> {
    let text = without_psql_commands(text);
    let Ok(script) = medley_sql::parse(&text) else {
        // Whoever runs it says what is wrong with it, and where.
        return target.run(&text, printer).await;
    };
    for parsed in script.statements {
        if !target.run(&text[parsed.span], printer).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn without_psql_commands(text: &str) -> String {
    let keep = |line: &&str| !line.starts_with('\\');
    text.split_inclusive('\n').filter(keep).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_of_psql_are_passed_over() {
        let text = "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n";
        assert_eq!(super::without_psql_commands(text), "SELECT 1;\n");
    }
}
