//! What PostgreSQL calls a column without AS: `FigureColname`.
use medley_sql::Construct;
use medley_sql::query_ast as ast;

/// The column's name.
pub(super) fn output_name(expr: &ast::Expr) -> String {
    figure_name(expr).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
}

/// With how strong the name is: 2 for a column's or function's, 1 for a type's or CASE's.
fn figure_name(expr: &ast::Expr) -> Option<(String, u8)> {
    use ast::Expr as E;
    let strong = |name: &str| Some((name.to_owned(), 2));
    match expr {
        E::Identifier(name) => strong(&name.value),
        E::CompoundIdentifier(parts) => strong(&parts.last()?.value),
        E::Nested(inner) => figure_name(inner),
        E::CompoundFieldAccess { root, access_chain } => {
            let field = access_chain.iter().rev().find_map(|access| match access {
                ast::AccessExpr::Dot(E::Identifier(name)) => Some((name.value.clone(), 2)),
                _ => None,
            });
            field.or_else(|| figure_name(root))
        }
        E::Collate { expr, .. } => figure_name(expr),
        E::Prefixed { prefix, value } if prefix.value.is_empty() => figure_name(value),
        E::IsNormalized { negated: false, .. } => strong("is_normalized"),
        E::Function(function) => match super::construct::of(expr) {
            Some((construct, args)) => construct_name(construct, &args).map(|name| (name, 2)),
            None => {
                let last = function.name.0.last()?.to_string();
                strong(last.trim_matches('"'))
            }
        },
        E::Cast { expr, data_type, .. } => figure_name(expr)
            .filter(|(_, strength)| *strength == 2)
            .or_else(|| type_name(data_type)),
        E::TypedString(typed) => type_name(&typed.data_type),
        E::Interval(_) => Some(("interval".to_owned(), 1)),
        E::Case { else_result, .. } => {
            let inner = else_result.as_deref().and_then(figure_name);
            inner.filter(|(_, strength)| *strength == 2).or(Some(("case".to_owned(), 1)))
        }
        E::Exists { negated: false, .. } => strong("exists"),
        E::Subquery(query) => subquery_name(query),
        E::Array(_) => strong("array"),
        E::Tuple(_) => strong("row"),
        E::BinaryOp { op: ast::BinaryOperator::Overlaps, .. } => strong("overlaps"),
        E::Extract { .. } => strong("extract"),
        E::AtTimeZone { .. } => strong("timezone"),
        E::Position { .. } => strong("position"),
        E::Substring { .. } => strong("substring"),
        E::Overlay { .. } => strong("overlay"),
        E::Ceil { .. } => strong("ceil"),
        E::Floor { .. } => strong("floor"),
        E::Trim { trim_where, .. } => strong(match trim_where {
            None | Some(ast::TrimWhereField::Both) => "btrim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        }),
        E::Value(value) if matches!(value.value, ast::Value::Boolean(_)) => {
            Some(("bool".to_owned(), 1))
        }
        _ => None,
    }
}

fn construct_name(construct: Construct, args: &[&ast::Expr]) -> Option<String> {
    let name = match construct {
        Construct::AtLocal => "timezone",
        Construct::CollationFor => "pg_collation_for",
        Construct::Normalize => "normalize",
        Construct::Trim => super::construct::word(args.first()?),
        _ => return None,
    };
    Some(name.to_owned())
}

fn type_name(data_type: &ast::DataType) -> Option<(String, u8)> {
    let t = crate::type_name::resolve(data_type).ok()?;
    let named = t.element().filter(|_| t.info().is_some_and(|info| info.name.starts_with('_')));
    Some((named.unwrap_or(t).info()?.name.to_owned(), 1))
}

fn subquery_name(query: &ast::Query) -> Option<(String, u8)> {
    let ast::SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.projection.first()? {
        ast::SelectItem::ExprWithAlias { alias, .. } => Some((alias.value.clone(), 2)),
        ast::SelectItem::UnnamedExpr(expr) => figure_name(expr),
        _ => None,
    }
}
