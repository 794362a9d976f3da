//! Calls in words of SQL's own: EXTRACT, AT TIME ZONE, SUBSTRING and their like.
use super::Printer;
use crate::tree::{Expr, ExprKind, FunctionCall};

impl<'a> Printer<'a> {
    /// Prints the call in SQL's words, if it has any.
    pub(super) fn sql_syntax(&mut self, expr: &'a Expr, call: &'a FunctionCall) -> bool {
        let Some(function) = call.builtin() else { return false };
        match (function.name, call.arguments.as_slice()) {
            ("timezone", [zone, moment]) => {
                self.words(&[Part::Word("("), Part::Operand(moment)], expr);
                self.words(
                    &[Part::Word(" AT TIME ZONE "), Part::Operand(zone), Part::Word(")")],
                    expr,
                );
            }
            ("timezone", [moment]) => {
                let parts = [Part::Word("("), Part::Operand(moment), Part::Word(" AT LOCAL)")];
                self.words(&parts, expr);
            }
            ("overlaps", [a, b, c, d]) => self.overlaps([a, b, c, d]),
            ("extract", [field, source]) => {
                self.push("EXTRACT(");
                self.bare(field);
                self.push(" FROM ");
                self.expr(source, false);
                self.push(")");
            }
            ("is_normalized", [text, form @ ..]) => {
                self.words(&[Part::Word("("), Part::Operand(text), Part::Word(" IS")], expr);
                if let Some(form) = form.first() {
                    self.push(" ");
                    self.bare(form);
                }
                self.push(" NORMALIZED)");
            }
            ("normalize", [text, form @ ..]) => {
                self.push("NORMALIZE(");
                self.expr(text, false);
                if let Some(form) = form.first() {
                    self.push(", ");
                    self.bare(form);
                }
                self.push(")");
            }
            ("pg_collation_for", [value]) => {
                self.push("COLLATION FOR (");
                self.expr(value, false);
                self.push(")");
            }
            ("overlay", arguments) => {
                self.separated("OVERLAY(", arguments, &[" PLACING ", " FROM ", " FOR "]);
            }
            ("position", [text, part]) => {
                self.push("POSITION((");
                self.expr(part, false);
                self.push(") IN (");
                self.expr(text, false);
                self.push("))");
            }
            ("substring", [_, second, ..]) if second.t.oid.0 == INT4 => {
                self.separated("SUBSTRING(", &call.arguments, &[" FROM ", " FOR "]);
            }
            ("substring", arguments @ [_, _, _]) => {
                self.separated("SUBSTRING(", arguments, &[" SIMILAR ", " ESCAPE "]);
            }
            ("btrim", arguments) => self.trim("BOTH", arguments),
            ("ltrim", arguments) => self.trim("LEADING", arguments),
            ("rtrim", arguments) => self.trim("TRAILING", arguments),
            ("system_user", []) => self.push("SYSTEM_USER"),
            _ => return false,
        }
        true
    }

    fn words(&mut self, parts: &[Part<'a>], parent: &Expr) {
        for part in parts {
            match part {
                Part::Word(word) => self.push(word),
                Part::Operand(operand) => self.operand(operand, parent, false),
            }
        }
    }

    /// A constant's text alone: a word, not a literal.
    fn bare(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Constant(Some(word)) => self.push(word),
            _ => self.expr(expr, false),
        }
    }

    fn separated(&mut self, start: &str, arguments: &'a [Expr], words: &[&str]) {
        self.push(start);
        let words = std::iter::once("").chain(words.iter().copied());
        for (argument, word) in arguments.iter().zip(words) {
            self.push(word);
            self.expr(argument, false);
        }
        self.push(")");
    }

    fn trim(&mut self, side: &str, arguments: &'a [Expr]) {
        self.push(&format!("TRIM({side}"));
        if let Some(characters) = arguments.get(1) {
            self.push(" ");
            self.expr(characters, false);
        }
        self.push(" FROM ");
        if let Some(text) = arguments.first() {
            self.expr(text, false);
        }
        self.push(")");
    }

    fn overlaps(&mut self, [a, b, c, d]: [&'a Expr; 4]) {
        for (word, expr) in [("((", a), (", ", b), (") OVERLAPS (", c), (", ", d)] {
            self.push(word);
            self.expr(expr, false);
        }
        self.push("))");
    }
}

/// `int4`.
const INT4: u32 = 23;

/// A piece of a phrase.
enum Part<'a> {
    Word(&'static str),
    Operand(&'a Expr),
}
