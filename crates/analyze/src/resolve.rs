//! Which function or operator a call means: PostgreSQL's rules (its chapter "Type Conversion"),
//! over all of its built-in functions and operators.
use medley_types::{PgType, TypeOid};

use crate::builtin::{self, Function, Operator};

/// `unknown`: a string literal or parameter whose type is still open.
pub const UNKNOWN: TypeOid = TypeOid(705);
const ANY: TypeOid = TypeOid(2276);
const ANYELEMENT: TypeOid = TypeOid(2283);
const ANYARRAY: TypeOid = TypeOid(2277);
const ANYNONARRAY: TypeOid = TypeOid(2776);
const ANYENUM: TypeOid = TypeOid(3500);
const ANYRANGE: TypeOid = TypeOid(3831);
const ANYMULTIRANGE: TypeOid = TypeOid(4537);
const ANYCOMPATIBLERANGE: TypeOid = TypeOid(5080);
const ANYCOMPATIBLEMULTIRANGE: TypeOid = TypeOid(4538);
const RECORD: TypeOid = TypeOid(2249);
const RECORD_ARRAY: TypeOid = TypeOid(2287);
const ANYCOMPATIBLE: TypeOid = TypeOid(5077);
const ANYCOMPATIBLEARRAY: TypeOid = TypeOid(5078);
const ANYCOMPATIBLENONARRAY: TypeOid = TypeOid(5079);
const TEXT: TypeOid = TypeOid(25);
/// `FUNC_MAX_ARGS`.
const MAX_ARGUMENTS: usize = 100;

/// In which place a conversion is asked for; each allows what the one before it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// An expression's own needs.
    Implicit,
    /// Storing into a column.
    Assignment,
    /// `CAST`.
    Explicit,
}

