//! FROM and joins.
use ast::{JoinConstraint, JoinOperator};
use medley_diagnostic::SqlState;
use medley_sql::Construct;
use medley_sql::query_ast as ast;
use medley_sql::span::position;

use super::Analyser;
use super::operator::joined;
use super::query::alias_columns;
use super::scope::{Clause, Scope, Table, TableColumn};
use crate::error::{Error, Result};
use crate::tree::{
    Alias, BoolOp, ColumnRef, Expr, ExprKind, FromItem, Join, JoinColumn, JoinKind, JoinRange,
    Range, RangeColumn, RangeKind,
};

/// A part of FROM, with what names can mean in it.
pub(super) struct Side {
    pub item: FromItem,
    pub tables: Vec<Table>,
}

impl Side {
    /// What it shows without a table's name.
    fn columns(&self) -> Vec<TableColumn> {
        let bare = self.tables.iter().filter(|table| table.bare);
        bare.flat_map(|table| table.columns.iter().cloned()).collect()
    }
}

impl Analyser<'_> {
    /// FROM; its tables can be named from now on.
    pub(super) fn from(
        &self,
        scope: &mut Scope<'_>,
        from: &[ast::TableWithJoins],
    ) -> Result<Vec<FromItem>> {
        let mut items = Vec::with_capacity(from.len());
        for item in from {
            let side = self.joined(scope, item)?;
            no_duplicates(scope, &scope.tables, &side.tables)?;
            scope.tables.extend(side.tables);
            items.push(side.item);
        }
        Ok(items)
    }

    pub(super) fn joined(&self, scope: &mut Scope<'_>, item: &ast::TableWithJoins) -> Result<Side> {
        let mut left = self.factor(scope, &item.relation)?;
        for join in &item.joins {
            // The right side may name what stands left of it, if it is LATERAL.
            let before = scope.tables.len();
            scope.tables.extend(left.tables.iter().cloned());
            let right = self.factor(scope, &join.relation);
            scope.tables.truncate(before);
            left = self.join(scope, left, right?, join)?;
        }
        Ok(left)
    }

    fn join(
        &self,
        scope: &mut Scope<'_>,
        left: Side,
        right: Side,
        join: &ast::Join,
    ) -> Result<Side> {
        let (kind, constraint) = join_kind(&join.join_operator)?;
        no_duplicates(scope, &left.tables, &right.tables)?;
        let (left_columns, right_columns) = (left.columns(), right.columns());
        let mut using_alias = None;
        let names = match constraint {
            JoinConstraint::Using(names) => {
                let (names, alias) = using_names(names)?;
                using_alias = alias;
                names
            }
            JoinConstraint::Natural => natural_names(&left_columns, &right_columns),
            JoinConstraint::On(_) | JoinConstraint::None => Vec::new(),
        };
        let pairs = pairs(&names, &left_columns, &right_columns)?;
        let mut tables = left.tables;
        tables.extend(right.tables);
        let on = match constraint {
            JoinConstraint::On(condition) => {
                let outside = std::mem::replace(&mut scope.tables, tables.clone());
                let condition = scope.within(Clause::JoinOn, |scope| self.expr(scope, condition));
                scope.tables = outside;
                Some(self.boolean(condition?, "JOIN/ON")?)
            }
            _ => self.equal(&pairs)?,
        };
        let merged = self.merged(kind, &pairs)?;
        let rest = |columns: Vec<TableColumn>| {
            columns.into_iter().filter(|column| names.iter().all(|it| it.value != column.name))
        };
        let range = scope.ranges.len();
        let (ranges, columns) =
            join_columns(range, merged, rest(left_columns).chain(rest(right_columns)));
        scope.ranges.push(Range {
            columns: ranges.0,
            kind: RangeKind::Join(JoinRange { kind, merged: names.len(), columns: ranges.1 }),
            alias: None,
            name: None,
            lateral: false,
            in_from: true,
        });
        tables.iter_mut().for_each(|table| table.bare = false);
        if let Some(alias) = &using_alias {
            let merged = Table {
                name: Some(alias.clone()),
                schema: None,
                range,
                columns: columns.iter().take(names.len()).cloned().collect(),
                bare: false,
                has_system_columns: false,
            };
            no_duplicates(scope, &tables, std::slice::from_ref(&merged))?;
            tables.push(merged);
        }
        tables.push(Table {
            name: None,
            schema: None,
            range,
            columns,
            bare: true,
            has_system_columns: false,
        });
        let join = Join {
            kind,
            left: left.item,
            right: right.item,
            using: names.into_iter().map(|name| name.value).collect(),
            using_alias,
            natural: matches!(constraint, JoinConstraint::Natural),
            on,
            alias: None,
            range,
        };
        Ok(Side { item: FromItem::Join(Box::new(join)), tables })
    }

    /// `(a JOIN b …) AS j`: only the whole is to be named.
    pub(super) fn aliased_join(
        &self,
        scope: &mut Scope<'_>,
        side: Side,
        alias: &ast::TableAlias,
    ) -> Result<Side> {
        let FromItem::Join(mut join) = side.item else {
            return Err(Error::unsupported("this kind of relation in FROM"));
        };
        let name = alias.name.value.clone();
        let columns = alias_columns(alias);
        let range = &mut scope.ranges[join.range];
        super::relation::rename(&mut range.columns, &name, &columns)?;
        range.alias = Some(Alias { name: name.clone(), columns });
        range.name = Some(name);
        join.alias.clone_from(&range.alias);
        let table = range.table(join.range, None);
        Ok(Side { item: FromItem::Join(join), tables: vec![table] })
    }

    /// What USING comes to: equality of each pair.
    fn equal(&self, pairs: &[Pair]) -> Result<Option<Expr>> {
        if pairs.is_empty() {
            return Ok(None);
        }
        let all = pairs.iter().map(|it| self.operate("=", it.left.clone(), it.right.clone(), None));
        Ok(Some(joined(BoolOp::And, all.collect::<Result<_>>()?)))
    }

    fn merged(&self, kind: JoinKind, pairs: &[Pair]) -> Result<Vec<(String, JoinColumn)>> {
        let merged = pairs.iter().map(|pair| {
            let sides = vec![pair.left.clone(), pair.right.clone()];
            let (sides, t) = self.to_common(sides, "JOIN/USING")?;
            let [left, right] = <[Expr; 2]>::try_from(sides)
                .map_err(|_| Error::Internal("a pair of other than two".to_owned()))?;
            let is_column = |expr: &Expr| matches!(expr.kind, ExprKind::Column(_));
            let value = match kind {
                JoinKind::Left => left,
                JoinKind::Right => right,
                JoinKind::Inner if !is_column(&left) && is_column(&right) => right,
                JoinKind::Inner => left,
                JoinKind::Full => Expr::new(ExprKind::Coalesce(vec![left, right]), t, None),
            };
            let sides = Some(Box::new((pair.left.clone(), pair.right.clone())));
            Ok((pair.name.clone(), JoinColumn { value, sides }))
        });
        merged.collect()
    }
}

