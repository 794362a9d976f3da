//! Which columns a name can mean.
use std::cell::{Cell, RefCell};

use medley_catalog::ids::RelationOid;
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, Ident};
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use crate::error::{Error, Result};
use crate::tree::{ColumnRef, Cte, Expr, ExprKind, Range, RangeKind};

/// One query while it is analysed: PostgreSQL's `ParseState`.
pub(super) struct Scope<'p> {
    /// The query around it.
    pub parent: Option<&'p Scope<'p>>,
    /// Its own WITH, as far as it is known.
    pub ctes: Vec<Cte>,
    pub ranges: Vec<Range>,
    /// What names can mean.
    pub tables: Vec<Table>,
    /// Its tables are not to be seen: from a subquery of its FROM without LATERAL.
    pub hidden: Cell<bool>,
    /// What may stand here.
    pub clause: Cell<Clause>,
    pub has_aggregates: Cell<bool>,
    /// WINDOW, then what OVER defines.
    pub windows: RefCell<Vec<WindowDefinition>>,
}

/// A window as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WindowDefinition {
    pub name: Option<String>,
    pub spec: ast::WindowSpec,
}

/// A part of FROM as names see it.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its alias, or its name; none for a join without alias.
    pub name: Option<String>,
    /// The schema, if it may be named with it.
    pub schema: Option<String>,
    pub range: usize,
    pub columns: Vec<TableColumn>,
    /// Its columns have them without its name too: not those of a side of a join.
    pub bare: bool,
    /// It has system columns: it is no view.
    pub has_system_columns: bool,
}

/// One of its columns.
#[derive(Clone, Debug)]
pub(super) struct TableColumn {
    pub name: String,
    pub value: Expr,
}

/// A clause, by what may not stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    FromSubquery,
    FromFunction,
    JoinOn,
    Where,
    GroupBy,
    Select,
    Having,
    OrderBy,
    DistinctOn,
    Filter,
    WindowDefinition,
    Values,
    Limit,
    Offset,
    Default,
    Check,
    Generation,
    UpdateSource,
    Returning,
    CopyWhere,
}

impl Clause {
    /// How messages call it: `ParseExprKindName`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FromSubquery => "subquery in FROM",
            Self::FromFunction => "functions in FROM",
            Self::JoinOn => "JOIN conditions",
            Self::Where => "WHERE",
            Self::GroupBy => "GROUP BY",
            Self::Select => "SELECT",
            Self::Having => "HAVING",
            Self::OrderBy => "ORDER BY",
            Self::DistinctOn => "DISTINCT ON",
            Self::Filter => "FILTER",
            Self::WindowDefinition => "window definitions",
            Self::Values => "VALUES",
            Self::Limit => "LIMIT",
            Self::Offset => "OFFSET",
            Self::Default => "DEFAULT expressions",
            Self::Check => "check constraints",
            Self::Generation => "column generation expressions",
            Self::UpdateSource => "UPDATE",
            Self::Returning => "RETURNING",
            Self::CopyWhere => "COPY FROM WHERE conditions",
        }
    }
}

impl<'p> Scope<'p> {
    pub fn new(parent: Option<&'p Scope<'p>>) -> Self {
        Self {
            parent,
            ctes: Vec::new(),
            ranges: Vec::new(),
            tables: Vec::new(),
            hidden: Cell::new(false),
            clause: Cell::new(Clause::Select),
            has_aggregates: Cell::new(false),
            windows: RefCell::default(),
        }
    }

    /// It is of a query inside another.
    pub fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// What is done in a clause.
    pub fn within<T>(&self, clause: Clause, work: impl FnOnce(&Self) -> T) -> T {
        let before = self.clause.replace(clause);
        let done = work(self);
        self.clause.set(before);
        done
    }

    /// What is done while names cannot mean its tables.
    pub fn hiding<T>(&self, hide: bool, work: impl FnOnce(&Self) -> T) -> T {
        let before = self.hidden.replace(self.hidden.get() || hide);
        let done = work(self);
        self.hidden.set(before);
        done
    }

    /// The CTE of this name, with how many queries further out it is and its index there.
    pub fn cte(&self, name: &str) -> Option<(usize, usize, &Cte)> {
        let own = self.ctes.iter().enumerate().rev().find(|(_, cte)| cte.name == name);
        match own {
            Some((index, cte)) => Some((0, index, cte)),
            None => {
                let (levels, index, cte) = self.parent?.cte(name)?;
                Some((levels + 1, index, cte))
            }
        }
    }

    /// DEFAULT names no column.
    fn columns_allowed(&self, at: Option<usize>) -> Result<()> {
        match self.clause.get() {
            Clause::Default => Err(Error::at(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot use column reference in DEFAULT expression",
                at,
            )),
            _ => Ok(()),
        }
    }

