//! The actions of ALTER FOREIGN TABLE, ALTER TABLE and ALTER VIEW.
use std::sync::LazyLock;

use super::rules::{ACTIONS, COLUMN_ACTIONS, PARTITIONS};
use super::synopsis::Synopses;
use super::{Parser, Result};
use medley_diagnostic::Diagnostic;

use crate::SyntaxError;
use crate::ast::{
    AlterTable, AlterTableAction as Action, IdentityChange, Name, ObjectKind, QualifiedName,
    RefreshForeignTable, Rename, RenameTarget, SetObjectSchema, Statement,
};

static OTHERS: LazyLock<Synopses> = LazyLock::new(|| Synopses::new(ACTIONS));

static PARTITION_OTHERS: LazyLock<Synopses> = LazyLock::new(|| Synopses::new(PARTITIONS));

static COLUMN_OTHERS: LazyLock<Synopses> = LazyLock::new(|| Synopses::new(COLUMN_ACTIONS));

const TRIGGERS: &[(&str, &str)] = &[
    ("enable trigger", "ENABLE TRIGGER"),
    ("enable always trigger", "ENABLE ALWAYS TRIGGER"),
    ("enable replica trigger", "ENABLE REPLICA TRIGGER"),
    ("disable trigger", "DISABLE TRIGGER"),
];

