//! INSERT, UPDATE, DELETE and MERGE: the checks that come before a row is changed, and then that
//! no row is.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::objects::Relation;
use medley_sql::query_ast::{
    Assignment, AssignmentTarget, ConflictTarget, FromTable, Ident, Insert, ObjectName, OnInsert,
    Spanned, TableFactor, TableObject, TableWithJoins, Update,
};
use medley_sql::{QualifiedName, QueryStatement, span};

use crate::error::{ChangeError, Error, NameError, Noun, RelationError, Result};
use crate::foreign_table::is_system_column;
use crate::{Context, maintenance, system};

/// Whether the statement could change the rows that it names.
pub fn check_change(ctx: &Context<'_>, statement: &QueryStatement) -> Result<()> {
    let Some(change) = Change::of(statement) else { return Ok(()) };
    match change.find(ctx)? {
        Some(found) => change.check(ctx, &found),
        None => change.check_system(ctx),
    }
}

/// Whether there is what it names, as PREPARE asks.
pub fn check_change_names(ctx: &Context<'_>, statement: &QueryStatement) -> Result<()> {
    let Some(change) = Change::of(statement) else { return Ok(()) };
    change.find(ctx).map(drop)
}

/// What a statement changes.
struct Change {
    tag: &'static str,
    needs: Privileges,
    relation: QualifiedName,
    columns: Vec<Place>,
    conflict: Option<Conflict>,
}

/// A column, and where it is named.
struct Place {
    name: String,
    position: Option<usize>,
}

/// What ON CONFLICT looks at.
enum Conflict {
    Columns(Vec<Place>),
    Constraint(String),
}

