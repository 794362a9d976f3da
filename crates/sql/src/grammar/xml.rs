//! SQL/XML.
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

impl Parser<'_> {
    pub(super) fn xml_arguments(&mut self, word: &str) -> Result<()> {
        match word {
            "xmlelement" => self.xml_element(),
            "xmlexists" => {
                self.c_expr()?;
                self.xml_passing()
            }
            "xmlforest" => self.xml_attribute_list(),
            "xmlparse" => {
                self.document_or_content()?;
                self.a_expr()?;
                if self.eat("preserve") || self.eat("strip") {
                    return self.expect("whitespace");
                }
                Ok(())
            }
            "xmlpi" => {
                self.expect("name")?;
                self.col_label()?;
                if self.eat_char(',') { self.a_expr() } else { Ok(()) }
            }
            "xmlroot" => self.xml_root(),
            _ => self.xml_serialize(),
        }
    }

    fn xml_element(&mut self) -> Result<()> {
        self.expect("name")?;
        self.col_label()?;
        if !self.eat_char(',') {
            return Ok(());
        }
        let attributes = self.is("xmlattributes") && self.peek_at(1).kind == TokenKind::Char('(');
        if attributes {
            self.advance();
            self.enclosed(Self::xml_attribute_list)?;
            if !self.eat_char(',') {
                return Ok(());
            }
        }
        self.expr_list()
    }

    fn xml_attribute_list(&mut self) -> Result<()> {
        self.several(|p| {
            p.a_expr()?;
            if p.eat("as") { p.col_label() } else { Ok(()) }
        })
    }

    fn document_or_content(&mut self) -> Result<()> {
        if self.eat("document") { Ok(()) } else { self.expect("content") }
    }

    fn xml_passing(&mut self) -> Result<()> {
        self.expect("passing")?;
        self.maybe_mechanism()?;
        self.c_expr()?;
        self.maybe_mechanism()
    }

    fn maybe_mechanism(&mut self) -> Result<()> {
        if self.eat("by") && !self.eat("ref") {
            return self.expect("value");
        }
        Ok(())
    }

    fn xml_root(&mut self) -> Result<()> {
        self.a_expr()?;
        self.expect_char(',')?;
        self.expect("version")?;
        if !self.eat("no value") {
            self.a_expr()?;
        }
        if !self.eat_char(',') {
            return Ok(());
        }
        self.expect("standalone")?;
        if self.eat("no") {
            self.eat("value");
            return Ok(());
        }
        self.expect("yes")
    }

    fn xml_serialize(&mut self) -> Result<()> {
        self.document_or_content()?;
        self.a_expr()?;
        self.expect("as")?;
        self.simple_typename()?;
        if self.eat("no") {
            return self.expect("indent");
        }
        self.eat("indent");
        Ok(())
    }

    /// From the parenthesis of XMLTABLE.
    pub(super) fn xml_table(&mut self) -> Result<()> {
        self.enclosed(|p| {
            let namespaces = p.is("xmlnamespaces") && p.peek_at(1).kind == TokenKind::Char('(');
            if namespaces {
                p.advance();
                p.enclosed(|p| p.several(Self::xml_namespace))?;
                p.expect_char(',')?;
            }
            p.c_expr()?;
            p.xml_passing()?;
            p.expect("columns")?;
            p.several(Self::xml_table_column)
        })
    }

    fn xml_namespace(&mut self) -> Result<()> {
        if self.eat("default") {
            return self.b_expr();
        }
        self.b_expr()?;
        self.expect("as")?;
        self.col_label()
    }

    fn xml_table_column(&mut self) -> Result<()> {
        self.col_id()?;
        if self.eat("for") {
            return self.expect("ordinality");
        }
        self.typename()?;
        loop {
            let option = matches!(self.peek().kind, TokenKind::Ident { .. });
            if option || matches!(self.word(), "default" | "path") {
                self.advance();
                self.b_expr()?;
            } else if self.eat("not") {
                self.expect("null")?;
            } else if !self.eat("null") {
                return Ok(());
            }
        }
    }
}
