//! Foreign tables and views as ALTER, COMMENT and their like find them.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::{Class, ObjectAddress};
use medley_catalog::objects::Relation;
use medley_sql::{ObjectKind, QualifiedName};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{NameError, Noun, Result};

/// Finds the relation that ALTER is about, for its owner, and locks it. `None` if it is not
/// there and IF EXISTS was said, which is then said.
pub(crate) fn to_alter(
    ctx: &mut Context<'_>,
    kind: ObjectKind,
    name: &QualifiedName,
    if_exists: bool,
) -> Result<Option<Authorized<Arc<Relation>>>> {
    find(ctx, name, if_exists, |ctx, relation| {
        let relation = authorize::owner(ctx, relation)?;
        check_kind(kind, relation.get())?;
        Ok(relation)
    })
}

/// The same for what renames or moves it, which needs CREATE on its schema too.
pub(crate) fn to_rename(
    ctx: &mut Context<'_>,
    kind: ObjectKind,
    name: &QualifiedName,
    if_exists: bool,
) -> Result<Option<Authorized<Arc<Relation>>>> {
    find(ctx, name, if_exists, |ctx, relation| {
        let relation = authorize::owner(ctx, relation)?;
        ctx.actor().check(relation.get().schema.address(), Privileges::CREATE)?;
        check_kind(kind, relation.get())?;
        Ok(relation)
    })
}

/// The same for what changes a column's name, whatever kind is said.
pub(crate) fn to_rename_column(
    ctx: &mut Context<'_>,
    name: &QualifiedName,
    if_exists: bool,
) -> Result<Option<Authorized<Arc<Relation>>>> {
    find(ctx, name, if_exists, authorize::owner)
}

fn find(
    ctx: &mut Context<'_>,
    name: &QualifiedName,
    if_exists: bool,
    authorize: impl Fn(&Context<'_>, Arc<Relation>) -> Result<Authorized<Arc<Relation>>>,
) -> Result<Option<Authorized<Arc<Relation>>>> {
    let found = ctx.lock_resolved(|ctx| authorize(ctx, ctx.relation(name)?));
    match found {
        Err(missing) if if_exists && missing.is_missing() => {
            ctx.notice(format!("relation \"{}\" does not exist, skipping", name.name()));
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// Refuses a relation of another kind than was said; TABLE may be any.
pub(crate) fn check_kind(kind: ObjectKind, relation: &Relation) -> Result<()> {
    let fits = match kind {
        ObjectKind::ForeignTable => relation.foreign_table().is_some(),
        ObjectKind::View => relation.view().is_some(),
        ObjectKind::Table => true,
        _ => false,
    };
    match fits {
        true => Ok(()),
        false => Err(wrong_kind(kind, relation, None)),
    }
}

/// `"t" is not a view`.
pub(crate) fn wrong_kind(
    kind: ObjectKind,
    relation: &Relation,
    hint: Option<&'static str>,
) -> crate::Error {
    wrong_kind_of(kind, &relation.name, hint)
}

/// The same of a name.
pub(crate) fn wrong_kind_of(
    kind: ObjectKind,
    name: &str,
    hint: Option<&'static str>,
) -> crate::Error {
    let expected = match kind {
        ObjectKind::ForeignTable => "a foreign table",
        ObjectKind::View => "a view",
        ObjectKind::MaterializedView => "a materialized view",
        ObjectKind::Index => "an index",
        ObjectKind::Sequence => "a sequence",
        _ => "a table",
    };
    NameError::WrongKind { name: name.to_owned(), expected, hint }.into()
}

/// What a relation's kind is called where it is missing.
pub(crate) fn noun(kind: ObjectKind) -> Noun {
    match kind {
        ObjectKind::ForeignTable => Noun::ForeignTable,
        ObjectKind::View => Noun::View,
        ObjectKind::MaterializedView => Noun::MaterializedView,
        ObjectKind::Index => Noun::Index,
        ObjectKind::Sequence => Noun::Sequence,
        _ => Noun::Table,
    }
}

/// `view v`: one that uses this column.
pub(crate) fn view_on(ctx: &Context<'_>, column: ObjectAddress) -> Option<String> {
    let mut references = ctx.catalog().dependents(column).into_iter();
    let view = references.find(|reference| reference.from.class == Class::Relation)?;
    ctx.catalog().describe(view.from, &ctx.path())
}