/// Two columns that USING merges.
struct Pair {
    name: String,
    left: Expr,
    right: Expr,
}

fn pairs(names: &[ast::Ident], left: &[TableColumn], right: &[TableColumn]) -> Result<Vec<Pair>> {
    let pairs = names.iter().map(|name| {
        let at = position(name.span);
        Ok(Pair {
            name: name.value.clone(),
            left: only_column(left, name, "left")?.at(at),
            right: only_column(right, name, "right")?.at(at),
        })
    });
    pairs.collect()
}

type JoinColumns = ((Vec<RangeColumn>, Vec<JoinColumn>), Vec<TableColumn>);

/// The columns of a join: in the range table, and as names see them.
fn join_columns(
    range: usize,
    merged: Vec<(String, JoinColumn)>,
    rest: impl Iterator<Item = TableColumn>,
) -> JoinColumns {
    let rest = rest.map(|it| (it.name, JoinColumn { value: it.value, sides: None }));
    let mut all = JoinColumns::default();
    for (number, (name, column)) in (1..).zip(merged.into_iter().chain(rest)) {
        let t = column.value.t;
        let own = ExprKind::Column(ColumnRef { levels_up: 0, range, number });
        let value = match &column.value.kind {
            ExprKind::Column(_) => column.value.clone().at(None),
            _ => Expr::new(own, t, None),
        };
        all.0.0.push(RangeColumn { name: name.clone(), number, t });
        all.0.1.push(column);
        all.1.push(TableColumn { name, value });
    }
    all
}

