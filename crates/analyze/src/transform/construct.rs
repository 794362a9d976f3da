//! What SQL has in words of its own, and sqlparser's tree as marked calls.
use medley_diagnostic::SqlState;
use medley_sql::Construct;
use medley_sql::query_ast as ast;
use medley_types::PgType;

use super::Analyser;
use super::literal::constant;
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::tree::{CallForm, Expr};

/// The construct that an expression is, with its arguments.
pub(super) fn of(expr: &ast::Expr) -> Option<(Construct, Vec<&ast::Expr>)> {
    let ast::Expr::Function(function) = expr else { return None };
    let [ast::ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return None };
    let (construct, _) = medley_sql::construct(name)?;
    let ast::FunctionArguments::List(list) = &function.args else { return None };
    let args = list.args.iter().filter_map(|arg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    Some((construct, args.collect()))
}

/// The words that stand as constants among a construct's arguments.
pub(super) fn word(expr: &ast::Expr) -> &str {
    match expr {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(word) => word,
            _ => "",
        },
        _ => "",
    }
}

impl Analyser<'_> {
    pub(super) fn construct(
        &self,
        scope: &Scope<'_>,
        construct: Construct,
        args: &[&ast::Expr],
        at: Option<usize>,
    ) -> Result<Expr> {
        let call = |name: &str, args: &[&ast::Expr]| {
            let values = args.iter().map(|arg| self.expr(scope, arg));
            self.call(scope, name, CallForm::Sql, values.collect::<Result<_>>()?)
        };
        match (construct, args) {
            (Construct::AtLocal, args) => call("timezone", args),
            (Construct::CollationFor, args) => call("pg_collation_for", args),
            (Construct::Trim, [name, args @ ..]) => call(word(name), args),
            (Construct::Normalize, [text, form @ ..]) => {
                let mut values = vec![self.expr(scope, text)?];
                if let [form] = form {
                    values.push(self.normal_form(word(form), at)?);
                }
                self.call(scope, "normalize", CallForm::Sql, values)
            }
            _ => Err(Error::unsupported("this kind of expression").or_at(at)),
        }
    }

    /// The name of a normal form, as the functions take it.
    pub(super) fn normal_form(&self, form: &str, at: Option<usize>) -> Result<Expr> {
        match form {
            "NFC" | "NFD" | "NFKC" | "NFKD" => Ok(constant(form, PgType::TEXT, None)),
            _ => {
                let message = format!("syntax error at or near \"{form}\"");
                Err(Error::at(SqlState::SYNTAX_ERROR, message, at))
            }
        }
    }
}
