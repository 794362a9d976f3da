//! `pg_get_viewdef` and its kin: what was defined, as text.
use medley_analyze::ruleutils::Layout;
use medley_catalog::ids::{RelationOid, RoleOid};
use medley_catalog::objects::Relation;
use medley_catalog::quote_identifier;

use super::super::constraints;
use super::super::definitions;
use super::super::procedures;
use super::super::relations::AnyRelation;
use super::super::{Session, names};
use super::format_type::shown;
use crate::error::Result;
use crate::semantics::builtin;
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[
    ("pg_get_userbyid", |frame, args| {
        let role = RoleOid(args[0].oid()?);
        Ok(Datum::of_text(frame.session().snapshot.role_name(role)))
    }),
    ("pg_get_expr", |frame, args| expression(frame, args, Layout::PLAIN)),
    ("pg_get_expr_ext", |frame, args| expression(frame, args, flagged(&args[2])?)),
    ("pg_get_constraintdef", |frame, args| constraint(frame, args, Layout::PLAIN)),
    ("pg_get_constraintdef_ext", |frame, args| constraint(frame, args, flagged(&args[1])?)),
    ("pg_get_viewdef", |frame, args| view(frame, args, Layout::PLAIN)),
    ("pg_get_viewdef_ext", |frame, args| view(frame, args, flagged(&args[1])?)),
    ("pg_get_viewdef_wrap", |frame, args| view(frame, args, Layout::wrapped(args[1].int4()?))),
    ("pg_get_viewdef_name", |frame, args| view(frame, args, Layout::PLAIN)),
    ("pg_get_viewdef_name_ext", |frame, args| view(frame, args, flagged(&args[1])?)),
    ("pg_get_ruledef", rule),
    ("pg_get_ruledef_ext", rule),
    ("pg_get_function_arguments", |frame, args| {
        arguments(frame, args, |details| details.to_owned())
    }),
    ("pg_get_function_identity_arguments", |frame, args| arguments(frame, args, without_defaults)),
    ("pg_get_function_result", result),
    ("pg_get_function_sqlbody", none),
    ("pg_get_indexdef", none),
    ("pg_get_indexdef_ext", none),
    ("pg_get_triggerdef", none),
    ("pg_get_triggerdef_ext", none),
    ("pg_get_partkeydef", none),
    ("pg_get_partition_constraintdef", none),
    ("pg_get_statisticsobjdef", none),
    ("pg_get_statisticsobjdef_columns", none),
    ("pg_get_statisticsobjdef_expressions", none),
];

/// There are no such objects.
fn none<'a>(_: &Frame<'_>, _: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Null)
}

fn flagged(pretty: &Datum<'_>) -> Result<Layout> {
    Ok(Layout::of_flag(pretty.bool()?))
}

/// An expression as it is stored, of a relation; none if there is no such relation.
fn expression<'a>(frame: &Frame<'_>, args: &[Datum<'a>], layout: Layout) -> Result<Datum<'a>> {
    let (session, oid) = (frame.session(), RelationOid(args[1].oid()?));
    let Some(relation) = session.snapshot.relation(oid) else { return Ok(Datum::Null) };
    let text = definitions::expression(session, relation, args[0].text()?, layout)?;
    Ok(Datum::of_text(text))
}

fn constraint<'a>(frame: &Frame<'_>, args: &[Datum<'a>], layout: Layout) -> Result<Datum<'a>> {
    let (session, oid) = (frame.session(), args[0].oid()?);
    let relation = session.snapshot.relation_with(oid);
    let mut all = relation.into_iter().flat_map(|it| constraints::of(it));
    let found = all.find(|constraint| constraint.oid == oid);
    let definition = found.map(|it| it.definition(session, layout)).transpose()?;
    Ok(definition.map_or(Datum::Null, Datum::of_text))
}

/// By oid or by name; what is no view has none.
fn view<'a>(frame: &Frame<'_>, args: &[Datum<'a>], layout: Layout) -> Result<Datum<'a>> {
    let session = frame.session();
    let relation = match &args[0] {
        Datum::Oid(oid) => session.snapshot.relation(RelationOid(*oid)).map(|it| &**it),
        name => match names::relation(session, name.text()?)? {
            AnyRelation::Stored(relation) => Some(relation),
            AnyRelation::System(_) => None,
        },
    };
    let text = match relation {
        Some(relation) => definitions::view(session, relation, layout)?,
        None => None,
    };
    Ok(text.map_or(Datum::Null, Datum::of_text))
}

fn rule<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (session, oid) = (frame.session(), args[0].oid()?);
    let relation = session.snapshot.relation_with(oid);
    match relation.filter(|it| it.view().is_some_and(|view| view.rule == oid)) {
        Some(relation) => Ok(Datum::of_text(rule_text(session, relation)?)),
        None => Ok(Datum::Null),
    }
}

fn rule_text(session: &Session, relation: &Relation) -> Result<String> {
    let name = session.snapshot.qualified_name(relation.schema, &relation.name);
    let query = definitions::view(session, relation, Layout::PLAIN)?.unwrap_or_default();
    let rule = quote_identifier("_RETURN");
    Ok(format!("CREATE RULE {rule} AS\n    ON SELECT TO {name} DO INSTEAD {query}"))
}

fn arguments<'a>(
    frame: &Frame<'_>,
    args: &[Datum<'a>],
    shape: fn(&str) -> String,
) -> Result<Datum<'a>> {
    let (session, oid) = (frame.session(), args[0].oid()?);
    if let Some(details) = procedures::details(oid) {
        return Ok(Datum::of_text(shape(details.arguments)));
    }
    let types = procedures::argument_types(session, oid);
    Ok(types.map_or(Datum::Null, |types| {
        let names: Vec<_> = types.iter().map(|t| shown(session, t.oid.0, None)).collect();
        Datum::of_text(names.join(", "))
    }))
}

/// `a integer, b text DEFAULT 'x, y'::text` -> `a integer, b text`.
fn without_defaults(arguments: &str) -> String {
    let mut kept = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0, false);
    for (at, c) in arguments.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                kept.push(&arguments[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    kept.push(&arguments[start..]);
    let plain = |it: &str| it.split(" DEFAULT ").next().unwrap_or(it).trim().to_owned();
    kept.into_iter().map(plain).collect::<Vec<_>>().join(", ")
}

fn result<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let text = result_of(frame.session(), args[0].oid()?);
    Ok(text.map_or(Datum::Null, Datum::of_text))
}

/// What a function returns; nothing of a procedure, or of an oid that is none.
pub fn result_of(session: &Session, oid: u32) -> Option<String> {
    if let Some(function) = builtin::function_by_oid(oid) {
        if function.kind == 'p' {
            return None;
        }
        let name = shown(session, function.result.0, None);
        let set = if function.returns_set { "SETOF " } else { "" };
        return Some(format!("{set}{name}"));
    }
    let functions = procedures::wrapper_functions(session);
    let found = functions.iter().find(|function| function.oid == oid);
    found.map(|it| shown(session, procedures::wrapper_result(it).oid.0, None))
}

#[cfg(test)]
mod tests {
    use super::without_defaults;

    #[test]
    fn identity_arguments_have_no_defaults() {
        let check = |given: &str, wanted: &str| assert_eq!(without_defaults(given), wanted);
        check("", "");
        check("oid, text", "oid, text");
        check("a text DEFAULT 'x, (y'::text, b integer", "a text, b integer");
    }
}