    fn visible(&self) -> &[Table] {
        if self.hidden.get() { &[] } else { &self.tables }
    }

    /// The table of this name; `None` if there is none, an error if there are two.
    pub(super) fn table(&self, schema: Option<&str>, name: &Ident) -> Result<Option<&Table>> {
        let mut found = self.visible().iter().filter(|table| {
            table.name.as_deref() == Some(name.value.as_str())
                && schema.is_none_or(|schema| table.schema.as_deref() == Some(schema))
        });
        let first = found.next();
        if found.next().is_some() {
            let message = format!("table reference \"{}\" is ambiguous", name.value);
            return Err(Error::at(SqlState::from_remote("42P09"), message, position(name.span)));
        }
        Ok(first)
    }

    /// A column by its bare name, here and not further out.
    pub(super) fn bare(&self, name: &Ident) -> Result<Option<Expr>> {
        let tables = || self.visible().iter().filter(|table| table.bare);
        let columns = tables().flat_map(|table| &table.columns);
        let mut named = columns.filter(|column| column.name == name.value);
        let first = named.next().map(|column| column.value.clone());
        let twice = named.next().is_some();
        let mut of_system = tables().filter_map(|table| table.system_column(name));
        let first = first.or_else(|| of_system.next());
        if twice || of_system.next().is_some() {
            let message = format!("column reference \"{}\" is ambiguous", name.value);
            return Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, position(name.span)));
        }
        Ok(first)
    }

    /// The range that a column is of, here or further out.
    pub fn range(&self, column: ColumnRef) -> Option<&Range> {
        match column.levels_up {
            0 => self.ranges.get(column.range),
            levels_up => self.parent?.range(ColumnRef { levels_up: levels_up - 1, ..column }),
        }
    }

    /// Whether some part of FROM goes by this name, to be seen from here or not.
    fn has_range(&self, name: &str) -> bool {
        self.ranges.iter().any(|range| range.name.as_deref() == Some(name))
            || self.parent.is_some_and(|parent| parent.has_range(name))
    }

    /// The alias that a relation goes by, here or further out.
    fn alias_of(&self, oid: RelationOid) -> Option<String> {
        let mut ranges = self.ranges.iter().filter(|range| range.alias.is_some());
        let found = ranges.find(
            |range| matches!(&range.kind, RangeKind::Relation(relation) if relation.oid == oid),
        );
        let alias = found.and_then(|range| range.name.clone());
        alias.or_else(|| self.parent?.alias_of(oid))
    }

    /// Whether LATERAL would bring a table of this name into sight.
    fn is_hidden(&self, name: &str) -> bool {
        let here = || self.tables.iter().any(|table| table.name.as_deref() == Some(name));
        (self.hidden.get() && here()) || self.parent.is_some_and(|parent| parent.is_hidden(name))
    }
}

/// System columns by name, with their numbers and types.
const SYSTEM_COLUMNS: [(&str, i16, PgType); 6] = [
    ("ctid", -1, PgType::plain(27)),
    ("xmin", -2, PgType::plain(28)),
    ("cmin", -3, PgType::plain(29)),
    ("xmax", -4, PgType::plain(28)),
    ("cmax", -5, PgType::plain(29)),
    ("tableoid", ColumnRef::TABLE_OID, PgType::OID),
];

impl Table {
    fn system_column(&self, name: &Ident) -> Option<Expr> {
        let mut known = SYSTEM_COLUMNS.iter().filter(|_| self.has_system_columns);
        let (_, number, t) = known.find(|(known, ..)| *known == name.value)?;
        let column = ColumnRef { levels_up: 0, range: self.range, number: *number };
        Some(Expr::new(ExprKind::Column(column), *t, None))
    }

    /// The column of this name, system columns too.
    fn column(&self, name: &Ident) -> Result<Option<Expr>> {
        let mut named = self.columns.iter().filter(|column| column.name == name.value);
        let first = named.next().map(|column| column.value.clone());
        if named.next().is_some() {
            let message = format!("column reference \"{}\" is ambiguous", name.value);
            return Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, position(name.span)));
        }
        Ok(first.or_else(|| self.system_column(name)))
    }
}

impl Range {
    /// The range as names see it.
    pub(super) fn table(&self, index: usize, schema: Option<String>) -> Table {
        let column = |number| ColumnRef { levels_up: 0, range: index, number };
        let columns = self.columns.iter().map(|it| TableColumn {
            name: it.name.clone(),
            value: Expr::new(ExprKind::Column(column(it.number)), it.t, None),
        });
        let has_system_columns = matches!(&self.kind, RangeKind::Relation(relation)
            if relation.kind != crate::tree::RelationKind::View);
        Table {
            name: self.name.clone(),
            schema: schema.filter(|_| self.alias.is_none()),
            range: index,
            columns: columns.collect(),
            bare: true,
            has_system_columns,
        }
    }
}

