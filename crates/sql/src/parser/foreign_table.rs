//! FOREIGN TABLE and IMPORT FOREIGN SCHEMA.
use super::{Parser, Result};
use crate::ast::{
    ColumnDefinition, Constraint, ConstraintKind, CreateForeignTable, ForeignSchemaTables,
    ImportForeignSchema, LikeClause, Name, QualifiedName, Statement, TableBody, TableElement,
};

const LIKE_FEATURES: &[(&str, &str)] = &[
    ("all", "ALL"),
    ("comments", "COMMENTS"),
    ("compression", "COMPRESSION"),
    ("constraints", "CONSTRAINTS"),
    ("defaults", "DEFAULTS"),
    ("generated", "GENERATED"),
    ("identity", "IDENTITY"),
    ("indexes", "INDEXES"),
    ("statistics", "STATISTICS"),
    ("storage", "STORAGE"),
];

impl Parser<'_> {
    /// Behind CREATE FOREIGN TABLE.
    pub fn create_foreign_table(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let body = if self.eat("partition") {
            self.expect("of")?;
            self.partition_of()?
        } else {
            self.table_columns()?
        };
        self.expect("server")?;
        let server = self.name()?;
        let options = self.create_options()?;
        Ok(Statement::CreateForeignTable(CreateForeignTable {
            if_not_exists,
            name,
            body,
            server,
            options,
        }))
    }

    fn table_columns(&mut self) -> Result<TableBody> {
        self.expect_char('(')?;
        let mut elements = vec![];
        if !self.is_char(')') {
            elements = self.list(Self::table_element)?;
        }
        self.expect_char(')')?;
        let inherits = match self.eat("inherits") {
            true => self.parenthesized(Self::qualified_name)?,
            false => vec![],
        };
        Ok(TableBody::Columns { elements, inherits })
    }

    fn partition_of(&mut self) -> Result<TableBody> {
        let parent = self.qualified_name()?;
        let elements = self.maybe_parenthesized(Self::partition_element)?;
        let from = self.at;
        self.pass("partition bound")?;
        let bound = self.text_of(from, self.at).to_owned();
        Ok(TableBody::PartitionOf { parent, elements, bound })
    }

    /// `TableElement`.
    pub fn table_element(&mut self) -> Result<TableElement> {
        if self.eat("like") {
            return self.like_clause().map(TableElement::Like);
        }
        if self.is_table_constraint() {
            return self.table_constraint().map(TableElement::Constraint);
        }
        self.column_definition().map(Box::new).map(TableElement::Column)
    }

    /// `TypedTableElement`.
    pub fn partition_element(&mut self) -> Result<TableElement> {
        if self.is_table_constraint() {
            return self.table_constraint().map(TableElement::Constraint);
        }
        let mut column = self.bare_column()?;
        if self.eat("with") {
            self.expect("options")?;
        }
        self.column_constraints(&mut column)?;
        Ok(TableElement::Column(Box::new(column)))
    }

    fn like_clause(&mut self) -> Result<LikeClause> {
        let source = self.qualified_name()?;
        let mut features = vec![];
        while let Some(word) = self.eat_one_of(&["including", "excluding"]) {
            features.push((self.choose(LIKE_FEATURES)?, word == 0));
        }
        Ok(LikeClause { source, features })
    }

    fn bare_column(&mut self) -> Result<ColumnDefinition> {
        let position = self.position();
        Ok(ColumnDefinition {
            name: self.name()?,
            position,
            data_type: None,
            storage: None,
            compression: None,
            options: vec![],
            collation: None,
            constraints: vec![],
        })
    }

    /// `columnDef`: OPTIONS directly behind the type, and nowhere else.
    pub fn column_definition(&mut self) -> Result<ColumnDefinition> {
        let mut column = self.bare_column()?;
        column.data_type = Some(self.type_name()?);
        if self.eat("storage") {
            column.storage = Some(self.name_or_default()?);
        }
        if self.eat("compression") {
            column.compression = Some(self.name_or_default()?);
        }
        column.options = self.create_options()?;
        self.column_constraints(&mut column)?;
        Ok(column)
    }

    pub fn name_or_default(&mut self) -> Result<Name> {
        if self.is("default") { self.label() } else { self.name() }
    }

    fn column_constraints(&mut self, column: &mut ColumnDefinition) -> Result<()> {
        loop {
            let position = self.position();
            if let Some(collation) = self.collate_clause()? {
                if column.collation.replace(collation).is_some() {
                    let state = medley_diagnostic::SqlState::SYNTAX_ERROR;
                    return self.refuse("multiple COLLATE clauses not allowed", state, position);
                }
                continue;
            }
            if let Some(last) = column.constraints.last_mut()
                && self.constraint_attribute(last, false)
            {
                continue;
            }
            match self.column_constraint()? {
                Some(constraint) => column.constraints.push(constraint),
                None if self.is("initially") => return Err(self.unexpected_at(self.peek_at(1))),
                None => return Ok(()),
            }
        }
    }

    /// COLLATE, whose position is the word's.
    pub fn collate_clause(&mut self) -> Result<Option<QualifiedName>> {
        let position = self.position();
        if !self.eat("collate") {
            return Ok(None);
        }
        Ok(Some(QualifiedName { position, ..self.dotted_name()? }))
    }

    fn column_constraint(&mut self) -> Result<Option<Constraint>> {
        let position = self.position();
        let name = self.constraint_name()?;
        let Some(kind) = self.column_constraint_kind()? else {
            return if name.is_some() { self.unexpected() } else { Ok(None) };
        };
        let mut constraint = new_constraint(name, kind, position);
        let may_inherit =
            matches!(constraint.kind, ConstraintKind::Check(_) | ConstraintKind::NotNull(_));
        if may_inherit && self.eat("no") {
            self.expect("inherit")?;
            constraint.no_inherit = true;
        }
        Ok(Some(constraint))
    }

    fn constraint_name(&mut self) -> Result<Option<Name>> {
        if self.eat("constraint") { self.name().map(Some) } else { Ok(None) }
    }

    fn column_constraint_kind(&mut self) -> Result<Option<ConstraintKind>> {
        let kind = match self.word() {
            "not" => {
                self.expect("not null")?;
                ConstraintKind::NotNull(None)
            }
            "null" => {
                self.advance();
                ConstraintKind::Null
            }
            "default" => {
                self.advance();
                ConstraintKind::Default(self.default_expression()?)
            }
            "check" => {
                self.advance();
                ConstraintKind::Check(self.parenthesized_expression()?)
            }
            "unique" => {
                self.advance();
                self.nulls_distinct();
                ConstraintKind::Unique(vec![])
            }
            "primary" => {
                self.expect("primary key")?;
                ConstraintKind::PrimaryKey(vec![])
            }
            "references" => self.references()?,
            "generated" => self.generated()?,
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    fn nulls_distinct(&mut self) {
        let _ = self.eat("nulls not distinct") || self.eat("nulls distinct");
    }

    /// Behind a name or the column: REFERENCES table (columns) and what follows.
    fn references(&mut self) -> Result<ConstraintKind> {
        self.expect("references")?;
        let table = self.qualified_name()?;
        self.maybe_parenthesized(Self::name)?;
        if self.eat("match") {
            self.choose(&[("full", ()), ("partial", ()), ("simple", ())])?;
        }
        while self.eat("on") {
            self.choose(&[("delete", ()), ("update", ())])?;
            self.referential_action()?;
        }
        Ok(ConstraintKind::ForeignKey(table))
    }

    fn referential_action(&mut self) -> Result<()> {
        const ACTIONS: &[(&str, ())] = &[
            ("no action", ()),
            ("restrict", ()),
            ("cascade", ()),
            ("set null", ()),
            ("set default", ()),
        ];
        self.choose(ACTIONS)?;
        self.maybe_parenthesized(Self::name).map(drop)
    }

    fn generated(&mut self) -> Result<ConstraintKind> {
        self.expect("generated")?;
        let position = self.position();
        let always = self.choose(&[("always as", true), ("by default as", false)])?;
        if self.eat("identity") {
            if self.is_char('(') {
                self.pass("sequence options")?;
            }
            return Ok(ConstraintKind::Identity { always });
        }
        let expression = self.parenthesized_expression()?;
        let stored = self.eat("stored");
        if !stored {
            self.eat("virtual");
        }
        if !always {
            let message = "for a generated column, GENERATED ALWAYS must be specified";
            let state = medley_diagnostic::SqlState::SYNTAX_ERROR;
            return self.refuse(message, state, position);
        }
        Ok(ConstraintKind::Generated { expression, stored })
    }

    pub fn is_table_constraint(&self) -> bool {
        match self.word() {
            "constraint" | "check" | "unique" | "primary" | "foreign" | "not" => true,
            "exclude" => {
                self.word_at(1) == "using"
                    || self.peek_at(1).kind == crate::token::TokenKind::Char('(')
            }
            _ => false,
        }
    }

    /// `TableConstraint`.
    pub fn table_constraint(&mut self) -> Result<Constraint> {
        let position = self.position();
        let name = self.constraint_name()?;
        let kind = self.table_constraint_kind()?;
        let mut constraint = new_constraint(name, kind, position);
        while self.constraint_attribute(&mut constraint, true) {}
        if matches!(self.word(), "not" | "no" | "initially") {
            return Err(self.unexpected_at(self.peek_at(1)));
        }
        Ok(constraint)
    }

    fn table_constraint_kind(&mut self) -> Result<ConstraintKind> {
        match self.word() {
            "check" => {
                self.advance();
                self.parenthesized_expression().map(ConstraintKind::Check)
            }
            "not" => {
                self.expect("not null")?;
                self.name().map(|column| ConstraintKind::NotNull(Some(column)))
            }
            "unique" => {
                self.advance();
                self.nulls_distinct();
                self.key_columns().map(ConstraintKind::Unique)
            }
            "primary" => {
                self.expect("primary key")?;
                self.key_columns().map(ConstraintKind::PrimaryKey)
            }
            "foreign" => {
                self.expect("foreign key")?;
                self.parenthesized(Self::name)?;
                self.references()
            }
            "exclude" => self.exclusion(),
            _ => self.unexpected(),
        }
    }

    fn key_columns(&mut self) -> Result<Vec<Name>> {
        if self.eat("using index") {
            return self.name().map(|_| vec![]);
        }
        let columns = self.parenthesized(|parser| {
            let column = parser.name()?;
            parser.eat("without overlaps");
            Ok(column)
        })?;
        self.index_parameters()?;
        Ok(columns)
    }

    fn index_parameters(&mut self) -> Result<()> {
        if self.eat("include") {
            self.parenthesized(Self::name)?;
        }
        if self.eat("with") {
            self.relation_options()?;
        }
        if self.eat("using") {
            self.expect("index tablespace")?;
            self.name()?;
        }
        Ok(())
    }

    fn exclusion(&mut self) -> Result<ConstraintKind> {
        self.expect("exclude")?;
        if self.eat("using") {
            self.name()?;
        }
        self.parenthesized(|parser| {
            parser.index_element()?;
            parser.expect("with")?;
            if parser.is("operator") { parser.any_operator() } else { parser.dotted_operator() }
        })?;
        self.index_parameters()?;
        if self.eat("where") {
            self.parenthesized_expression()?;
        }
        Ok(ConstraintKind::Exclusion)
    }

    /// DEFERRABLE and the like; NOT VALID and NO INHERIT of a table's constraint alone.
    fn constraint_attribute(&mut self, constraint: &mut Constraint, table: bool) -> bool {
        let position = self.position();
        if self.eat("deferrable") {
            constraint.deferrable_position.get_or_insert(position);
            constraint.deferrable = Some(true);
        } else if self.eat("not deferrable") {
            constraint.deferrable = Some(false);
        } else if self.eat("initially deferred") {
            constraint.deferrable_position.get_or_insert(position);
            constraint.initially_deferred = Some(true);
        } else if self.eat("initially immediate") {
            constraint.initially_deferred = Some(false);
        } else if self.eat("enforced") {
            constraint.enforced = Some(true);
        } else if self.eat("not enforced") {
            constraint.enforced = Some(false);
        } else if table && self.eat("not valid") {
            constraint.not_valid = true;
        } else if table && self.eat("no inherit") {
            constraint.no_inherit = true;
        } else {
            return false;
        }
        true
    }

    /// Behind IMPORT.
    pub fn import_foreign_schema(&mut self) -> Result<Statement> {
        self.expect("foreign schema")?;
        let remote_schema = self.name()?;
        let tables = if self.eat("limit") {
            self.expect("to")?;
            ForeignSchemaTables::LimitTo(self.parenthesized(Self::imported_table)?)
        } else if self.eat("except") {
            ForeignSchemaTables::Except(self.parenthesized(Self::imported_table)?)
        } else {
            ForeignSchemaTables::All
        };
        self.expect("from server")?;
        let server = self.name()?;
        self.expect("into")?;
        let local_schema = self.name()?;
        let options = self.create_options()?;
        Ok(Statement::ImportForeignSchema(ImportForeignSchema {
            remote_schema,
            tables,
            server,
            local_schema,
            options,
        }))
    }

    /// Schema, ONLY and `*` are allowed, and mean nothing.
    fn imported_table(&mut self) -> Result<Name> {
        let (table, _) = self.relation()?;
        Ok(table.name().to_owned())
    }
}

fn new_constraint(name: Option<Name>, kind: ConstraintKind, position: usize) -> Constraint {
    Constraint {
        name,
        kind,
        deferrable: None,
        deferrable_position: None,
        initially_deferred: None,
        not_valid: false,
        no_inherit: false,
        enforced: None,
        position,
    }
}