impl Change {
    /// None of what is in a form that no PostgreSQL has.
    fn of(statement: &QueryStatement) -> Option<Self> {
        let tag = statement.tag();
        let of =
            |needs, relation, columns| Some(Self { tag, needs, relation, columns, conflict: None });
        match statement {
            QueryStatement::Select(_) => None,
            QueryStatement::Insert { ast, .. } => {
                let TableObject::TableName(name) = &ast.table else { return None };
                let columns = ast.columns.iter().filter_map(place).collect();
                let change = of(Privileges::INSERT, qualified(name)?, columns)?;
                Some(Self { conflict: conflict(ast), ..change })
            }
            QueryStatement::Update { ast, .. } => {
                of(Privileges::UPDATE, relation_of(&ast.table.relation)?, assigned(ast))
            }
            QueryStatement::Delete { ast, .. } => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &ast.from;
                let [TableWithJoins { relation, .. }] = from.as_slice() else { return None };
                of(Privileges::DELETE, relation_of(relation)?, Vec::new())
            }
            QueryStatement::Merge { ast, .. } => {
                of(Privileges::NONE, relation_of(&ast.table)?, Vec::new())
            }
        }
    }

    /// The relation, which has the columns that are named; none if it is the system's.
    fn find(&self, ctx: &Context<'_>) -> Result<Option<Arc<Relation>>> {
        let at = self.relation.position;
        let found = match ctx.find_relation(&self.relation) {
            // No schema, no relation.
            Err(error) if error.is_missing() => return Err(self.missing()),
            found => found.map_err(|error| error.at(at))?,
        };
        let Some(found) = found else {
            return system::named(ctx, &self.relation).map(|_| None).ok_or_else(|| self.missing());
        };
        if self.tag == "MERGE"
            && let Some(table) = maintenance::table_below(ctx, &found)
        {
            return Err(ChangeError::Merge(table.name.clone()).into());
        }
        self.check_columns(&found)?;
        self.check_constraint(&found)?;
        Ok(Some(found))
    }

    fn check(&self, ctx: &Context<'_>, found: &Relation) -> Result<()> {
        if let Some(Conflict::Columns(_)) = &self.conflict {
            return Err(ChangeError::NoArbiter.into());
        }
        if found.view().is_some() {
            return maintenance::check_handlers_below(ctx, found);
        }
        maintenance::check_handler(ctx, found)?;
        self.check_privileges(ctx, found)
    }

    /// What the system's relations say to whoever is no superuser.
    fn check_system(&self, ctx: &Context<'_>) -> Result<()> {
        let found = system::named(ctx, &self.relation).ok_or_else(|| self.missing())?;
        let (name, tag) = (found.name.to_owned(), self.tag);
        match system::is_view(found) {
            true => Err(ChangeError::View { name, tag }.into()),
            false if ctx.is_superuser() => Err(Error::unsupported(format!("{tag} of {name}"))),
            false => Err(medley_catalog::Error::PermissionDenied("table", name).into()),
        }
    }

    fn missing(&self) -> Error {
        let missing = NameError::missing(Noun::Relation, self.relation.to_string());
        Error::from(missing).at(self.relation.position)
    }

    fn check_columns(&self, relation: &Relation) -> Result<()> {
        for (index, Place { name, position }) in self.columns.iter().enumerate() {
            let at = position.unwrap_or_default();
            if self.tag == "UPDATE" && is_system_column(name) {
                return Err(Error::from(ChangeError::SystemColumn(name.clone())).at(at));
            }
            if relation.column(name).is_none() {
                let (column, relation) = (name.clone(), relation.name.clone());
                return Err(Error::from(RelationError::NoColumn { column, relation }).at(at));
            }
            let is_again = self.columns[..index].iter().any(|before| before.name == *name);
            match self.tag {
                _ if !is_again => {}
                "UPDATE" => return Err(ChangeError::AssignedTwice(name.clone()).into()),
                _ => return Err(Error::from(RelationError::ColumnTwice(name.clone())).at(at)),
            }
        }
        Ok(())
    }

    /// A foreign table has no constraint that a row could be in conflict with.
    fn check_constraint(&self, relation: &Relation) -> Result<()> {
        match &self.conflict {
            Some(Conflict::Constraint(constraint)) => Err(RelationError::NoConstraintToRename {
                constraint: constraint.clone(),
                relation: relation.name.clone(),
            }
            .into()),
            Some(Conflict::Columns(columns))
                if columns.iter().any(|column| relation.column(&column.name).is_none()) =>
            {
                Err(Error::unsupported("ON CONFLICT"))
            }
            Some(Conflict::Columns(_)) | None => Ok(()),
        }
    }

    /// On each column that is written, or on any where it is all of them.
    fn check_privileges(&self, ctx: &Context<'_>, relation: &Relation) -> Result<()> {
        let actor = ctx.actor();
        let may = |place: &Place| {
            let column = relation.column(&place.name);
            column.is_some_and(|column| actor.has_on_column(relation, column.number, self.needs))
        };
        let is_allowed = match self.columns.as_slice() {
            [] => actor.has_any(relation.oid.address(), self.needs),
            columns => columns.iter().all(may),
        };
        match is_allowed {
            true => Ok(()),
            false => Err(actor.permission_denied(relation.oid.address()).into()),
        }
    }
}

fn relation_of(factor: &TableFactor) -> Option<QualifiedName> {
    match factor {
        TableFactor::Table { name, .. } => qualified(name),
        _ => None,
    }
}

fn qualified(name: &ObjectName) -> Option<QualifiedName> {
    let parts = name.0.iter().map(|part| Some(part.as_ident()?.value.clone()));
    let position = span::position(name.span()).unwrap_or_default();
    Some(QualifiedName { parts: parts.collect::<Option<_>>()?, position })
}

fn place(name: &ObjectName) -> Option<Place> {
    name.0.first()?.as_ident().map(named)
}

fn named(ident: &Ident) -> Place {
    Place { name: ident.value.clone(), position: span::position(ident.span) }
}

fn assigned(update: &Update) -> Vec<Place> {
    let targets = update.assignments.iter().flat_map(|Assignment { target, .. }| match target {
        AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
        AssignmentTarget::Tuple(names) => names.as_slice(),
    });
    targets.filter_map(place).collect()
}

fn conflict(insert: &Insert) -> Option<Conflict> {
    let Some(OnInsert::OnConflict(conflict)) = &insert.on else { return None };
    Some(match conflict.conflict_target.as_ref()? {
        ConflictTarget::Columns(columns) => Conflict::Columns(columns.iter().map(named).collect()),
        ConflictTarget::OnConstraint(name) => {
            Conflict::Constraint(qualified(name)?.name().to_owned())
        }
    })
}
