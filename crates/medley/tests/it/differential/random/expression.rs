//! Random expressions of a type over the columns in scope.
use rand::Rng;
use rand::seq::IndexedRandom;

use super::data::Type;
use super::query::{Column, Query};

const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

impl Query<'_> {
    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices.choose(self.random).unwrap()
    }

    fn column(&mut self, t: Type, scope: &[Column]) -> Option<String> {
        let fitting: Vec<_> = scope.iter().filter(|column| column.t == t).collect();
        fitting.choose(self.random).map(|column| column.name.clone())
    }

    /// An expression; the deeper, the plainer.
    pub fn expression(&mut self, t: Type, scope: &[Column], depth: usize) -> String {
        let plain = depth == 0 || self.random.random_bool(0.35);
        if plain {
            let literal = self.random.random_bool(0.1);
            let column = if literal { None } else { self.column(t, scope) };
            return column.unwrap_or_else(|| t.literal(self.random));
        }
        let depth = depth - 1;
        match self.random.random_range(0..8) {
            0 => {
                let condition = self.condition(scope, depth);
                let (yes, no) =
                    (self.expression(t, scope, depth), self.expression(t, scope, depth));
                format!("CASE WHEN {condition} THEN {yes} ELSE {no} END")
            }
            1 => {
                let (one, two) =
                    (self.expression(t, scope, depth), self.expression(t, scope, depth));
                let name = self.pick(&["coalesce", "greatest", "least", "nullif"]);
                format!("{name}({one}, {two})")
            }
            _ => self.computed(t, scope, depth),
        }
    }

    /// By an operator or a function of the type's own.
    fn computed(&mut self, t: Type, scope: &[Column], depth: usize) -> String {
        let mut e = |t| self.expression(t, scope, depth);
        match t {
            Type::Bool => self.condition(scope, depth),
            Type::Small => format!("({} % 5::smallint)", e(Type::Small)),
            Type::Int => {
                let (a, b, x) = (e(Type::Int), e(Type::Int), e(Type::Text));
                let (d, s) = (e(Type::Date), e(Type::Small));
                match self.random.random_range(0..9) {
                    0 => format!("({a} + {b})"),
                    1 => format!("({a} - {b})"),
                    2 => format!("({a} * 3)"),
                    3 => format!("({a} / 4)"),
                    4 => format!("({a} % 7)"),
                    5 => format!("abs({a})"),
                    6 => format!("length({x})"),
                    7 => format!("({d} - DATE '2001-01-01')"),
                    _ => format!("({s} + {a})"),
                }
            }
            Type::Big => {
                let (a, b) = (e(Type::Int), e(Type::Big));
                match self.random.random_range(0..4) {
                    0 => format!("({b} + {a})"),
                    1 => format!("{a}::bigint"),
                    2 => format!("({b} * 2)"),
                    _ => format!("(-{b})"),
                }
            }
            Type::Numeric => {
                let (n, m, a, d) =
                    (e(Type::Numeric), e(Type::Numeric), e(Type::Int), e(Type::Date));
                match self.random.random_range(0..9) {
                    0 => format!("({n} + {m})"),
                    1 => format!("({n} * {m})"),
                    2 => format!("({n} - {a})"),
                    3 => format!("round({n}, 1)"),
                    4 => format!("{a}::numeric"),
                    5 => format!("EXTRACT(month FROM {d})"),
                    6 => format!("({n} / 8)"),
                    7 => format!("trunc({n})"),
                    _ => format!("{n}::numeric(12,3)"),
                }
            }
            Type::Float => {
                let (f, a) = (e(Type::Float), e(Type::Int));
                let forms = [
                    format!("({f} * 0.5)"),
                    format!("({f} + 1)"),
                    format!("{a}::float8"),
                    format!("abs({f})"),
                ];
                forms.choose(self.random).unwrap().clone()
            }
            Type::Text => {
                let (x, y, a, d, n) =
                    (e(Type::Text), e(Type::Text), e(Type::Int), e(Type::Date), e(Type::Numeric));
                match self.random.random_range(0..11) {
                    0 => format!("({x} || {y})"),
                    1 => format!("lower({x})"),
                    2 => format!("upper({x})"),
                    3 => format!("substring({x} FROM 1 FOR 2)"),
                    4 => format!("left({x}, 1)"),
                    5 => format!("{a}::text"),
                    6 => format!("{d}::text"),
                    7 => format!("replace({x}, 'a', 'xy')"),
                    8 => format!("trim({x})"),
                    9 => format!("{n}::text"),
                    _ => format!("({x} || {a})"),
                }
            }
            Type::Date => format!("({} + {})", e(Type::Date), self.random.random_range(-9..9)),
            Type::Timestamp => {
                let (ts, d) = (e(Type::Timestamp), e(Type::Date));
                let forms = [
                    format!("({ts} + interval '1 day')"),
                    format!("{d}::timestamp"),
                    format!("date_trunc('month', {ts})"),
                ];
                forms.choose(self.random).unwrap().clone()
            }
            Type::Timestamptz => format!("({} - interval '90 minutes')", e(Type::Timestamptz)),
            Type::Interval => {
                let (iv, a, b) = (e(Type::Interval), e(Type::Timestamp), e(Type::Timestamp));
                let forms = [format!("({iv} + interval '1 hour')"), format!("({a} - {b})")];
                forms.choose(self.random).unwrap().clone()
            }
        }
    }

    /// Something true, false or unknown.
    pub fn condition(&mut self, scope: &[Column], depth: usize) -> String {
        if depth == 0 {
            let column = self.column(Type::Bool, scope);
            return column.unwrap_or_else(|| self.comparison(scope, 0));
        }
        let depth = depth - 1;
        match self.random.random_range(0..14) {
            0 => format!("({} AND {})", self.condition(scope, depth), self.condition(scope, depth)),
            1 => format!("({} OR {})", self.condition(scope, depth), self.condition(scope, depth)),
            2 => format!("(NOT {})", self.condition(scope, depth)),
            3 => {
                let t = *Type::ALL.choose(self.random).unwrap();
                format!(
                    "({} IS {}NULL)",
                    self.expression(t, scope, depth),
                    self.pick(&["", "NOT "])
                )
            }
            4 => {
                let x = self.expression(Type::Text, scope, depth);
                let pattern = self.pick(&["'a%'", "'%b%'", "'_'", "''", "'%'", "'Z%ë'"]);
                format!("({x} {} {pattern})", self.pick(&["LIKE", "NOT LIKE"]))
            }
            5 => {
                let t = *[Type::Int, Type::Text, Type::Numeric, Type::Date]
                    .choose(self.random)
                    .unwrap();
                let list: Vec<_> = (0..3).map(|_| t.literal(self.random)).collect();
                let value = self.expression(t, scope, depth);
                format!("({value} {}IN ({}))", self.pick(&["", "NOT "]), list.join(", "))
            }
            6 => {
                let t = *[Type::Int, Type::Numeric, Type::Date].choose(self.random).unwrap();
                let value = self.expression(t, scope, depth);
                format!(
                    "({value} BETWEEN {} AND {})",
                    t.literal(self.random),
                    t.literal(self.random)
                )
            }
            7 => {
                let t = *Type::ALL.choose(self.random).unwrap();
                let (one, two) =
                    (self.expression(t, scope, depth), self.expression(t, scope, depth));
                format!("({one} IS {}DISTINCT FROM {two})", self.pick(&["", "NOT "]))
            }
            8 if self.subqueries > 0 => self.subquery_condition(scope),
            _ => self.comparison(scope, depth),
        }
    }

    pub fn comparison(&mut self, scope: &[Column], depth: usize) -> String {
        let t = *Type::ALL.choose(self.random).unwrap();
        let (one, two) = (self.expression(t, scope, depth), self.expression(t, scope, depth));
        format!("({one} {} {two})", self.pick(&COMPARISONS))
    }
}