/// How a value of one type becomes one of another.
#[derive(Clone, Copy, Debug)]
pub enum Pathway {
    /// The value is the same.
    Relabel,
    /// A function of `pg_cast`.
    Function(&'static Function),
    /// Each element on its own way.
    Elements,
    /// Printed by one type and read by the other.
    Text,
}

/// The way from one type to another in this context, if there is one.
pub fn pathway(source: TypeOid, target: TypeOid, context: Context) -> Option<Pathway> {
    if source == target || (target == RECORD && is_composite(source)) {
        return Some(Pathway::Relabel);
    }
    if let Some(cast) = builtin::cast_between(source, target) {
        let needed = match cast.context {
            'i' => Context::Implicit,
            'a' => Context::Assignment,
            _ => Context::Explicit,
        };
        if context < needed {
            return None;
        }
        return Some(match cast.function.and_then(builtin::function_by_oid) {
            Some(function) => Pathway::Function(function),
            None if cast.method == 'i' => Pathway::Text,
            None => Pathway::Relabel,
        });
    }
    elements_pathway(source, target, context).or_else(|| text_pathway(source, target, context))
}

fn elements_pathway(source: TypeOid, target: TypeOid, context: Context) -> Option<Pathway> {
    let (from, to) = (array_or_vector(source)?, true_array(target)?);
    Some(match pathway(from, to, context)? {
        Pathway::Relabel => Pathway::Relabel,
        _ => Pathway::Elements,
    })
}

/// Any type to a string type on assignment; any string type to any type explicitly.
fn text_pathway(source: TypeOid, target: TypeOid, context: Context) -> Option<Pathway> {
    let to_string = category(target) == 'S' && context >= Context::Assignment;
    let from_string = category(source) == 'S' && context == Context::Explicit;
    (to_string || from_string).then_some(Pathway::Text)
}

/// The element of an array type; not of `int2vector` and `oidvector`.
fn true_array(oid: TypeOid) -> Option<TypeOid> {
    let info = medley_types::by_oid(oid)?;
    info.element.filter(|_| info.category == 'A' && info.length == -1 && info.name.starts_with('_'))
}

/// The same, of `int2vector` and `oidvector` too, which are arrays to whoever reads them.
fn array_or_vector(oid: TypeOid) -> Option<TypeOid> {
    let vector = oid == PgType::INT2VECTOR.oid || oid == PgType::OIDVECTOR.oid;
    match vector {
        true => medley_types::by_oid(oid)?.element,
        false => true_array(oid),
    }
}

fn category(oid: TypeOid) -> char {
    medley_types::by_oid(oid).map_or('U', |info| info.category)
}

fn is_preferred(oid: TypeOid) -> bool {
    medley_types::by_oid(oid).is_some_and(|info| info.preferred)
}

fn is_polymorphic(oid: TypeOid) -> bool {
    matches!(oid.0, 2276 | 2277 | 2283 | 2776 | 3500 | 3831 | 4537 | 5077..=5080 | 4538)
}

/// `can_coerce_type` for one argument of a call.
fn can_pass(given: TypeOid, wanted: TypeOid) -> bool {
    if given == wanted || wanted == ANY || given == UNKNOWN {
        return true;
    }
    match wanted {
        ANYELEMENT | ANYCOMPATIBLE => true,
        ANYARRAY | ANYCOMPATIBLEARRAY => is_array_like(given),
        ANYNONARRAY | ANYCOMPATIBLENONARRAY => !is_array_like(given),
        ANYRANGE | ANYCOMPATIBLERANGE => builtin::range_subtype(given).is_some(),
        ANYMULTIRANGE | ANYCOMPATIBLEMULTIRANGE => builtin::range_of(given).is_some(),
        RECORD if is_composite(given) => true,
        _ if is_polymorphic(wanted) => false,
        _ => pathway(given, wanted, Context::Implicit).is_some(),
    }
}

/// The row type of a relation: no type of the catalog's own, or one of the system's relations.
pub fn is_composite(oid: TypeOid) -> bool {
    match medley_types::by_oid(oid) {
        Some(info) => info.category == 'C',
        None => oid.0 != 0,
    }
}

fn is_array_like(oid: TypeOid) -> bool {
    medley_types::by_oid(oid).is_some_and(|info| info.element.is_some() && info.category == 'A')
}

/// A function found, with the types that its arguments are to be converted to.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Which.
    pub function: &'static Function,
    /// What each given argument is to be.
    pub arguments: Vec<PgType>,
    /// What comes out.
    pub result: PgType,
    /// The last arguments are collected into an array, from this index on.
    pub variadic_from: Option<usize>,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// None fits.
    Undefined,
    /// Several fit as well.
    Ambiguous,
}

/// A signature as it is compared: a function or operator, its argument types spread out.
#[derive(Clone)]
struct Candidate<T> {
    what: T,
    arguments: Vec<TypeOid>,
    variadic_from: Option<usize>,
}

/// A call as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The function's name.
    pub name: &'a str,
    /// The types of the arguments, in the order in which they are given.
    pub given: &'a [PgType],
    /// The names of the last of them.
    pub names: &'a [String],
    /// VARIADIC: the last one is the array itself.
    pub is_array: bool,
}

/// The function that a call by name means.
pub fn resolve_function(name: &str, given: &[PgType]) -> Result<Resolved, Failure> {
    resolve_call(&Call { name, given, names: &[], is_array: false })
}

/// The same of a call with names of arguments, or VARIADIC.
pub fn resolve_call(call: &Call<'_>) -> Result<Resolved, Failure> {
    let oids: Vec<_> = call.given.iter().map(|t| t.oid).collect();
    let candidates = match (call.names, call.is_array) {
        ([], false) => function_candidates(call.name, oids.len()),
        ([], true) => unexpanded_candidates(call.name, oids.len()),
        (names, _) => named_candidates(call.name, oids.len(), names),
    };
    let chosen = match candidates.iter().find(|c| c.arguments == oids) {
        Some(exact) => exact.clone(),
        None => choose(candidates, &oids)?,
    };
    finish(chosen.what, &chosen.arguments, chosen.variadic_from, call.given)
}

