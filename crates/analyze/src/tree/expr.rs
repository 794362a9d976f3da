//! Expressions.
use medley_types::{CollationOid, PgType};

use super::query::Query;
use crate::builtin;

/// An expression with its type.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type, with typmod and collation.
    pub t: PgType,
    /// Where it stands in the text: characters from 1, if that is known.
    pub position: Option<usize>,
}

/// Where expressions stand makes no difference between them.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.t == other.t
    }
}

impl Eq for Expr {}

impl Expr {
    /// An expression of this type.
    pub fn new(kind: ExprKind, t: PgType, position: Option<usize>) -> Self {
        Self { kind, t, position }
    }

    /// The same, as if it stood elsewhere.
    pub fn at(mut self, position: Option<usize>) -> Self {
        self.position = position;
        self
    }

    /// A string literal, NULL or parameter that nothing has given a type yet.
    pub fn is_untyped(&self) -> bool {
        self.t.oid == PgType::UNKNOWN.oid
            && matches!(self.kind, ExprKind::Constant(_) | ExprKind::Parameter(_))
    }
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A column.
    Column(ColumnRef),
    /// A constant as its type's output function writes it under
    /// [`Style::default`](medley_types::Style); none for NULL. What only the catalog can read
    /// (`regclass`) is as it was given.
    Constant(Option<String>),
    /// `$n`, from 0.
    Parameter(usize),
    /// A function's call.
    Function(FunctionCall),
    /// An operator.
    Operator(OperatorCall),
    /// `x op ANY (array)`, `x op ALL (array)`; an IN list of constants too.
    ArrayComparison(ArrayComparison),
    /// AND, OR of two or more, NOT of one.
    Bool(BoolOp, Vec<Expr>),
    /// IS NULL; IS NOT NULL if the flag is set.
    NullTest(Box<Expr>, bool),
    /// IS TRUE and its like.
    TruthTest(TruthTest, Box<Expr>),
    /// IS DISTINCT FROM, by this operator of equality. IS NOT DISTINCT FROM is NOT of it.
    Distinct(OperatorCall),
    /// NULLIF, by this operator of equality.
    NullIf(OperatorCall),
    /// CASE.
    Case(Box<Case>),
    /// In a WHEN of a CASE with an operand: the operand.
    CaseOperand,
    /// COALESCE.
    Coalesce(Vec<Expr>),
    /// GREATEST.
    Greatest(Vec<Expr>),
    /// LEAST.
    Least(Vec<Expr>),
    /// ARRAY[…]; its elements are of the element's type, or arrays if the flag is set.
    Array(Vec<Expr>, bool),
    /// `array[index]`, an index for each dimension.
    Subscript(Box<Expr>, Vec<Expr>),
    /// `array[from:to]`, the bounds for each dimension.
    Slice(Box<Expr>, Vec<Bounds>),
    /// ROW(…); of type `record`.
    Row(Vec<Expr>),
    /// `(row).field`: the field's number from 1, and its name.
    Field(Box<Expr>, i16, String),
    /// `ROW(…) < ROW(…)` and its like.
    RowComparison(Box<RowComparison>),
    /// GROUPING of expressions that are grouped by.
    Grouping(Vec<Expr>),
    /// A subquery.
    Subquery(SubqueryLink),
    /// In the test of a subquery: its column of this index.
    SubqueryColumn(usize),
    /// An aggregate's call.
    Aggregate(Box<Aggregate>),
    /// A window function's call.
    Window(Box<WindowCall>),
    /// CURRENT_USER and its like.
    SqlValue(SqlValue),
    /// COLLATE, by the name of the collation.
    Collate(Box<Expr>, CollationOid, String),
    /// A conversion.
    Coerce(Box<Coerce>),
}

/// Two rows that are ordered, by these operators of each pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowComparison {
    /// `pg_operator.oid` of each pair.
    pub operators: Vec<u32>,
    /// The fields of the left one.
    pub left: Vec<Expr>,
    /// The fields of the right one.
    pub right: Vec<Expr>,
}

/// The bounds of a slice in one dimension, where they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first.
    pub from: Option<Expr>,
    /// The last.
    pub to: Option<Expr>,
}

/// A column of a range of this query, or of one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnRef {
    /// How many queries further out; 0 for this one.
    pub levels_up: usize,
    /// The index of the range there.
    pub range: usize,
    /// The column's number from 1; 0 for the whole row, below 0 a system column (`tableoid` is
    /// -6).
    pub number: i16,
}

impl ColumnRef {
    /// The number of `tableoid`.
    pub const TABLE_OID: i16 = -6;
    /// The number of a whole row.
    pub const WHOLE_ROW: i16 = 0;
}

/// How a call was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallForm {
    /// `f(x)`
    Call,
    /// In words of SQL's own: EXTRACT, AT TIME ZONE, POSITION, SUBSTRING, OVERLAY, TRIM.
    Sql,
}

/// A call of a function, neither aggregate nor window function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// `pg_proc.oid`.
    pub function: u32,
    /// The arguments; those that VARIADIC collects are not collected.
    pub arguments: Vec<Expr>,
    /// Arguments from this index on are elements of a VARIADIC array (or each its own, if that is
    /// `"any"`).
    pub variadic_from: Option<usize>,
    /// How it was written.
    pub form: CallForm,
    /// The names of the last arguments, where they are named.
    pub names: Vec<String>,
    /// The last argument is the array that VARIADIC says.
    pub is_array: bool,
}

impl FunctionCall {
    /// The function.
    pub fn builtin(&self) -> Option<&'static builtin::Function> {
        builtin::function_by_oid(self.function)
    }
}

