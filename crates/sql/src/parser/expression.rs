//! Expressions inside DDL: the grammar tells how far they reach, then sqlparser reads them.
use super::{Parser, Result};
use crate::ast::Expression;
use crate::query;

impl Parser<'_> {
    /// `(expression)`: the text is what the parentheses enclose.
    pub fn parenthesized_expression(&mut self) -> Result<Expression> {
        self.expect_char('(')?;
        let expression = self.expression(Self::a_expr)?;
        self.expect_char(')')?;
        Ok(expression)
    }

    /// The expression of DEFAULT, which ends before NOT NULL and the like.
    pub fn default_expression(&mut self) -> Result<Expression> {
        self.expression(Self::b_expr)
    }

    /// Any expression.
    pub fn any_expression(&mut self) -> Result<Expression> {
        self.expression(Self::a_expr)
    }

    fn expression(
        &mut self,
        production: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<Expression> {
        let from = self.at;
        production(self)?;
        let position = self.tokens[from].position;
        let ast = query::expression(self, from, self.at)?;
        let text = self.text_of(from, self.at).to_owned();
        Ok(Expression { text, ast: Box::new(ast), position })
    }
}