fn function_candidates(name: &str, given: usize) -> Vec<Candidate<&'static Function>> {
    let mut found: Vec<Candidate<&'static Function>> = Vec::new();
    if given > MAX_ARGUMENTS {
        return found;
    }
    for function in builtin::functions(name) {
        let declared = function.arguments.len();
        if declared == given || (given < declared && given + function.defaults >= declared) {
            let arguments = function.arguments[..given].to_vec();
            found.push(Candidate { what: function, arguments, variadic_from: None });
        } else if let Some(element) = function.variadic.filter(|_| given >= declared) {
            let fixed = declared - 1;
            let mut arguments = function.arguments[..fixed].to_vec();
            arguments.resize(given, element);
            found.push(Candidate { what: function, arguments, variadic_from: Some(fixed) });
        }
    }
    // One call could be read both ways only where a variadic one has as many arguments.
    let plain: Vec<_> = builtin::functions(name)
        .filter(|f| f.variadic.is_some() && f.arguments.len() == given && given > 0)
        .collect();
    for function in plain {
        let element = function.variadic.unwrap_or(ANY);
        let mut arguments = function.arguments.clone();
        if let Some(last) = arguments.last_mut() {
            *last = element;
        }
        found.retain(|c| !std::ptr::eq(c.what, function));
        found.push(Candidate { what: function, arguments, variadic_from: Some(given - 1) });
    }
    found
}

/// With VARIADIC the array is an argument like others.
fn unexpanded_candidates(name: &str, given: usize) -> Vec<Candidate<&'static Function>> {
    let fitting =
        builtin::functions(name).filter(|it| it.arguments.len() == given && it.variadic.is_some());
    let candidate = |what: &'static Function| Candidate {
        what,
        arguments: what.arguments.clone(),
        variadic_from: None,
    };
    fitting.map(candidate).collect()
}

/// The candidates that have arguments of these names, and defaults for the others.
fn named_candidates(
    name: &str,
    given: usize,
    names: &[String],
) -> Vec<Candidate<&'static Function>> {
    let positional = given - names.len();
    let candidate = |what: &'static Function| {
        let places = named_places(what, positional, names)?;
        let declared = (0..positional).chain(places).map(|place| what.arguments[place]);
        Some(Candidate { what, arguments: declared.collect(), variadic_from: None })
    };
    builtin::functions(name).filter_map(candidate).collect()
}

/// Which of a function's arguments the named ones are, behind so many that are not named; none if
/// it is not to be called so.
pub fn named_places(
    function: &Function,
    positional: usize,
    names: &[String],
) -> Option<Vec<usize>> {
    let known = builtin::argument_names(function.oid);
    let declared = function.arguments.len();
    let place = |name: &String| known.iter().position(|known| known == name);
    let places = names.iter().map(place).collect::<Option<Vec<_>>>()?;
    let once = places.iter().enumerate().all(|(at, it)| !places[..at].contains(it));
    let required = positional..declared - function.defaults.min(declared);
    let fits = positional <= declared
        && once
        && places.iter().all(|place| (positional..declared).contains(place))
        && required.into_iter().all(|place| places.contains(&place));
    fits.then_some(places)
}

/// The operator that an expression means.
pub fn resolve_operator(
    name: &str,
    left: Option<PgType>,
    right: PgType,
) -> Result<(&'static Operator, Resolved), Failure> {
    let given: Vec<PgType> = left.into_iter().chain([right]).collect();
    let candidates = operator_candidates(name, left.is_some());
    let operator = match exact_operator(&candidates, &given) {
        Some(exact) => exact,
        None => {
            let oids: Vec<_> = given.iter().map(|t| t.oid).collect();
            choose(candidates, &oids)?
        }
    };
    let function = builtin::function_by_oid(operator.what.function).ok_or(Failure::Undefined)?;
    let mut resolved = finish(function, &operator.arguments, None, &given)?;
    if !is_polymorphic(operator.what.result) {
        resolved.result = PgType::plain(operator.what.result.0);
    }
    Ok((operator.what, resolved))
}

