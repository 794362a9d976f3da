//! Random queries.
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::data::{TABLES, Type};

/// A column that an expression may name.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub t: Type,
}

/// A query that is being made.
pub struct Query<'a> {
    pub random: &'a mut StdRng,
    aliases: usize,
    /// How many more subqueries it may have.
    pub subqueries: usize,
}

/// Types of a query's columns, when they must be these.
type Wanted<'a> = Option<&'a [Type]>;

impl<'a> Query<'a> {
    /// A whole query: in an order that leaves no choice, or in any.
    pub fn whole(random: &'a mut StdRng) -> String {
        let mut query = Query { random, aliases: 0, subqueries: 2 };
        let (mut sql, types) = query.with_set_operations();
        if query.random.random_bool(0.4) {
            let keys: Vec<_> = (1..=types.len())
                .map(|n| {
                    format!("{n}{}", query.pick(&["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]))
                })
                .collect();
            sql.push_str(&format!(" ORDER BY {}", keys.join(", ")));
            if query.random.random_bool(0.5) {
                sql.push_str(&format!(" LIMIT {}", query.random.random_range(0..12)));
            }
            if query.random.random_bool(0.3) {
                sql.push_str(&format!(" OFFSET {}", query.random.random_range(0..5)));
            }
        }
        sql
    }

    fn with_set_operations(&mut self) -> (String, Vec<Type>) {
        let (one, types) = self.select(&[], None);
        if !self.random.random_bool(0.15) {
            return (one, types);
        }
        let (two, _) = self.select(&[], Some(&types));
        let operator = self.pick(&[
            "UNION",
            "UNION ALL",
            "INTERSECT",
            "EXCEPT",
            "INTERSECT ALL",
            "EXCEPT ALL",
        ]);
        (format!("({one}) {operator} ({two})"), types)
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("q{}", self.aliases)
    }

    /// A SELECT, whose columns are named `c0`, `c1` …
    fn select(&mut self, outer: &[Column], wanted: Wanted<'_>) -> (String, Vec<Type>) {
        let (from, mut scope) = self.from();
        let own = scope.clone();
        scope.extend_from_slice(outer);
        let filter = match self.random.random_range(0..10) {
            0..7 => format!(" WHERE {}", self.condition(&scope, 2)),
            _ => String::new(),
        };
        let types = match wanted {
            Some(types) => types.to_vec(),
            None => self.types(&scope),
        };
        let kind = self.random.random_range(0..10);
        let body = match kind {
            0..6 => self.plain(&types, &scope),
            6..9 => self.grouped(&types, &own, &from, &filter),
            _ => self.windowed(&types, &scope),
        };
        let sql = if body.starts_with("SELECT") {
            body
        } else {
            format!("SELECT {body} FROM {from}{filter}")
        };
        (sql, types)
    }

    /// Mostly such as there are columns of.
    fn types(&mut self, scope: &[Column]) -> Vec<Type> {
        let count = self.random.random_range(1..5);
        let each = |_| match scope.choose(self.random) {
            Some(column) if self.random.random_bool(0.8) => column.t,
            _ => *Type::ALL.choose(self.random).unwrap(),
        };
        (0..count).map(each).collect()
    }

    fn plain(&mut self, types: &[Type], scope: &[Column]) -> String {
        let columns = self.list(types, |query, t| query.expression(t, scope, 2));
        let distinct = if self.random.random_bool(0.15) { "DISTINCT " } else { "" };
        format!("{distinct}{columns}")
    }

    fn list(&mut self, types: &[Type], mut each: impl FnMut(&mut Self, Type) -> String) -> String {
        let column = |(n, &t): (usize, &Type)| format!("{} AS c{n}", each(self, t));
        types.iter().enumerate().map(column).collect::<Vec<_>>().join(", ")
    }

    /// Groups by some columns; the others of the list are aggregates.
    fn grouped(&mut self, types: &[Type], scope: &[Column], from: &str, filter: &str) -> String {
        let count = self.random.random_range(0..3);
        let keys: Vec<Column> =
            (0..count).map(|_| scope.choose(self.random).unwrap().clone()).collect();
        let columns = self.list(types, |query, t| {
            let key = keys.iter().find(|key| key.t == t).map(|key| key.name.clone());
            match key {
                Some(key) if query.random.random_bool(0.7) => key,
                _ => query.aggregate(t, scope),
            }
        });
        let names: Vec<_> = keys.iter().map(|key| key.name.as_str()).collect();
        let group = if names.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", names.join(", "))
        };
        let having = if self.random.random_bool(0.3) {
            format!(
                " HAVING {} > {}",
                self.aggregate(Type::Big, scope),
                self.random.random_range(0..4)
            )
        } else {
            String::new()
        };
        format!("SELECT {columns} FROM {from}{filter}{group}{having}")
    }

    /// An aggregate whose result is of this type.
    fn aggregate(&mut self, t: Type, scope: &[Column]) -> String {
        let filter = if self.random.random_bool(0.2) {
            format!(" FILTER (WHERE {})", self.condition(scope, 1))
        } else {
            String::new()
        };
        let mut e = |t| self.expression(t, scope, 1);
        let call = match t {
            Type::Big => {
                let (a, x) = (e(Type::Int), e(Type::Text));
                let forms = [
                    "count(*)".to_owned(),
                    format!("count({x})"),
                    format!("count(DISTINCT {a})"),
                    format!("sum({a})"),
                    format!("sum(DISTINCT {a})"),
                ];
                forms.choose(self.random).unwrap().clone()
            }
            Type::Numeric => {
                let (n, a, b) = (e(Type::Numeric), e(Type::Int), e(Type::Big));
                let forms = [
                    format!("sum({n})"),
                    format!("avg({a})"),
                    format!("sum({b})"),
                    format!("avg({n})"),
                    format!("max({n})"),
                ];
                forms.choose(self.random).unwrap().clone()
            }
            Type::Float => {
                let f = e(Type::Float);
                format!("{}({f})", self.pick(&["sum", "min", "max", "avg"]))
            }
            Type::Bool => {
                let value = e(Type::Bool);
                format!("{}({value})", self.pick(&["bool_and", "bool_or", "every"]))
            }
            Type::Text => {
                let x = format!("{}::text", e(Type::Text));
                let forms = [
                    format!("min({x})"),
                    format!("max({x})"),
                    format!("string_agg({x}, ',' ORDER BY {x})"),
                    format!("string_agg(DISTINCT {x}, ',' ORDER BY {x})"),
                ];
                forms.choose(self.random).unwrap().clone()
            }
            t => {
                let value = e(t);
                format!("{}({value})", self.pick(&["min", "max"]))
            }
        };
        format!("{call}{filter}")
    }

    /// Windows whose answer does not depend on the order of peers.
    fn windowed(&mut self, types: &[Type], scope: &[Column]) -> String {
        self.list(types, |query, t| {
            let partition = query.expression(Type::Int, scope, 0);
            let order = query.expression(Type::Date, scope, 0);
            let over =
                query.pick(&["", "PARTITION BY p", "ORDER BY o", "PARTITION BY p ORDER BY o DESC"]);
            let over = over
                .replace("BY p", &format!("BY {partition}"))
                .replace("BY o", &format!("BY {order}"));
            match t {
                Type::Big => {
                    let name = query.pick(&["rank()", "dense_rank()", "count(*)"]);
                    format!("{name} OVER ({over})")
                }
                Type::Numeric => {
                    format!("sum({}) OVER ({over})", query.expression(Type::Numeric, scope, 1))
                }
                t => format!("max({}) OVER ({over})", query.expression(t, scope, 1))
                    .replace("max(", if t == Type::Bool { "bool_or(" } else { "max(" }),
            }
        })
    }

    /// FROM, and the columns it gives.
    fn from(&mut self) -> (String, Vec<Column>) {
        let (mut sql, mut scope) = self.item();
        for _ in 0..self.random.random_range(0..3) {
            let (item, columns) = self.item();
            let kind = self.pick(&[
                "JOIN",
                "JOIN",
                "LEFT JOIN",
                "LEFT JOIN",
                "RIGHT JOIN",
                "FULL JOIN",
                "CROSS JOIN",
            ]);
            let equality = self.equality(&scope, &columns);
            scope.extend(columns);
            let condition = match (kind, equality) {
                ("CROSS JOIN", _) => String::new(),
                // PostgreSQL has no other full joins.
                ("FULL JOIN", equality) => format!(" ON {equality}"),
                (_, equality) if self.random.random_bool(0.7) => format!(" ON {equality}"),
                (_, equality) => format!(" ON {equality} AND {}", self.condition(&scope, 1)),
            };
            sql = format!("{sql} {kind} {item}{condition}");
        }
        (sql, scope)
    }

    /// A column of each side that may be equal.
    fn equality(&mut self, left: &[Column], right: &[Column]) -> String {
        let pairs: Vec<_> = left
            .iter()
            .flat_map(|l| {
                right.iter().filter(move |r| r.t == l.t && l.t != Type::Bool).map(move |r| (l, r))
            })
            .collect();
        match pairs.choose(self.random) {
            Some((left, right)) => format!("{} = {}", left.name, right.name),
            None => "1 = 1".to_owned(),
        }
    }

    fn item(&mut self) -> (String, Vec<Column>) {
        let alias = self.alias();
        if self.subqueries > 0 && self.random.random_bool(0.15) {
            self.subqueries -= 1;
            let (sql, types) = self.select(&[], None);
            let column = |(n, &t): (usize, &Type)| Column { name: format!("{alias}.c{n}"), t };
            return (format!("({sql}) {alias}"), types.iter().enumerate().map(column).collect());
        }
        let table = TABLES.choose(self.random).unwrap();
        let column = |&(name, t): &(&str, Type)| Column { name: format!("{alias}.{name}"), t };
        (format!("{} {alias}", table.name), table.columns.iter().map(column).collect())
    }

    /// EXISTS, IN, ANY, or a comparison with a single value.
    pub fn subquery_condition(&mut self, scope: &[Column]) -> String {
        self.subqueries -= 1;
        let correlated = self.random.random_bool(0.6);
        let outer = if correlated { scope.to_vec() } else { Vec::new() };
        let t = *[Type::Int, Type::Text, Type::Numeric, Type::Date].choose(self.random).unwrap();
        let value = self.expression(t, scope, 0);
        match self.random.random_range(0..4) {
            0 => format!(
                "({}EXISTS ({}))",
                self.pick(&["", "NOT "]),
                self.select(&outer, Some(&[t])).0
            ),
            1 => format!(
                "({value} {}IN ({}))",
                self.pick(&["", "NOT "]),
                self.select(&outer, Some(&[t])).0
            ),
            2 => format!(
                "({value} {} ({}))",
                self.pick(&["= ANY", "> ALL", "<> ALL"]),
                self.select(&outer, Some(&[t])).0
            ),
            _ => {
                let (from, mut inner) = self.from();
                let condition = {
                    inner.extend(outer);
                    self.condition(&inner, 1)
                };
                let own: Vec<_> = inner
                    .iter()
                    .filter(|c| !scope.iter().any(|o| o.name == c.name))
                    .cloned()
                    .collect();
                let aggregate = self.aggregate(Type::Big, &own);
                let number = self.expression(Type::Big, scope, 0);
                format!("({number} < (SELECT {aggregate} FROM {from} WHERE {condition}))")
            }
        }
    }
}
