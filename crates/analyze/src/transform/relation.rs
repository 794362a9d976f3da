//! What stands in FROM.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::{Relation, Schema};
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, Spanned, TableFactor};
use medley_sql::span::position;

use super::Analyser;
use super::join::Side;
use super::query::{alias_columns, range_columns};
use super::range_function::{calls, unnests};
use super::scope::{Clause, Scope};
use crate::error::{Error, Result};
use crate::system::{self, SystemRelation};
use crate::tree::{
    Alias, CteRange, FromItem, Place, Range, RangeColumn, RangeKind, RelationKind, RelationRange,
};

/// In what is stored: the alias of a range whose columns got names of their own because something
/// was renamed. Nobody wrote it, and the range goes by the name that its relation has.
pub(crate) const MADE_ALIAS: &str = "*made*";

/// What a name in FROM means.
pub(super) enum Found<'a> {
    Stored(&'a Arc<Relation>),
    System(&'static SystemRelation),
}

impl Analyser<'_> {
    pub(super) fn factor(&self, scope: &mut Scope<'_>, factor: &TableFactor) -> Result<Side> {
        match factor {
            TableFactor::Table { name, alias, args: None, sample: None, .. } => {
                self.named_relation(scope, name, alias.as_ref())
            }
            TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
                let calls = calls(name, &args.args)?;
                self.functions(scope, &calls, *with_ordinality, false, alias.as_ref())
            }
            TableFactor::Function { lateral, name, args, alias, with_ordinality } => {
                let calls = calls(name, args)?;
                self.functions(scope, &calls, *with_ordinality, *lateral, alias.as_ref())
            }
            TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => {
                let name = ast::ObjectName::from(vec![ast::Ident::new("unnest")]);
                let calls = unnests(&name, array_exprs);
                self.functions(scope, &calls, *with_ordinality, false, alias.as_ref())
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                self.derived(scope, *lateral, subquery, alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let side = self.joined(scope, table_with_joins)?;
                match alias {
                    None => Ok(side),
                    Some(alias) => self.aliased_join(scope, side, alias),
                }
            }
            TableFactor::Table { name, .. } => {
                let message =
                    "TABLESAMPLE clause can only be applied to tables and materialized views";
                let at = position(name.span());
                Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, at))
            }
            _ => Err(Error::unsupported("this kind of relation in FROM")),
        }
    }

    fn derived(
        &self,
        scope: &mut Scope<'_>,
        lateral: bool,
        subquery: &ast::Query,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Side> {
        let query = scope.within(Clause::FromSubquery, |scope| {
            scope.hiding(!lateral, |scope| self.query(Some(scope), subquery, true))
        })?;
        let columns = range_columns(&query.columns());
        let kind = RangeKind::Subquery(Box::new(query));
        let range = Range { lateral, ..range(kind, None, columns) };
        self.add(scope, range, alias, None)
    }

    /// Adds a range under its alias.
    pub(super) fn add(
        &self,
        scope: &mut Scope<'_>,
        mut range: Range,
        alias: Option<&ast::TableAlias>,
        schema: Option<String>,
    ) -> Result<Side> {
        if let Some(alias) = alias {
            let name = alias.name.value.clone();
            let columns = alias_columns(alias);
            rename(&mut range.columns, &name, &columns)?;
            if !(self.trusted && name == MADE_ALIAS) {
                range.name = Some(name.clone());
                range.alias = Some(Alias { name, columns });
            }
        }
        let index = scope.ranges.len();
        let table = range.table(index, schema);
        scope.ranges.push(range);
        Ok(Side { item: FromItem::Range(index), tables: vec![table] })
    }

    fn named_relation(
        &self,
        scope: &mut Scope<'_>,
        name: &ast::ObjectName,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Side> {
        let parts: Vec<ast::Ident> =
            name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        if let [name] = parts.as_slice()
            && let Some((levels_up, index, cte)) = scope.cte(&name.value)
        {
            if cte.returns_nothing() {
                let message =
                    format!("WITH query \"{}\" does not have a RETURNING clause", cte.name);
                let at = position(name.span);
                return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
            }
            let name = cte.name.clone();
            let columns = range_columns(&cte.columns);
            let kind = RangeKind::Cte(CteRange { name: name.clone(), levels_up, index });
            return self.add(scope, range(kind, Some(name), columns), alias, None);
        }
        let (mut range, schema) = match self.find_relation(&parts)? {
            Found::System(relation) => (self.system_range(relation), relation.schema.to_owned()),
            Found::Stored(relation) => (self.stored_range(relation)?, self.schema_name(relation)),
        };
        if let RangeKind::Relation(relation) = &mut range.kind {
            relation.place = Place(medley_sql::span::bytes(name.span()));
        }
        self.add(scope, range, alias, Some(schema))
    }

    /// By the search path, or in the schema that is named.
    pub(super) fn find_relation(&self, parts: &[ast::Ident]) -> Result<Found<'_>> {
        let snapshot = self.context.snapshot;
        let at = parts.first().and_then(|part| position(part.span));
        match parts {
            [name] => {
                let mut schemas = self.context.path.schemas().iter();
                let found = schemas
                    .find_map(|schema| self.in_schema(snapshot.schema(*schema)?, &name.value));
                found.ok_or_else(|| undefined_table(&name.value, at))
            }
            [schema_name, name] | [_, schema_name, name] => {
                let full = format!("{}.{}", schema_name.value, name.value);
                if parts.len() == 3 && parts[0].value != self.context.database {
                    let message = format!(
                        "cross-database references are not implemented: \"{}.{full}\"",
                        parts[0].value
                    );
                    return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
                }
                let schema = snapshot
                    .schema_named(&schema_name.value)
                    .ok_or_else(|| undefined_table(&full, at))?;
                self.may_use(schema).map_err(|error| error.or_at(at))?;
                self.in_schema(schema, &name.value).ok_or_else(|| undefined_table(&full, at))
            }
            _ => {
                let message =
                    format!("improper relation name (too many dotted names): {}", dotted(parts));
                Err(Error::at(SqlState::SYNTAX_ERROR, message, at))
            }
        }
    }

    /// The relation that a name means, if it means one.
    pub(super) fn relation_named(&self, schema: Option<&str>, name: &str) -> Option<RelationOid> {
        let parts: Vec<_> = schema.into_iter().chain([name]).map(ast::Ident::new).collect();
        match self.find_relation(&parts).ok()? {
            Found::Stored(relation) => Some(relation.oid),
            Found::System(relation) => Some(RelationOid(relation.oid)),
        }
    }

    fn may_use(&self, schema: &Schema) -> Result<()> {
        let actor = self.context.snapshot.actor(self.context.role);
        match self.trusted || actor.has_all(schema.oid.address(), Privileges::USAGE) {
            true => Ok(()),
            false => Err(actor.permission_denied(schema.oid.address()).into()),
        }
    }

    fn in_schema(&self, schema: &Schema, name: &str) -> Option<Found<'_>> {
        let system = system::relation_by_name(&schema.name, name).map(Found::System);
        let stored = || self.context.snapshot.relation_named(schema.oid, name).map(Found::Stored);
        system.or_else(stored)
    }

    fn system_range(&self, relation: &'static SystemRelation) -> Range {
        let columns = (1..).zip(&relation.columns).map(|(number, column)| RangeColumn {
            name: column.name.to_owned(),
            number,
            t: column.pg_type,
        });
        let kind = RangeKind::Relation(RelationRange {
            oid: RelationOid(relation.oid),
            kind: RelationKind::System,
            check_as: self.context.role,
            view: None,
            place: Place::default(),
        });
        range(kind, Some(relation.name.to_owned()), columns.collect())
    }

    pub(super) fn stored_range(&self, relation: &Arc<Relation>) -> Result<Range> {
        let columns = relation.live_columns().map(|column| RangeColumn {
            name: column.name.clone(),
            number: column.number,
            t: column.pg_type,
        });
        let view = match relation.view() {
            Some(view) if self.expands.is_some() => {
                Some(Box::new(self.view_query(relation, view)?))
            }
            _ => None,
        };
        let kind = RangeKind::Relation(RelationRange {
            oid: relation.oid,
            kind: match relation.view() {
                Some(_) => RelationKind::View,
                None => RelationKind::ForeignTable,
            },
            check_as: self.context.role,
            view,
            place: Place::default(),
        });
        Ok(range(kind, Some(relation.name.clone()), columns.collect()))
    }

    pub(super) fn schema_name(&self, relation: &Relation) -> String {
        let schema = self.context.snapshot.schema(relation.schema);
        schema.map(|schema| schema.name.clone()).unwrap_or_default()
    }
}

pub(super) fn range(kind: RangeKind, name: Option<String>, columns: Vec<RangeColumn>) -> Range {
    Range { kind, alias: None, name, columns, lateral: false, in_from: true }
}

/// The names that an alias gives to the first columns.
pub(super) fn rename(columns: &mut [RangeColumn], alias: &str, names: &[String]) -> Result<()> {
    if names.len() > columns.len() {
        let message = format!(
            "table \"{alias}\" has {} columns available but {} columns specified",
            columns.len(),
            names.len()
        );
        return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, None));
    }
    columns.iter_mut().zip(names).for_each(|(column, name)| column.name.clone_from(name));
    Ok(())
}

pub(super) fn dotted(parts: &[ast::Ident]) -> String {
    parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

fn undefined_table(name: &str, at: Option<usize>) -> Error {
    Error::at(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"), at)
}