fn operator_candidates(name: &str, binary: bool) -> Vec<Candidate<&'static Operator>> {
    builtin::operators(name)
        .filter(|operator| operator.left.is_some() == binary)
        .map(|what| Candidate {
            what,
            arguments: what.left.into_iter().chain([what.right]).collect(),
            variadic_from: None,
        })
        .collect()
}

/// An operator of exactly these types; one that is unknown is taken to be as the other.
fn exact_operator(
    candidates: &[Candidate<&'static Operator>],
    given: &[PgType],
) -> Option<Candidate<&'static Operator>> {
    let oids: Vec<_> = given.iter().map(|t| t.oid).collect();
    let assumed = match oids.as_slice() {
        [left, right] if *left == UNKNOWN && *right != UNKNOWN => vec![*right, *right],
        [left, right] if *right == UNKNOWN && *left != UNKNOWN => vec![*left, *left],
        _ => oids,
    };
    candidates.iter().find(|c| c.arguments == assumed).cloned()
}

fn choose<T: Clone>(
    candidates: Vec<Candidate<T>>,
    given: &[TypeOid],
) -> Result<Candidate<T>, Failure> {
    let mut fitting = candidates;
    fitting.retain(|c| {
        let pairs = given.iter().zip(&c.arguments);
        pairs.clone().all(|(g, w)| can_pass(*g, *w)) && is_consistent(given, &c.arguments)
    });
    match fitting.len() {
        0 => Err(Failure::Undefined),
        1 => fitting.pop().ok_or(Failure::Undefined),
        _ => select_candidate(fitting, given),
    }
}

/// `check_generic_type_consistency`: one type for all that a polymorphic type stands for.
fn is_consistent(given: &[TypeOid], declared: &[TypeOid]) -> bool {
    let given: Vec<_> = given.iter().map(|oid| PgType::plain(oid.0)).collect();
    Polymorphic::settle(declared, &given).is_ok()
}

/// `func_select_candidate`: the steps are PostgreSQL's, in its order.
fn select_candidate<T: Clone>(
    mut candidates: Vec<Candidate<T>>,
    given: &[TypeOid],
) -> Result<Candidate<T>, Failure> {
    let exact = |c: &Candidate<T>| count(given, c, |g, w| g != UNKNOWN && g == w);
    keep_best(&mut candidates, exact);
    if let [only] = candidates.as_slice() {
        return Ok(only.clone());
    }
    keep_best(&mut candidates, |c| {
        count(given, c, |g, w| {
            g != UNKNOWN && (g == w || (category(g) == category(w) && is_preferred(w)))
        })
    });
    if let [only] = candidates.as_slice() {
        return Ok(only.clone());
    }
    if !given.contains(&UNKNOWN) {
        return Err(Failure::Ambiguous);
    }
    narrow_by_category(&mut candidates, given);
    if let [only] = candidates.as_slice() {
        return Ok(only.clone());
    }
    assume_one_type(&candidates, given).ok_or(Failure::Ambiguous)
}

fn count<T>(
    given: &[TypeOid],
    candidate: &Candidate<T>,
    fits: impl Fn(TypeOid, TypeOid) -> bool,
) -> usize {
    given.iter().zip(&candidate.arguments).filter(|(g, w)| fits(**g, **w)).count()
}

fn keep_best<T>(candidates: &mut Vec<Candidate<T>>, score: impl Fn(&Candidate<T>) -> usize) {
    let best = candidates.iter().map(&score).max().unwrap_or(0);
    candidates.retain(|c| score(c) == best);
}

