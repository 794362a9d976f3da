//! PostgreSQL's built-in functions, operators and casts, as its own catalogs list them.
//!
//! Resolution looks at all of them, so that a call means here what it means there; whether there
//! is a kernel for what was found is another question.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_types::TypeOid;

/// A row of `pg_proc`.
#[derive(Debug)]
pub struct Function {
    /// `pg_proc.oid`.
    pub oid: u32,
    /// `pg_proc.proname`.
    pub name: &'static str,
    /// `pg_proc.prokind`: `f`, `a`, `w` or `p`.
    pub kind: char,
    /// `pg_proc.provolatile`: `i`, `s` or `v`.
    pub volatility: char,
    /// `pg_proc.proisstrict`: NULL for a NULL argument.
    pub strict: bool,
    /// `pg_proc.proretset`.
    pub returns_set: bool,
    /// `pg_proc.provariadic`: the element's type of a VARIADIC last argument.
    pub variadic: Option<TypeOid>,
    /// `pg_proc.pronargdefaults`.
    pub defaults: usize,
    /// `pg_proc.prorettype`.
    pub result: TypeOid,
    /// `pg_proc.proargtypes`.
    pub arguments: Vec<TypeOid>,
    /// `pg_proc.prosrc`; for those written in SQL the name and `.sql`. What kernels go by.
    pub source: &'static str,
}

/// A row of `pg_operator`.
#[derive(Debug)]
pub struct Operator {
    /// `pg_operator.oid`.
    pub oid: u32,
    /// `pg_operator.oprname`.
    pub name: &'static str,
    /// `pg_operator.oprleft`; none for a prefix operator.
    pub left: Option<TypeOid>,
    /// `pg_operator.oprright`.
    pub right: TypeOid,
    /// `pg_operator.oprresult`.
    pub result: TypeOid,
    /// `pg_operator.oprcode`.
    pub function: u32,
}

/// A row of `pg_cast`.
#[derive(Debug)]
pub struct Cast {
    /// `pg_cast.castsource`.
    pub source: TypeOid,
    /// `pg_cast.casttarget`.
    pub target: TypeOid,
    /// `pg_cast.castfunc`.
    pub function: Option<u32>,
    /// `pg_cast.castcontext`: `i`, `a` or `e`.
    pub context: char,
    /// `pg_cast.castmethod`: `f`, `b` or `i`.
    pub method: char,
}

struct Builtin {
    functions: Vec<Function>,
    operators: Vec<Operator>,
    casts: Vec<Cast>,
    out_columns: HashMap<u32, Vec<(&'static str, TypeOid)>>,
    argument_names: HashMap<u32, Vec<&'static str>>,
    functions_by_name: HashMap<&'static str, Vec<usize>>,
    operators_by_name: HashMap<&'static str, Vec<usize>>,
}

static BUILTIN: LazyLock<Builtin> = LazyLock::new(|| {
    let functions: Vec<_> = lines(include_str!("builtin/proc.tsv")).map(function).collect();
    let operators: Vec<_> = lines(include_str!("builtin/operator.tsv")).map(operator).collect();
    let casts = lines(include_str!("builtin/cast.tsv")).map(cast).collect();
    Builtin {
        functions_by_name: index(functions.iter().map(|f| f.name)),
        operators_by_name: index(operators.iter().map(|o| o.name)),
        out_columns: lines(include_str!("builtin/out.tsv")).map(out_columns_of).collect(),
        argument_names: lines(include_str!("builtin/argument_names.tsv"))
            .map(|fields| (oid(fields[0]), fields[1].split(' ').collect()))
            .collect(),
        functions,
        operators,
        casts,
    }
});

/// All functions, by oid.
pub fn all_functions() -> &'static [Function] {
    &BUILTIN.functions
}

/// All operators, by oid.
pub fn all_operators() -> &'static [Operator] {
    &BUILTIN.operators
}

/// All casts.
pub fn all_casts() -> &'static [Cast] {
    &BUILTIN.casts
}

/// The functions of this name.
pub fn functions(name: &str) -> impl Iterator<Item = &'static Function> + Clone {
    let found = BUILTIN.functions_by_name.get(name).map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|&index| &BUILTIN.functions[index])
}

/// The function of this oid.
pub fn function_by_oid(oid: u32) -> Option<&'static Function> {
    let found = BUILTIN.functions.binary_search_by_key(&oid, |f| f.oid);
    found.ok().map(|index| &BUILTIN.functions[index])
}

/// The columns that a function has in FROM, if its result does not say: names and types.
pub fn out_columns(function: u32) -> &'static [(&'static str, TypeOid)] {
    BUILTIN.out_columns.get(&function).map(Vec::as_slice).unwrap_or_default()
}

/// The names of a function's arguments, if they have any.
pub fn argument_names(function: u32) -> &'static [&'static str] {
    BUILTIN.argument_names.get(&function).map(Vec::as_slice).unwrap_or_default()
}

/// What WITHIN GROUP is to an aggregate: `pg_aggregate.aggkind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateKind {
    /// It takes none.
    Normal,
    /// It needs one; so many of its arguments are direct ones.
    OrderedSet(usize),
    /// It needs one, with as many keys as direct arguments.
    Hypothetical,
}

