use serde::{Deserialize, Serialize};

use super::{Check, Column, Options};
use crate::acl::Acl;
use crate::ids::{Class, ObjectAddress, RelationOid, RoleOid, SchemaOid, ServerOid};

/// A foreign table or a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Its oid.
    pub oid: RelationOid,
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: SchemaOid,
    /// Who owns it; of a view, also whose privileges and mappings count inside it.
    pub owner: RoleOid,
    /// Who may use it; `None` is the default.
    pub acl: Option<Acl>,
    /// `pg_type.oid` of its row type.
    pub row_type: u32,
    /// `pg_type.oid` of arrays of its row type.
    pub array_type: u32,
    /// Every column by ascending number, dropped ones too.
    pub columns: Vec<Column>,
    /// CHECK constraints.
    pub checks: Vec<Check>,
    /// What it is.
    pub kind: RelationKind,
}

/// What a relation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RelationKind {
    /// A foreign table.
    ForeignTable(ForeignTable),
    /// A view.
    View(View),
}

/// What a foreign table has besides what all relations have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignTable {
    /// Where it is.
    pub server: ServerOid,
    /// Its options.
    pub options: Options,
}

/// What a view has besides what all relations have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// `pg_rewrite.oid` of its rule.
    pub rule: u32,
    /// The text of its query.
    pub query: String,
    /// WITH (…): names and values as given, in order.
    pub reloptions: Vec<(String, String)>,
    /// The relations and columns that its query names.
    pub depends_on: Vec<ObjectAddress>,
}

/// WITH CHECK OPTION.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOption {
    /// Rows must fit this view.
    Local,
    /// Rows must fit the views below as well.
    Cascaded,
}

impl View {
    /// The role that queries counts inside it too, rather than its owner.
    pub fn security_invoker(&self) -> bool {
        self.flag("security_invoker")
    }

    /// Its conditions come before those of the query around it.
    pub fn security_barrier(&self) -> bool {
        self.flag("security_barrier")
    }

    /// WITH CHECK OPTION, if given.
    pub fn check_option(&self) -> Option<CheckOption> {
        match self.reloption("check_option")?.to_ascii_lowercase().as_str() {
            "local" => Some(CheckOption::Local),
            _ => Some(CheckOption::Cascaded),
        }
    }

    fn reloption(&self, name: &str) -> Option<&str> {
        self.reloptions.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Boolean words as PostgreSQL takes them: unique prefixes too.
    fn flag(&self, name: &str) -> bool {
        let Some(value) = self.reloption(name).map(str::to_ascii_lowercase) else {
            return false;
        };
        match value.as_str() {
            "1" | "on" => true,
            "" => false,
            word => "true".starts_with(word) || "yes".starts_with(word),
        }
    }
}

impl Relation {
    /// The oids of what is part of it: its types, constraints, defaults and rule.
    pub fn parts(&self) -> impl Iterator<Item = u32> {
        let types = [self.row_type, self.array_type];
        let checks = self.checks.iter().map(|check| check.oid);
        let of_columns = self.live_columns().flat_map(|column| {
            let not_null = column.not_null.as_ref().map(|it| it.oid);
            not_null.into_iter().chain(column.default.as_ref().map(|it| it.oid))
        });
        types.into_iter().chain(checks).chain(of_columns).chain(self.view().map(|it| it.rule))
    }

    /// The columns that are there.
    pub fn live_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.dropped)
    }

    /// The addresses of its constraints, CHECK first.
    pub fn constraints(&self) -> impl Iterator<Item = ObjectAddress> {
        let checks = self.checks.iter().map(|check| check.oid);
        let not_nulls =
            self.columns.iter().filter_map(|column| Some(column.not_null.as_ref()?.oid));
        checks.chain(not_nulls).map(|oid| ObjectAddress::new(Class::Constraint, oid))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.live_columns().find(|column| column.name == name)
    }

    /// The column of this number, dropped or not.
    pub fn column_numbered(&self, number: i16) -> Option<&Column> {
        self.columns.iter().find(|column| column.number == number)
    }

    /// The number of the next new column.
    pub fn next_column_number(&self) -> i16 {
        self.columns.last().map_or(1, |column| column.number + 1)
    }

    /// What a foreign table has, if it is one.
    pub fn foreign_table(&self) -> Option<&ForeignTable> {
        match &self.kind {
            RelationKind::ForeignTable(table) => Some(table),
            RelationKind::View(_) => None,
        }
    }

    /// What a view has, if it is one.
    pub fn view(&self) -> Option<&View> {
        match &self.kind {
            RelationKind::View(view) => Some(view),
            RelationKind::ForeignTable(_) => None,
        }
    }

    /// `pg_class.relkind`.
    pub fn relkind(&self) -> char {
        match self.kind {
            RelationKind::ForeignTable(_) => 'f',
            RelationKind::View(_) => 'v',
        }
    }

    /// What messages call it: `foreign table`, `view`.
    pub fn noun(&self) -> &'static str {
        match self.kind {
            RelationKind::ForeignTable(_) => "foreign table",
            RelationKind::View(_) => "view",
        }
    }
}