/// For each unknown argument: a category, string if any candidate takes one there.
fn narrow_by_category<T: Clone>(candidates: &mut Vec<Candidate<T>>, given: &[TypeOid]) {
    let mut kept = candidates.clone();
    for (slot, _) in given.iter().enumerate().filter(|(_, g)| **g == UNKNOWN) {
        let categories: Vec<char> =
            candidates.iter().map(|c| category(c.arguments[slot])).collect();
        let chosen = if categories.contains(&'S') {
            'S'
        } else if categories.iter().all(|c| *c == categories[0]) {
            categories[0]
        } else {
            return;
        };
        let preferred = candidates
            .iter()
            .any(|c| category(c.arguments[slot]) == chosen && is_preferred(c.arguments[slot]));
        kept.retain(|c| {
            let wanted = c.arguments[slot];
            category(wanted) == chosen && (!preferred || is_preferred(wanted))
        });
    }
    if !kept.is_empty() {
        *candidates = kept;
    }
}

/// If all known arguments are of one type, the unknown ones are assumed to be of it too.
fn assume_one_type<T: Clone>(
    candidates: &[Candidate<T>],
    given: &[TypeOid],
) -> Option<Candidate<T>> {
    let mut known = given.iter().filter(|g| **g != UNKNOWN);
    let assumed = *known.next()?;
    if known.any(|g| *g != assumed) {
        return None;
    }
    let all = vec![assumed; given.len()];
    let fits = |c: &&Candidate<T>| {
        c.arguments.iter().all(|wanted| can_pass(assumed, *wanted))
            && is_consistent(&all, &c.arguments)
    };
    let mut fitting = candidates.iter().filter(fits);
    let only = fitting.next()?;
    fitting.next().is_none().then(|| only.clone())
}

/// Settles polymorphic types: what each argument is to be, and what comes out.
fn finish(
    function: &'static Function,
    declared: &[TypeOid],
    variadic_from: Option<usize>,
    given: &[PgType],
) -> Result<Resolved, Failure> {
    let polymorphic = Polymorphic::settle(declared, given)?;
    let arguments = declared
        .iter()
        .zip(given)
        .map(|(wanted, given)| polymorphic.actual(*wanted, *given))
        .collect::<Option<Vec<_>>>()
        .ok_or(Failure::Undefined)?;
    let result = match function.result {
        result if is_polymorphic(result) => {
            polymorphic.actual(result, PgType::UNKNOWN).ok_or(Failure::Undefined)?
        }
        result => PgType::plain(result.0),
    };
    Ok(Resolved { function, arguments, result, variadic_from })
}

/// The types that `anyelement` and `anycompatible` stand for in one call.
#[derive(Default)]
struct Polymorphic {
    element: Option<PgType>,
    compatible: Option<PgType>,
    range: Option<TypeOid>,
}

/// The two families of polymorphic types.
enum Family {
    Simple,
    Compatible,
}

/// What an argument of a polymorphic type says of the type that it stands for.
fn element_of(wanted: TypeOid, given: PgType) -> Result<Option<(Family, PgType)>, Failure> {
    let plain = |oid: Option<TypeOid>| oid.map(|oid| PgType::plain(oid.0));
    let range = |oid| plain(builtin::range_subtype(oid));
    let multirange = |oid| range(builtin::range_of(oid)?);
    let (family, element) = match wanted {
        ANYELEMENT | ANYNONARRAY | ANYENUM => (Family::Simple, Some(given)),
        ANYCOMPATIBLE | ANYCOMPATIBLENONARRAY => (Family::Compatible, Some(given)),
        ANYARRAY => (Family::Simple, element(given)),
        ANYCOMPATIBLEARRAY => (Family::Compatible, element(given)),
        ANYRANGE => (Family::Simple, range(given.oid)),
        ANYCOMPATIBLERANGE => (Family::Compatible, range(given.oid)),
        ANYMULTIRANGE => (Family::Simple, multirange(given.oid)),
        ANYCOMPATIBLEMULTIRANGE => (Family::Compatible, multirange(given.oid)),
        _ => return Ok(None),
    };
    element.map(|element| Some((family, element))).ok_or(Failure::Undefined)
}

