//! SQL/JSON.
use super::expression::{Inside, Kind, Shape};
use crate::parser::{Parser, Result};

impl Parser<'_> {
    pub(super) fn json_arguments(&mut self, word: &str) -> Result<()> {
        match word {
            "json" => {
                self.json_value()?;
                self.maybe_unique_keys()
            }
            "json_scalar" => self.a_expr(),
            "json_serialize" => {
                self.json_value()?;
                self.maybe_returning_json()
            }
            "json_object" => self.json_object(),
            "json_array" => self.json_array(),
            "json_objectagg" | "json_arrayagg" => self.json_aggregate(word),
            _ => self.json_query_function(word),
        }
    }

    pub(super) fn json_aggregate(&mut self, word: &str) -> Result<()> {
        if word == "json_objectagg" {
            let shape = self.expression_of(Kind::Any)?;
            self.json_pair_value(shape)?;
            self.maybe_null_clause()?;
            self.maybe_unique_keys()?;
        } else {
            self.json_value()?;
            if self.is("order") {
                self.sort_clause()?;
            }
            self.maybe_null_clause()?;
        }
        self.maybe_returning_json()
    }

    /// `json_value_expr`.
    fn json_value(&mut self) -> Result<()> {
        self.a_expr()?;
        self.maybe_json_format()
    }

    fn maybe_json_format(&mut self) -> Result<()> {
        if self.eat("format json") && self.eat("encoding") {
            return self.col_id();
        }
        Ok(())
    }

    fn maybe_returning_json(&mut self) -> Result<()> {
        if !self.eat("returning") {
            return Ok(());
        }
        self.typename()?;
        self.maybe_json_format()
    }

    fn maybe_null_clause(&mut self) -> Result<()> {
        if self.eat("null") || self.eat("absent") {
            return self.expect("on null");
        }
        Ok(())
    }

    fn json_object(&mut self) -> Result<()> {
        if self.is_char(')') || self.is("returning") {
            return self.maybe_returning_json();
        }
        if self.named_arguments()? {
            return Ok(());
        }
        let shape = self.expression_of(Kind::Any)?;
        let pair = self.is_char(':') || self.is("value");
        if !pair {
            return self.rest_of_arguments();
        }
        self.json_pair_value(shape)?;
        while self.eat_char(',') {
            let shape = self.expression_of(Kind::Any)?;
            self.json_pair_value(shape)?;
        }
        self.maybe_null_clause()?;
        self.maybe_unique_keys()?;
        self.maybe_returning_json()
    }

    /// `: value` behind any name, `VALUE value` behind one of no operators.
    fn json_pair_value(&mut self, name: Shape) -> Result<()> {
        if !self.eat_char(':') {
            if name == Shape::Compound {
                return self.unexpected();
            }
            self.expect("value")?;
        }
        self.json_value()
    }

    fn json_array(&mut self) -> Result<()> {
        if self.is_char(')') || self.is("returning") {
            return self.maybe_returning_json();
        }
        let first = self.query_or_expression()?;
        self.maybe_json_format()?;
        if matches!(first, Inside::Query(_)) {
            return self.maybe_returning_json();
        }
        if self.eat_char(',') {
            self.several(Self::json_value)?;
        }
        self.maybe_null_clause()?;
        self.maybe_returning_json()
    }

    fn json_query_function(&mut self, word: &str) -> Result<()> {
        self.json_value()?;
        self.expect_char(',')?;
        self.a_expr()?;
        self.maybe_json_passing()?;
        if word == "json_exists" {
            return self.maybe_on_error();
        }
        self.maybe_returning_json()?;
        if word == "json_query" {
            self.maybe_wrapper()?;
            self.maybe_quotes()?;
        }
        self.maybe_behaviors()
    }

    fn maybe_json_passing(&mut self) -> Result<()> {
        if !self.eat("passing") {
            return Ok(());
        }
        self.several(|p| {
            p.json_value()?;
            p.expect("as")?;
            p.col_label()
        })
    }

    fn maybe_wrapper(&mut self) -> Result<()> {
        if self.eat("without") {
            self.eat("array");
            return self.expect("wrapper");
        }
        if self.eat("with") {
            self.eat_one_of(&["conditional", "unconditional"]);
            self.eat("array");
            return self.expect("wrapper");
        }
        Ok(())
    }

    fn maybe_quotes(&mut self) -> Result<()> {
        if !self.eat("keep") && !self.eat("omit") {
            return Ok(());
        }
        self.expect("quotes")?;
        if self.eat("on") { self.expect("scalar string") } else { Ok(()) }
    }

    fn begins_behavior(&self) -> bool {
        const BEHAVIORS: &[&str] =
            &["default", "error", "null", "true", "false", "unknown", "empty"];
        BEHAVIORS.contains(&self.word())
    }

    fn behavior(&mut self) -> Result<()> {
        if self.eat("default") {
            return self.a_expr();
        }
        if self.eat("empty") {
            self.eat_one_of(&["array", "object"]);
            return Ok(());
        }
        self.advance();
        Ok(())
    }

    /// `json_behavior_clause_opt`.
    fn maybe_behaviors(&mut self) -> Result<()> {
        if !self.begins_behavior() {
            return Ok(());
        }
        self.behavior()?;
        self.expect("on")?;
        if !self.eat("empty") {
            return self.expect("error");
        }
        self.maybe_on_error()
    }

    /// `json_on_error_clause_opt`.
    fn maybe_on_error(&mut self) -> Result<()> {
        if !self.begins_behavior() {
            return Ok(());
        }
        self.behavior()?;
        self.expect("on error")
    }

    /// From the parenthesis of JSON_TABLE.
    pub(super) fn json_table(&mut self) -> Result<()> {
        self.enclosed(|p| {
            p.json_value()?;
            p.expect_char(',')?;
            p.a_expr()?;
            if p.eat("as") {
                p.col_id()?;
            }
            p.maybe_json_passing()?;
            p.json_table_columns()?;
            p.maybe_on_error()
        })
    }

    fn json_table_columns(&mut self) -> Result<()> {
        self.expect("columns")?;
        self.enclosed(|p| p.several(Self::json_table_column))
    }

    fn json_table_column(&mut self) -> Result<()> {
        let nested = self.is("nested") && (self.is_string_at(1) || self.word_at(1) == "path");
        if nested {
            self.advance();
            self.eat("path");
            self.string_constant()?;
            if self.eat("as") {
                self.col_id()?;
            }
            return self.json_table_columns();
        }
        self.col_id()?;
        if self.eat("for") {
            return self.expect("ordinality");
        }
        self.typename()?;
        if self.eat("exists") {
            self.maybe_json_path()?;
            return self.maybe_on_error();
        }
        self.maybe_json_format()?;
        self.maybe_json_path()?;
        self.maybe_wrapper()?;
        self.maybe_quotes()?;
        self.maybe_behaviors()
    }

    fn maybe_json_path(&mut self) -> Result<()> {
        if self.eat("path") { self.string_constant() } else { Ok(()) }
    }
}