impl Parser<'_> {
    /// `[ONLY] name [*]`, and whether ONLY was written.
    pub fn relation(&mut self) -> Result<(QualifiedName, bool)> {
        if self.eat("only") {
            let enclosed = self.eat_char('(');
            let name = self.qualified_name()?;
            if enclosed {
                self.expect_char(')')?;
            }
            return Ok((name, true));
        }
        let name = self.qualified_name()?;
        self.eat_char('*');
        Ok((name, false))
    }

    /// Behind ALTER FOREIGN TABLE, ALTER TABLE or ALTER VIEW.
    pub fn alter_relation(&mut self, kind: ObjectKind) -> Result<Statement> {
        let if_exists = self.if_exists();
        let (name, only) = match kind {
            ObjectKind::View => (self.qualified_name()?, false),
            _ => self.relation()?,
        };
        if self.eat("rename") {
            return self.rename_relation(kind, if_exists, only, name);
        }
        if self.eat("set schema") {
            let schema = self.name()?;
            return Ok(Statement::SetObjectSchema(SetObjectSchema {
                kind,
                if_exists,
                name,
                schema,
            }));
        }
        if kind == ObjectKind::ForeignTable && self.eat("refresh") {
            let behavior = self.drop_behavior();
            let refresh = RefreshForeignTable { if_exists, name, behavior };
            return Ok(Statement::RefreshForeignTable(refresh));
        }
        let partition = kind == ObjectKind::Table && (self.is("attach") || self.is("detach"));
        let actions = match partition {
            true => vec![Action::Other(self.find(&PARTITION_OTHERS)?.name)],
            false => self.list(Self::table_action)?,
        };
        Ok(Statement::AlterTable(AlterTable { kind, if_exists, only, name, actions }))
    }

    fn rename_relation(
        &mut self,
        kind: ObjectKind,
        if_exists: bool,
        only: bool,
        name: QualifiedName,
    ) -> Result<Statement> {
        let target = if self.eat("to") {
            RenameTarget::Object
        } else if kind == ObjectKind::Table && self.eat("constraint") {
            let constraint = self.name()?;
            self.expect("to")?;
            RenameTarget::Constraint(constraint)
        } else {
            self.eat("column");
            let column = self.name()?;
            self.expect("to")?;
            RenameTarget::Column(column)
        };
        let new_name = self.name()?;
        Ok(Statement::Rename(Rename { kind, if_exists, only, name, target, new_name }))
    }

    /// `alter_table_cmd`.
    pub fn table_action(&mut self) -> Result<Action> {
        self.or_other(&OTHERS, Self::own_table_action)
    }

    /// An action that Medley has, else one of these.
    fn or_other(
        &mut self,
        others: &Synopses,
        own: impl FnOnce(&mut Self) -> Result<Action>,
    ) -> Result<Action> {
        let from = self.at;
        let error = match own(self) {
            Ok(action) => return Ok(action),
            Err(error) => error,
        };
        self.at = from;
        match self.find(others) {
            Ok(found) => Ok(Action::Other(found.name)),
            Err(other) if other.position() > error.position() => Err(other),
            // The grammar's own words say more than `syntax error`.
            Err(other) if matches!(*other, SyntaxError::Refused { .. }) => Err(other),
            Err(_) => Err(error),
        }
    }

    fn own_table_action(&mut self) -> Result<Action> {
        if let Some((_, action)) = TRIGGERS.iter().find(|(words, _)| self.eat(words)) {
            let all = self.eat("all") || self.eat("user");
            let name = if all { None } else { Some(self.name()?) };
            return Ok(Action::Trigger { action, name });
        }
        match self.word() {
            "options" => self.alter_options().map(Action::Options),
            "add" => self.add_action(),
            "drop" => self.drop_action(),
            "alter" => self.alter_column(),
            "validate" => {
                self.expect("validate constraint")?;
                self.name().map(Action::ValidateConstraint)
            }
            "set" => self.set_action(),
            "reset" => {
                self.advance();
                let options = self.relation_options()?;
                Ok(Action::RelationOptions { reset: true, options })
            }
            "inherit" | "no" => self.inherit_action(),
            "owner" => {
                self.expect("owner to")?;
                self.role_spec().map(Action::OwnerTo)
            }
            _ => self.unexpected(),
        }
    }

    fn set_action(&mut self) -> Result<Action> {
        self.expect("set")?;
        if self.eat("without oids") {
            return Ok(Action::SetWithoutOids);
        }
        if self.eat("without") {
            return self.unexpected();
        }
        let options = self.relation_options()?;
        Ok(Action::RelationOptions { reset: false, options })
    }

    fn inherit_action(&mut self) -> Result<Action> {
        let inherit = !self.eat("no");
        self.expect("inherit")?;
        let parent = self.qualified_name()?;
        Ok(Action::Inherit { inherit, parent })
    }

    fn add_action(&mut self) -> Result<Action> {
        self.expect("add")?;
        if self.is_table_constraint() {
            return self.table_constraint().map(Action::AddConstraint);
        }
        self.eat("column");
        let if_not_exists = self.if_not_exists()?;
        let column = Box::new(self.column_definition()?);
        Ok(Action::AddColumn { if_not_exists, column })
    }

    fn drop_action(&mut self) -> Result<Action> {
        self.expect("drop")?;
        if self.eat("constraint") {
            let if_exists = self.if_exists();
            let name = self.name()?;
            let behavior = self.drop_behavior();
            return Ok(Action::DropConstraint { if_exists, name, behavior });
        }
        self.eat("column");
        let if_exists = self.if_exists();
        let column = self.name()?;
        let behavior = self.drop_behavior();
        Ok(Action::DropColumn { if_exists, column, behavior })
    }

    fn alter_column(&mut self) -> Result<Action> {
        self.expect("alter")?;
        self.eat("column");
        if self.peek().kind == crate::token::TokenKind::Integer {
            self.advance();
            self.expect("set statistics")?;
            self.signed_integer()?;
            return Ok(Action::StatisticsByNumber);
        }
        let column = self.name()?;
        let action =
            self.or_other(&COLUMN_OTHERS, |parser| parser.own_column_action(column.clone()))?;
        let if_exists = self.tokens[self.at - 1].is_word("exists");
        Ok(match action {
            Action::Other(words) => of_generated_column(words, column, if_exists),
            action => action,
        })
    }

    /// Behind ALTER [COLUMN] name.
    fn own_column_action(&mut self, column: Name) -> Result<Action> {
        match self.word() {
            "options" => {
                let options = self.alter_options()?;
                Ok(Action::ColumnOptions { column, options })
            }
            "type" => self.column_type(column),
            "drop" => self.column_drop(column),
            "reset" => {
                self.advance();
                let attributes = self.relation_options()?;
                Ok(Action::ColumnAttributes { column, reset: true, attributes })
            }
            _ => {
                self.expect("set")?;
                self.column_set(column)
            }
        }
    }

    fn column_drop(&mut self, column: Name) -> Result<Action> {
        self.expect("drop")?;
        if self.eat("default") {
            return Ok(Action::ColumnDefault { column, default: None });
        }
        self.expect("not null")?;
        Ok(Action::ColumnNotNull { column, not_null: false })
    }

    fn column_set(&mut self, column: Name) -> Result<Action> {
        match self.word() {
            "default" => {
                self.advance();
                let default = Some(self.any_expression()?);
                Ok(Action::ColumnDefault { column, default })
            }
            "not" => {
                self.expect("not null")?;
                Ok(Action::ColumnNotNull { column, not_null: true })
            }
            "statistics" => {
                self.advance();
                let default = self.eat("default");
                let target = if default { None } else { Some(self.signed_integer()?) };
                Ok(Action::ColumnStatistics { column, target })
            }
            "expression" => {
                self.expect("expression as")?;
                let expression = self.parenthesized_expression()?;
                Ok(Action::SetExpression { column, expression })
            }
            "storage" => {
                self.advance();
                let storage = self.name_or_default()?;
                Ok(Action::ColumnStorage { column, storage })
            }
            "data" => {
                self.advance();
                self.column_type(column)
            }
            _ => {
                let attributes = self.relation_options()?;
                Ok(Action::ColumnAttributes { column, reset: false, attributes })
            }
        }
    }

    fn column_type(&mut self, column: Name) -> Result<Action> {
        self.expect("type")?;
        let data_type = Box::new(self.type_name()?);
        let collation = self.collate_clause()?;
        let using = if self.eat("using") { Some(self.any_expression()?) } else { None };
        Ok(Action::ColumnType { column, data_type, collation, using })
    }
}

/// What is said of how a column's values are generated, where Medley understands it.
fn of_generated_column(words: &'static str, column: Name, if_exists: bool) -> Action {
    let change = match words {
        "ALTER COLUMN ... DROP EXPRESSION" => return Action::DropExpression { column, if_exists },
        "ALTER COLUMN ... ADD IDENTITY" => IdentityChange::Add,
        "ALTER COLUMN ... SET" => IdentityChange::Set,
        "ALTER COLUMN ... DROP IDENTITY" => IdentityChange::Drop { if_exists },
        _ => return Action::Other(words),
    };
    Action::Identity { column, change }
}