fn element(array: PgType) -> Option<PgType> {
    match array.oid {
        RECORD_ARRAY => Some(PgType::plain(RECORD.0)),
        _ => array.element(),
    }
}

impl Polymorphic {
    fn settle(declared: &[TypeOid], given: &[PgType]) -> Result<Self, Failure> {
        let mut settled = Self::default();
        let mut compatible = Vec::new();
        for (wanted, given) in declared.iter().zip(given) {
            let given = untyped(*given);
            if given.oid == UNKNOWN && is_polymorphic(*wanted) {
                continue;
            }
            let Some((family, element)) = element_of(*wanted, given)? else { continue };
            match family {
                Family::Simple => settled.is_element(untyped(element))?,
                Family::Compatible => compatible.push(untyped(element)),
            }
            settled.ranges(*wanted, given.oid)?;
        }
        let uses = |family: &[TypeOid]| declared.iter().any(|wanted| family.contains(wanted));
        if uses(&[ANYELEMENT, ANYNONARRAY, ANYARRAY]) && settled.element.is_none() {
            // Only unknowns: PostgreSQL takes text for a lone element, and gives up on arrays.
            settled.element = Some(PgType::TEXT);
        }
        if uses(&[ANYRANGE, ANYMULTIRANGE]) && settled.range.is_none() {
            return Err(Failure::Undefined);
        }
        if uses(&[ANYCOMPATIBLE, ANYCOMPATIBLENONARRAY, ANYCOMPATIBLEARRAY]) {
            let common = common_type(&compatible).ok_or(Failure::Undefined)?;
            if declared.contains(&ANYCOMPATIBLEARRAY) && common.array().is_none() {
                return Err(Failure::Undefined);
            }
            settled.compatible = Some(common);
        }
        Ok(settled)
    }

    fn is_element(&mut self, element: PgType) -> Result<(), Failure> {
        match self.element {
            Some(known) if known.oid != element.oid => Err(Failure::Undefined),
            _ => {
                self.element = Some(element);
                Ok(())
            }
        }
    }

    /// A range's type says more than its subtype does.
    fn ranges(&mut self, wanted: TypeOid, given: TypeOid) -> Result<(), Failure> {
        let range = match wanted {
            ANYRANGE | ANYCOMPATIBLERANGE => given,
            ANYMULTIRANGE | ANYCOMPATIBLEMULTIRANGE => {
                builtin::range_of(given).ok_or(Failure::Undefined)?
            }
            _ => return Ok(()),
        };
        match self.range {
            Some(known) if known != range => Err(Failure::Undefined),
            _ => {
                self.range = Some(range);
                Ok(())
            }
        }
    }

    fn subtype(&self) -> Option<PgType> {
        Some(PgType::plain(builtin::range_subtype(self.range?)?.0))
    }

    fn actual(&self, wanted: TypeOid, given: PgType) -> Option<PgType> {
        match wanted {
            ANYELEMENT | ANYNONARRAY | ANYENUM => self.element.or_else(|| self.subtype()),
            ANYARRAY => self.element?.array(),
            ANYRANGE | ANYCOMPATIBLERANGE => Some(PgType::plain(self.range?.0)),
            ANYMULTIRANGE | ANYCOMPATIBLEMULTIRANGE => {
                Some(PgType::plain(builtin::multirange_of(self.range?)?.0))
            }
            ANYCOMPATIBLE | ANYCOMPATIBLENONARRAY => self.compatible,
            ANYCOMPATIBLEARRAY => self.compatible?.array(),
            RECORD if is_composite(given.oid) => Some(given),
            ANY if given.oid == UNKNOWN => Some(PgType::TEXT),
            ANY => Some(given),
            _ if is_polymorphic(wanted) => None,
            _ if wanted == given.oid => Some(given),
            _ => Some(PgType::plain(wanted.0)),
        }
    }
}

