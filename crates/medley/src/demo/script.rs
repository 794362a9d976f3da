//! SQL with variables, as it is run and as it is shown.
//!
//! A variable is written as in psql, `:'name'`, and becomes a literal.
use std::borrow::Cow;

use anyhow::Context;
use medley_sql::quote_literal;

use super::password::Password;

/// What a password looks like wherever it is shown.
const MASK: &str = "********";

/// What stands for a variable.
pub enum Value<'a> {
    /// Anybody may see it.
    Plain(Cow<'a, str>),
    /// Nobody may see it.
    Hidden(&'a Password),
}

/// Statements, filled in.
pub struct Script {
    statements: Vec<Statement>,
    shown: String,
}

/// One of them.
pub struct Statement {
    /// As it is run.
    pub text: String,
    /// Without passwords.
    pub shown: String,
}

impl Script {
    /// Fills a template in.
    pub fn new(template: &str, variables: &[(&str, Value<'_>)]) -> anyhow::Result<Self> {
        let text = fill(template, variables, Value::in_clear);
        let shown = fill(template, variables, Value::masked);
        let pairs = split(&text)?.into_iter().zip(split(&shown)?);
        let statements = pairs.map(|(text, shown)| Statement { text, shown }).collect();
        Ok(Self { statements, shown })
    }

    /// One by one.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The whole text, without passwords.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl Value<'_> {
    fn in_clear(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Hidden(password) => password.clear(),
        }
    }

    fn masked(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Hidden(_) => MASK,
        }
    }
}

fn fill<'a>(
    template: &str,
    variables: &'a [(&str, Value<'a>)],
    reveal: impl Fn(&'a Value<'a>) -> &'a str,
) -> String {
    variables.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!(":'{name}'"), &quote_literal(reveal(value)))
    })
}

fn split(text: &str) -> anyhow::Result<Vec<String>> {
    let script = medley_sql::parse(text).context("a script of the demo")?;
    Ok(script.statements.into_iter().map(|parsed| text[parsed.span].to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_run_and_not_shown() {
        let password = Password::random();
        let variables =
            [("a", Value::Hidden(&password)), ("port", Value::Plain(Cow::Borrowed("5'")))];
        let template = "-- Ports.\nCREATE ROLE a PASSWORD :'a';\nSET application_name = :'port';\n";
        let script = Script::new(template, &variables).unwrap();
        let shown =
            "-- Ports.\nCREATE ROLE a PASSWORD '********';\nSET application_name = '5''';\n";
        assert_eq!(script.shown(), shown);
        let [role, set] = script.statements() else { panic!("{}", script.shown()) };
        assert_eq!(role.text, format!("CREATE ROLE a PASSWORD '{}'", password.clear()));
        assert_eq!(role.shown, "CREATE ROLE a PASSWORD '********'");
        assert_eq!(set.text, set.shown);
    }

    #[test]
    fn a_variable_that_nothing_stands_for_is_an_error() {
        assert!(Script::new("CREATE ROLE a PASSWORD :'a'", &[]).is_err());
    }
}