/// The kind of the aggregate of this oid.
pub fn aggregate_kind(function: u32) -> AggregateKind {
    match function {
        3972 | 3974 | 3976 | 3978 | 3980 | 3982 => AggregateKind::OrderedSet(1),
        3984 => AggregateKind::OrderedSet(0),
        3986 | 3988 | 3990 | 3992 => AggregateKind::Hypothetical,
        _ => AggregateKind::Normal,
    }
}

/// The subtype of a range type.
pub fn range_subtype(range: TypeOid) -> Option<TypeOid> {
    RANGES.iter().find(|(it, ..)| *it == range.0).map(|(_, _, subtype)| TypeOid(*subtype))
}

/// The multirange type of a range type.
pub fn multirange_of(range: TypeOid) -> Option<TypeOid> {
    RANGES.iter().find(|(it, ..)| *it == range.0).map(|(_, multirange, _)| TypeOid(*multirange))
}

/// The range type of a multirange type.
pub fn range_of(multirange: TypeOid) -> Option<TypeOid> {
    RANGES.iter().find(|(_, it, _)| *it == multirange.0).map(|(range, ..)| TypeOid(*range))
}

/// `pg_range`: range, multirange, subtype.
const RANGES: [(u32, u32, u32); 6] = [
    (3904, 4451, 23),
    (3906, 4532, 1700),
    (3908, 4533, 1114),
    (3910, 4534, 1184),
    (3912, 4535, 1082),
    (3926, 4536, 20),
];

/// The operators of this name.
pub fn operators(name: &str) -> impl Iterator<Item = &'static Operator> + Clone {
    let found = BUILTIN.operators_by_name.get(name).map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|&index| &BUILTIN.operators[index])
}

/// The operator of this oid.
pub fn operator_by_oid(oid: u32) -> Option<&'static Operator> {
    let found = BUILTIN.operators.binary_search_by_key(&oid, |o| o.oid);
    found.ok().map(|index| &BUILTIN.operators[index])
}

/// The cast between two types, if there is one.
pub fn cast_between(source: TypeOid, target: TypeOid) -> Option<&'static Cast> {
    let found = BUILTIN.casts.binary_search_by_key(&(source, target), |c| (c.source, c.target));
    found.ok().map(|index| &BUILTIN.casts[index])
}

fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().map(|line| line.split('\t').collect())
}

fn index(names: impl Iterator<Item = &'static str>) -> HashMap<&'static str, Vec<usize>> {
    let mut found: HashMap<_, Vec<usize>> = HashMap::new();
    for (position, name) in names.enumerate() {
        found.entry(name).or_default().push(position);
    }
    found
}

const MALFORMED: &str = "the tables of built-in objects are part of the program";

fn oid(field: &str) -> u32 {
    field.parse().expect(MALFORMED)
}

fn letter(field: &str) -> char {
    field.chars().next().expect(MALFORMED)
}

fn some_type(field: &str) -> Option<TypeOid> {
    Some(oid(field)).filter(|oid| *oid != 0).map(TypeOid)
}

fn function(fields: Vec<&'static str>) -> Function {
    Function {
        oid: oid(fields[0]),
        name: fields[1],
        kind: letter(fields[2]),
        volatility: letter(fields[3]),
        strict: fields[4] == "s",
        returns_set: fields[5] == "r",
        variadic: some_type(fields[6]),
        defaults: fields[7].parse().expect(MALFORMED),
        result: TypeOid(oid(fields[8])),
        arguments: fields[9].split_whitespace().map(|field| TypeOid(oid(field))).collect(),
        source: fields[10],
    }
}

fn out_columns_of(fields: Vec<&'static str>) -> (u32, Vec<(&'static str, TypeOid)>) {
    let columns = fields[1].split(' ').map(|column| {
        let (name, t) = column.rsplit_once(':').expect(MALFORMED);
        (name, TypeOid(oid(t)))
    });
    (oid(fields[0]), columns.collect())
}

fn operator(fields: Vec<&'static str>) -> Operator {
    Operator {
        oid: oid(fields[0]),
        name: fields[1],
        left: some_type(fields[3]),
        right: TypeOid(oid(fields[4])),
        result: TypeOid(oid(fields[5])),
        function: oid(fields[6]),
    }
}

fn cast(fields: Vec<&'static str>) -> Cast {
    Cast {
        source: TypeOid(oid(fields[0])),
        target: TypeOid(oid(fields[1])),
        function: Some(oid(fields[2])).filter(|oid| *oid != 0),
        context: letter(fields[3]),
        method: letter(fields[4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_and_cast_names_a_function_that_is_there() {
        assert!(all_operators().iter().all(|o| function_by_oid(o.function).is_some()));
        assert!(
            all_casts().iter().filter_map(|c| c.function).all(|f| function_by_oid(f).is_some())
        );
        let options = functions("pg_options_to_table").next().map(|f| out_columns(f.oid));
        assert_eq!(options.map(|columns| columns[1]), Some(("option_value", TypeOid(25))));
        assert_eq!(functions("int4pl").next().map(|f| f.oid), Some(177));
        assert!(all_operators().iter().all(|o| operator_by_oid(o.oid).is_some()));
    }
}