/// The type without its typmod: what a function is told of.
fn untyped(t: PgType) -> PgType {
    PgType::plain(t.oid.0).with_collation(t.collation)
}

/// `select_common_type`: of the branches of CASE, UNION, VALUES, ARRAY[] and so on.
pub fn common_type(types: &[PgType]) -> Option<PgType> {
    let mut known = types.iter().filter(|t| t.oid != UNKNOWN);
    let Some(first) = known.next() else {
        return Some(PgType::plain(TEXT.0));
    };
    let mut chosen = *first;
    for next in known {
        if next.oid == chosen.oid {
            if next.typmod != chosen.typmod {
                chosen.typmod = -1;
            }
            continue;
        }
        if category(next.oid) != category(chosen.oid) {
            return None;
        }
        let up = pathway(chosen.oid, next.oid, Context::Implicit).is_some();
        let down = pathway(next.oid, chosen.oid, Context::Implicit).is_some();
        if !is_preferred(chosen.oid) && up && !down {
            chosen = *next;
        } else {
            chosen.typmod = -1;
        }
    }
    let same = types.iter().all(|t| t.oid == chosen.oid && t.typmod == chosen.typmod);
    Some(if same { chosen } else { untyped(chosen) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, given: &[PgType]) -> Result<&'static str, Failure> {
        resolve_function(name, given).map(|found| found.function.source)
    }

    fn operator(left: PgType, name: &str, right: PgType) -> Result<&'static str, Failure> {
        resolve_operator(name, Some(left), right).map(|(_, found)| found.function.source)
    }

    #[test]
    fn operators_are_found_as_postgresql_finds_them() {
        let check = |l, op, r, expected| assert_eq!(operator(l, op, r), expected);
        check(PgType::INT4, "+", PgType::INT8, Ok("int48pl"));
        check(PgType::INT4, "+", PgType::UNKNOWN, Ok("int4pl"));
        check(PgType::INT4, "+", PgType::NUMERIC, Ok("numeric_add"));
        check(PgType::FLOAT4, "*", PgType::INT4, Ok("float48mul"));
        check(PgType::UNKNOWN, "||", PgType::UNKNOWN, Ok("textcat"));
        check(PgType::TEXT, "||", PgType::INT4, Ok("textanycat.sql"));
        check(PgType::VARCHAR, "=", PgType::UNKNOWN, Ok("texteq"));
        check(PgType::NAME, "~", PgType::UNKNOWN, Ok("nameregexeq"));
        check(PgType::DATE, "-", PgType::DATE, Ok("date_mi"));
        check(PgType::DATE, "+", PgType::INTERVAL, Ok("date_pl_interval"));
        check(PgType::UNKNOWN, "+", PgType::UNKNOWN, Err(Failure::Ambiguous));
        check(PgType::INT4, "||", PgType::INT4, Err(Failure::Undefined));
        check(PgType::TEXT_ARRAY, "||", PgType::UNKNOWN, Ok("array_cat"));
        check(PgType::TEXT_ARRAY, "||", PgType::TEXT, Ok("array_append"));
    }

    #[test]
    fn functions_are_found_as_postgresql_finds_them() {
        assert_eq!(source("abs", &[PgType::INT4]), Ok("int4abs"));
        assert_eq!(source("lower", &[PgType::UNKNOWN]), Ok("lower"));
        assert_eq!(source("round", &[PgType::FLOAT8]), Ok("dround"));
        assert_eq!(source("round", &[PgType::INT4]), Ok("dround"));
        assert_eq!(source("length", &[PgType::VARCHAR]), Ok("textlen"));
        assert_eq!(source("lower", &[PgType::INT4]), Err(Failure::Undefined));
        assert_eq!(source("nosuch", &[]), Err(Failure::Undefined));
    }
}