fn join_kind(operator: &JoinOperator) -> Result<(JoinKind, &JoinConstraint)> {
    Ok(match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::CrossJoin(constraint) => (JoinKind::Inner, constraint),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
            (JoinKind::Left, constraint)
        }
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            (JoinKind::Right, constraint)
        }
        JoinOperator::FullOuter(constraint) => (JoinKind::Full, constraint),
        _ => return Err(Error::unsupported("this kind of join")),
    })
}

/// A name stands for one part of FROM; relations of two schemas may share it if they have no
/// alias.
fn no_duplicates(scope: &Scope<'_>, left: &[Table], right: &[Table]) -> Result<()> {
    let relation = |table: &Table| match &scope.ranges[table.range] {
        Range { kind: RangeKind::Relation(it), alias: None, .. } => Some(it.oid),
        _ => None,
    };
    let conflicts = |a: &Table, b: &Table| match (relation(a), relation(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    for table in right.iter().filter(|table| table.name.is_some()) {
        if left.iter().any(|it| it.name == table.name && conflicts(it, table)) {
            let name = table.name.as_deref().unwrap_or_default();
            let message = format!("table name \"{name}\" specified more than once");
            return Err(Error::at(SqlState::DUPLICATE_ALIAS, message, None));
        }
    }
    Ok(())
}

/// The column of USING on one side.
fn only_column(columns: &[TableColumn], name: &ast::Ident, side: &str) -> Result<Expr> {
    let mut named = columns.iter().filter(|column| column.name == name.value);
    let first = named.next().ok_or_else(|| {
        let message = format!(
            "column \"{}\" specified in USING clause does not exist in {side} table",
            name.value
        );
        Error::at(SqlState::UNDEFINED_COLUMN, message, None)
    })?;
    if named.next().is_some() {
        let message =
            format!("common column name \"{}\" appears more than once in {side} table", name.value);
        return Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, None));
    }
    Ok(first.value.clone())
}

/// The columns, and the alias of what they are merged to.
fn using_names(names: &[ast::ObjectName]) -> Result<(Vec<ast::Ident>, Option<String>)> {
    let mut found: Vec<ast::Ident> = Vec::with_capacity(names.len());
    let mut using_alias = None;
    for name in names {
        let Some(ast::ObjectNamePart::Identifier(name)) = name.0.last() else { continue };
        if let Some((Construct::UsingAlias, alias)) = medley_sql::construct(name) {
            using_alias = Some(alias.to_owned());
            continue;
        }
        if found.iter().any(|known| known.value == name.value) {
            let message =
                format!("column name \"{}\" appears more than once in USING clause", name.value);
            return Err(Error::at(SqlState::DUPLICATE_COLUMN, message, None));
        }
        found.push(name.clone());
    }
    Ok((found, using_alias))
}

fn natural_names(left: &[TableColumn], right: &[TableColumn]) -> Vec<ast::Ident> {
    let shared = left.iter().filter(|it| right.iter().any(|other| other.name == it.name));
    shared.map(|column| ast::Ident::new(column.name.clone())).collect()
}