/// An operator with its one or two operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorCall {
    /// `pg_operator.oid`.
    pub operator: u32,
    /// The operands.
    pub operands: Vec<Expr>,
}

impl OperatorCall {
    /// The operator.
    pub fn builtin(&self) -> Option<&'static builtin::Operator> {
        builtin::operator_by_oid(self.operator)
    }
}

/// `x op ANY (array)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayComparison {
    /// `pg_operator.oid`.
    pub operator: u32,
    /// ALL, not ANY.
    pub all: bool,
    /// What is compared.
    pub value: Box<Expr>,
    /// With the elements of this.
    pub array: Box<Expr>,
}

impl ArrayComparison {
    /// The operator.
    pub fn builtin(&self) -> Option<&'static builtin::Operator> {
        builtin::operator_by_oid(self.operator)
    }
}

/// AND, OR, NOT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoolOp {
    /// AND.
    And,
    /// OR.
    Or,
    /// NOT.
    Not,
}

/// A test of a boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruthTest {
    /// IS TRUE.
    True,
    /// IS NOT TRUE.
    NotTrue,
    /// IS FALSE.
    False,
    /// IS NOT FALSE.
    NotFalse,
    /// IS UNKNOWN.
    Unknown,
    /// IS NOT UNKNOWN.
    NotUnknown,
}

impl TruthTest {
    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::True => "IS TRUE",
            Self::NotTrue => "IS NOT TRUE",
            Self::False => "IS FALSE",
            Self::NotFalse => "IS NOT FALSE",
            Self::Unknown => "IS UNKNOWN",
            Self::NotUnknown => "IS NOT UNKNOWN",
        }
    }
}

/// CASE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The operand, if it has one: in each condition it is [`ExprKind::CaseOperand`].
    pub operand: Option<Expr>,
    /// WHEN … THEN.
    pub whens: Vec<When>,
    /// ELSE; NULL if it is not said.
    pub otherwise: Expr,
}

/// WHEN … THEN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The condition, a boolean.
    pub condition: Expr,
    /// The result.
    pub result: Expr,
}

/// A subquery in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubqueryLink {
    /// What is asked of it.
    pub kind: SubqueryKind,
    /// With ANY and ALL: the comparison, in which [`ExprKind::SubqueryColumn`] is the subquery's.
    pub test: Option<Box<Expr>>,
    /// The subquery.
    pub query: Box<Query>,
}

/// What is asked of a subquery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubqueryKind {
    /// EXISTS.
    Exists,
    /// The value of its one row.
    Scalar,
    /// `row op (SELECT …)`: how the row compares with its one row.
    Row,
    /// ARRAY(SELECT …).
    Array,
    /// IN, and `op ANY`. NOT IN is NOT of it.
    Any,
    /// `op ALL`.
    All,
}

/// A call of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// `pg_proc.oid`.
    pub function: u32,
    /// The direct arguments, if it has WITHIN GROUP.
    pub direct: Vec<Expr>,
    /// WITHIN GROUP: its keys are both `arguments` and `order_by`.
    pub within_group: bool,
    /// The arguments, none for `(*)`.
    pub arguments: Vec<Expr>,
    /// The last argument is the array that VARIADIC says.
    pub is_array: bool,
    /// `(*)`
    pub star: bool,
    /// DISTINCT.
    pub distinct: bool,
    /// ORDER BY.
    pub order_by: Vec<AggregateKey>,
    /// FILTER.
    pub filter: Option<Expr>,
    /// See [`FunctionCall::variadic_from`].
    pub variadic_from: Option<usize>,
}

/// A key of an aggregate's ORDER BY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateKey {
    /// What.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST, said or by default.
    pub nulls_first: bool,
}

/// A call with OVER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowCall {
    /// `pg_proc.oid`, of a window function or an aggregate.
    pub function: u32,
    /// The arguments, none for `(*)`.
    pub arguments: Vec<Expr>,
    /// `(*)`
    pub star: bool,
    /// FILTER.
    pub filter: Option<Expr>,
    /// The index of its window in the query.
    pub window: usize,
}

/// SQL's functions without parentheses; a precision is in the expression's typmod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// CURRENT_DATE.
    CurrentDate,
    /// CURRENT_TIME.
    CurrentTime,
    /// CURRENT_TIMESTAMP.
    CurrentTimestamp,
    /// LOCALTIME.
    LocalTime,
    /// LOCALTIMESTAMP.
    LocalTimestamp,
    /// CURRENT_ROLE.
    CurrentRole,
    /// CURRENT_USER.
    CurrentUser,
    /// USER.
    User,
    /// SESSION_USER.
    SessionUser,
    /// CURRENT_CATALOG.
    CurrentCatalog,
    /// CURRENT_SCHEMA.
    CurrentSchema,
}

/// How a conversion was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastForm {
    /// `CAST`, `::`, `type 'literal'`, or `type(x)`.
    Explicit,
    /// Not at all.
    Implicit,
}

/// A conversion of an expression to another type, or to the same with another typmod. What
/// PostgreSQL says in two nodes (a cast, and what cuts to the length) is one here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coerce {
    /// What is converted.
    pub arg: Expr,
    /// How.
    pub conversion: Conversion,
    /// How it was written.
    pub form: CastForm,
    /// What it does with what does not fit: an explicit cast cuts text in silence.
    pub context: crate::resolve::Context,
}

/// How a value of one type becomes one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// It is the same value (but cut to the typmod).
    Relabel,
    /// By a function of `pg_cast`, by its `pg_proc.oid`.
    Function(u32),
    /// Printed by one type and read by the other.
    Text,
    /// Each element on its own way.
    Elements,
}
