//! Rows as values: whole rows of ranges, ROW(…), and fields of both.
use medley_catalog::ids::RelationOid;
use medley_diagnostic::SqlState;
use medley_sql::query_ast as ast;
use medley_sql::span::position;
use medley_types::PgType;

use super::Analyser;
use super::coerce::untyped;
use super::operator::no_operator;
use super::scope::{Scope, Table};
use crate::builtin;
use crate::error::{Error, Result};
use crate::resolve::{is_composite, resolve_operator};
use crate::system;
use crate::tree::{ColumnRef, Expr, ExprKind, Range, RangeKind, RowComparison};

/// `record`.
pub(super) const RECORD: PgType = PgType::plain(2249);

impl Analyser<'_> {
    /// `t.*` where one value is wanted.
    pub(super) fn whole_row(&self, scope: &Scope<'_>, name: &ast::ObjectName) -> Result<Expr> {
        let parts: Vec<ast::Ident> =
            name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let at = parts.first().and_then(|part| position(part.span));
        let (schema, table) = match parts.as_slice() {
            [table] => (None, table),
            [schema, table] => (Some(schema.value.as_str()), table),
            _ => return Err(Error::unsupported("this kind of whole-row reference").or_at(at)),
        };
        match self.row_of(scope, schema, table)? {
            Some(row) => Ok(row.at(at)),
            None => Err(self.missing_from(scope, schema, &table.value, at)),
        }
    }

    /// The whole row of a table of this name, here or further out.
    pub(super) fn row_of(
        &self,
        scope: &Scope<'_>,
        schema: Option<&str>,
        name: &ast::Ident,
    ) -> Result<Option<Expr>> {
        if let Some(table) = scope.table(schema, name)? {
            return Ok(Some(self.row_of_table(scope, table)));
        }
        let Some(parent) = scope.parent else { return Ok(None) };
        Ok(self.row_of(parent, schema, name)?.map(super::scope::further_out))
    }

    /// A function that returns one value is that value.
    fn row_of_table(&self, scope: &Scope<'_>, table: &Table) -> Expr {
        let range = &scope.ranges[table.range];
        let column = |number| ColumnRef { levels_up: 0, range: table.range, number };
        let (number, t) = match self.row_type(range) {
            Some(t) => (ColumnRef::WHOLE_ROW, t),
            None => (1, range.columns[0].t),
        };
        Expr::new(ExprKind::Column(column(number)), t, None)
    }

    /// The type of a range's rows; none for what is no row.
    fn row_type(&self, range: &Range) -> Option<PgType> {
        match &range.kind {
            RangeKind::Relation(relation) => Some(self.row_type_of(relation.oid).unwrap_or(RECORD)),
            RangeKind::Function(function) => match function.functions.as_slice() {
                [only] if !function.with_ordinality && only.definitions.is_none() => {
                    let is_row = only.call.t.oid == RECORD.oid || is_composite(only.call.t.oid);
                    is_row.then_some(only.call.t)
                }
                _ => Some(RECORD),
            },
            _ => Some(RECORD),
        }
    }

    /// `ROW(…)`, in which `t.*` is all its columns.
    pub(super) fn row_call(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        at: Option<usize>,
    ) -> Result<Expr> {
        let mut fields = Vec::new();
        if let ast::FunctionArguments::List(list) = &function.args {
            for argument in &list.args {
                match argument {
                    ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => {
                        fields.push(self.expr(scope, expr)?);
                    }
                    ast::FunctionArg::Unnamed(ast::FunctionArgExpr::QualifiedWildcard(name)) => {
                        let row = self.whole_row(scope, name)?;
                        fields.extend(self.fields(scope, &row)?.into_iter().map(|(_, it)| it));
                    }
                    _ => return Err(Error::unsupported("this kind of row").or_at(at)),
                }
            }
        }
        Ok(Expr::new(ExprKind::Row(fields), RECORD, at))
    }

    /// `(a, b)`
    pub(super) fn tuple(&self, scope: &Scope<'_>, parts: &[ast::Expr]) -> Result<Expr> {
        let fields = parts.iter().map(|part| self.expr(scope, part));
        let fields = fields.collect::<Result<Vec<_>>>()?;
        let at = fields.first().and_then(|field| field.position);
        Ok(Expr::new(ExprKind::Row(fields), RECORD, at))
    }

    /// `(row).field`
    pub(super) fn field(&self, scope: &Scope<'_>, row: Expr, name: &ast::Ident) -> Result<Expr> {
        let at = row.position;
        let known = self.known_fields(scope, &row);
        let Some(known) = known else {
            let (state, message) = match row.t.oid == RECORD.oid {
                true => (
                    SqlState::UNDEFINED_COLUMN,
                    format!("could not identify column \"{}\" in record data type", name.value),
                ),
                false => (
                    SqlState::WRONG_OBJECT_TYPE,
                    format!(
                        "column notation .{} applied to type {}, which is not a composite type",
                        name.value,
                        untyped(row.t)
                    ),
                ),
            };
            return Err(Error::at(state, message, at));
        };
        let mut named = (1..).zip(&known).filter(|(_, (it, _))| *it == name.value);
        let Some((number, (_, t))) = named.next() else {
            let message = match &row.kind {
                ExprKind::Column(column) if column.number == ColumnRef::WHOLE_ROW => {
                    let range = scope.range(*column).and_then(|range| range.name.as_deref());
                    format!("column {}.{} does not exist", range.unwrap_or_default(), name.value)
                }
                _ if row.t.oid == RECORD.oid => {
                    format!("could not identify column \"{}\" in record data type", name.value)
                }
                _ => format!(
                    "column \"{}\" not found in data type {}",
                    name.value,
                    self.type_text(row.t)
                ),
            };
            return Err(Error::at(SqlState::UNDEFINED_COLUMN, message, at));
        };
        Ok(self.field_numbered(scope, row, number, name.value.clone(), *t))
    }

    /// All fields of a row, with their names.
    pub(super) fn fields(&self, scope: &Scope<'_>, row: &Expr) -> Result<Vec<(String, Expr)>> {
        let known = self.known_fields(scope, row).ok_or_else(|| {
            let message = match row.t.oid == RECORD.oid {
                true => "record type has not been registered".to_owned(),
                false => format!("type {} is not composite", untyped(row.t)),
            };
            Error::at(SqlState::WRONG_OBJECT_TYPE, message, row.position)
        })?;
        let fields = (1..).zip(known).map(|(number, (name, t))| {
            let field = self.field_numbered(scope, row.clone(), number, name.clone(), t);
            (name, field)
        });
        Ok(fields.collect())
    }

    /// Of a whole row a field is the column.
    fn field_numbered(
        &self,
        scope: &Scope<'_>,
        row: Expr,
        number: i16,
        name: String,
        t: PgType,
    ) -> Expr {
        let at = row.position;
        if let ExprKind::Column(column) = &row.kind
            && column.number == ColumnRef::WHOLE_ROW
            && let Some(range) = scope.range(*column)
            && let Some(it) = range.columns.get(usize::try_from(number - 1).unwrap_or(usize::MAX))
        {
            let column = ColumnRef { number: it.number, ..*column };
            return Expr::new(ExprKind::Column(column), t, at);
        }
        Expr::new(ExprKind::Field(Box::new(row), number, name), t, at)
    }

    /// The names and types of a row's fields, if they are known.
    fn known_fields(&self, scope: &Scope<'_>, row: &Expr) -> Option<Vec<(String, PgType)>> {
        let of_range = |range: &Range| {
            range.columns.iter().map(|column| (column.name.clone(), column.t)).collect()
        };
        match &row.kind {
            ExprKind::Column(column) if column.number == ColumnRef::WHOLE_ROW => {
                Some(of_range(scope.range(*column)?))
            }
            ExprKind::Column(column) if row.t.oid == RECORD.oid => {
                let RangeKind::Subquery(query) = &scope.range(*column)?.kind else { return None };
                let index = usize::try_from(column.number - 1).ok()?;
                let inner = &query.outputs().nth(index)?.expr;
                match &inner.kind {
                    ExprKind::Column(column) if column.levels_up == 0 => {
                        let range = query.ranges.get(column.range)?;
                        (column.number == ColumnRef::WHOLE_ROW).then(|| of_range(range))
                    }
                    ExprKind::Column(_) => None,
                    _ => self.known_fields(scope, inner),
                }
            }
            ExprKind::Row(fields) => {
                let named = (1..).zip(fields).map(|(n, field)| (format!("f{n}"), field.t));
                Some(named.collect())
            }
            ExprKind::Function(call) if !builtin::out_columns(call.function).is_empty() => {
                let columns = builtin::out_columns(call.function).iter();
                let columns: Vec<_> =
                    columns.map(|(name, t)| ((*name).to_owned(), PgType::plain(t.0))).collect();
                (columns.len() > 1).then_some(columns)
            }
            _ => self.composite(row.t),
        }
    }

    /// The columns of the relation whose rows are of this type.
    pub(super) fn composite(&self, t: PgType) -> Option<Vec<(String, PgType)>> {
        if !is_composite(t.oid) {
            return None;
        }
        let stored = self.context.snapshot.relations().find(|it| it.row_type == t.oid.0);
        if let Some(relation) = stored {
            let columns = relation.live_columns();
            return Some(columns.map(|it| (it.name.clone(), it.pg_type)).collect());
        }
        let system = system::relations().iter().find(|it| it.row_type == t.oid.0)?;
        Some(system.columns.iter().map(|it| (it.name.to_owned(), it.pg_type)).collect())
    }

    /// The type of the rows of a relation of this name.
    pub(super) fn row_type_named(&self, name: &ast::ObjectName) -> Option<PgType> {
        let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        let (schema, name) = match parts.as_slice() {
            [name] => (None, name),
            [schema, name] => (Some(schema.value.as_str()), name),
            _ => return None,
        };
        self.row_type_of(self.relation_named(schema, &name.value)?)
    }

    fn row_type_of(&self, relation: RelationOid) -> Option<PgType> {
        let stored = self.context.snapshot.relation(relation).map(|it| it.row_type);
        let system = || system::relation_by_oid(relation.0).map(|it| it.row_type);
        stored.or_else(system).filter(|oid| *oid != 0).map(PgType::plain)
    }

    /// A type as errors call it: of a row the relation's name.
    pub(super) fn type_text(&self, t: PgType) -> String {
        let stored = || self.context.snapshot.relations().find(|it| it.row_type == t.oid.0);
        match is_composite(t.oid) {
            false => untyped(t).to_string(),
            true => stored().map_or_else(
                || untyped(t).to_string(),
                |relation| medley_sql::quote_identifier(&relation.name).into_owned(),
            ),
        }
    }

    /// `ROW(a, b) < ROW(c, d)` and its like, by the fields' operators.
    pub(super) fn row_order(
        &self,
        pairs: Vec<(Expr, Expr)>,
        name: &str,
        at: Option<usize>,
    ) -> Result<Expr> {
        if !matches!(name, "<" | "<=" | ">" | ">=") {
            let message =
                format!("could not determine interpretation of row comparison operator {name}");
            let report = medley_diagnostic::Report::error(SqlState::FEATURE_NOT_SUPPORTED, message)
                .with_hint(
                    "Row comparison operators must be associated with btree operator families.",
                );
            return Err(Error::from(report).or_at(at));
        }
        let begin = pairs.first().and_then(|(left, _)| left.position);
        let mut comparison =
            RowComparison { operators: Vec::new(), left: Vec::new(), right: Vec::new() };
        for (left, right) in pairs {
            let (operator, found) = resolve_operator(name, Some(left.t), right.t)
                .map_err(|failure| no_operator(failure, name, Some(left.t), right.t, at))?;
            let operands = self.coerce_arguments(vec![left, right], &found)?;
            let [left, right] = <[Expr; 2]>::try_from(operands)
                .map_err(|_| Error::Internal("an operator of other than two".to_owned()))?;
            comparison.operators.push(operator.oid);
            comparison.left.push(left);
            comparison.right.push(right);
        }
        let kind = ExprKind::RowComparison(Box::new(comparison));
        Ok(Expr::new(kind, PgType::BOOL, begin.or(at)))
    }
}