impl Analyser<'_> {
    /// `a`
    pub(super) fn column(&self, scope: &Scope<'_>, name: &Ident) -> Result<Expr> {
        let at = position(name.span);
        scope.columns_allowed(at)?;
        match find_bare(scope, name)? {
            Some(found) => Ok(found.at(at)),
            None => match self.row_of(scope, None, name)? {
                Some(row) => Ok(row.at(at)),
                None => {
                    let message = format!("column \"{}\" does not exist", name.value);
                    Err(Error::at(SqlState::UNDEFINED_COLUMN, message, at))
                }
            },
        }
    }

    /// `t.a` or `s.t.a`
    pub(super) fn qualified_column(&self, scope: &Scope<'_>, parts: &[Ident]) -> Result<Expr> {
        let at = parts.first().and_then(|part| position(part.span));
        if let Some((last, row)) = parts.split_last()
            && medley_sql::construct(last).is_some()
        {
            return self.whole_row(scope, &ast::ObjectName::from(row.to_vec()));
        }
        let (schema, table, column) = self.qualified(parts)?;
        scope.columns_allowed(at)?;
        match find_qualified(scope, schema, table, column)? {
            Some(found) => Ok(found.at(at)),
            None => Err(self.missing_from(scope, schema, &table.value, at)),
        }
    }

    /// The schema, the table and the column of a dotted name.
    fn qualified<'n>(&self, parts: &'n [Ident]) -> Result<(Option<&'n str>, &'n Ident, &'n Ident)> {
        let at = parts.first().and_then(|part| position(part.span));
        match parts {
            [table, column] => Ok((None, table, column)),
            [schema, table, column] => Ok((Some(&schema.value), table, column)),
            [database, schema, table, column] if database.value == self.context.database => {
                Ok((Some(&schema.value), table, column))
            }
            [_, _, _, _] => {
                let message = format!(
                    "cross-database references are not implemented: {}",
                    super::relation::dotted(parts)
                );
                Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at))
            }
            _ => {
                let name = super::relation::dotted(parts);
                let message = format!("improper qualified name (too many dotted names): {name}");
                Err(Error::at(SqlState::SYNTAX_ERROR, message, at))
            }
        }
    }
}

fn find_bare(scope: &Scope<'_>, name: &Ident) -> Result<Option<Expr>> {
    if let Some(found) = scope.bare(name)? {
        return Ok(Some(found));
    }
    let Some(parent) = scope.parent else { return Ok(None) };
    Ok(find_bare(parent, name)?.map(further_out))
}

fn find_qualified(
    scope: &Scope<'_>,
    schema: Option<&str>,
    table: &Ident,
    name: &Ident,
) -> Result<Option<Expr>> {
    if let Some(found) = scope.table(schema, table)? {
        return match found.column(name)? {
            Some(column) => Ok(Some(column)),
            None => {
                let message = format!("column {}.{} does not exist", table.value, name.value);
                Err(Error::at(SqlState::UNDEFINED_COLUMN, message, position(table.span)))
            }
        };
    }
    let Some(parent) = scope.parent else { return Ok(None) };
    Ok(find_qualified(parent, schema, table, name)?.map(further_out))
}

/// A column of a query as it is named from a subquery of it.
pub(super) fn further_out(mut expr: Expr) -> Expr {
    raise(&mut expr);
    expr
}

fn raise(expr: &mut Expr) {
    match &mut expr.kind {
        ExprKind::Column(column) => column.levels_up += 1,
        // A merged column may be converted.
        ExprKind::Coerce(coerce) => raise(&mut coerce.arg),
        _ => {}
    }
}

impl Analyser<'_> {
    /// `errorMissingRTE`
    pub(super) fn missing_from(
        &self,
        scope: &Scope<'_>,
        schema: Option<&str>,
        name: &str,
        at: Option<usize>,
    ) -> Error {
        let relation = self.relation_named(schema, name);
        let alias = relation.and_then(|oid| scope.alias_of(oid));
        let known = scope.has_range(name);
        let message = match known || alias.is_some() {
            true => format!("invalid reference to FROM-clause entry for table \"{name}\""),
            false => format!("missing FROM-clause entry for table \"{name}\""),
        };
        let mut report = Report::error(SqlState::UNDEFINED_TABLE, message);
        if known {
            report = report.with_detail(format!(
                "There is an entry for table \"{name}\", but it cannot be referenced from this \
                 part of the query."
            ));
        } else if let Some(alias) = alias {
            let hint = format!("Perhaps you meant to reference the table alias \"{alias}\".");
            report = report.with_hint(hint);
        }
        if scope.is_hidden(name) {
            report = report
                .with_hint("To reference that table, you must mark this subquery with LATERAL.");
        }
        report.position = at;
        report.into()
    }
}
