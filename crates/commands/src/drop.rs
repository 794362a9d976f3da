//! DROP of everything that has a name, but roles.
use medley_catalog::acl::Behavior;
use medley_catalog::ids::{ObjectAddress, SchemaOid};
use medley_catalog::objects::Relation;
use medley_sql::{Drop, DropBehavior, ObjectKind, QualifiedName};

use crate::Context;
use crate::also_changed::AlsoChanged;
use crate::authorize::{self, Authorized};
use crate::error::{Error, NameError, Result};
use crate::{relation, system};

const DROP_TABLE: &str = "Use DROP TABLE to remove a table.";
const DROP_VIEW: &str = "Use DROP VIEW to remove a view.";

pub(crate) fn drop(ctx: &mut Context<'_>, statement: Drop) -> Result<()> {
    let mut targets = Vec::new();
    for name in &statement.names {
        match ctx.lock_resolved(|ctx| resolve(ctx, statement.kind, name)) {
            Err(missing) if statement.if_exists && missing.is_missing() => {
                ctx.skip_missing(&missing);
            }
            found => targets.push(found?),
        }
    }
    apply(ctx, targets, behavior(statement.behavior))
}

/// RESTRICT and CASCADE as the catalog has them.
pub(crate) fn behavior(behavior: DropBehavior) -> Behavior {
    match behavior {
        DropBehavior::Restrict => Behavior::Restrict,
        DropBehavior::Cascade => Behavior::Cascade,
    }
}

fn resolve(
    ctx: &Context<'_>,
    kind: ObjectKind,
    name: &QualifiedName,
) -> Result<Authorized<ObjectAddress>> {
    let address = match kind {
        ObjectKind::ForeignDataWrapper => ctx.wrapper_named(name.name())?.oid.address(),
        ObjectKind::Server => ctx.server_named(name.name())?.oid.address(),
        ObjectKind::Schema => droppable_schema(ctx, name.name())?,
        ObjectKind::Extension => ctx.catalog().find_extension(name.name())?.oid.address(),
        ObjectKind::ForeignTable
        | ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Index
        | ObjectKind::Sequence => return resolve_relation(ctx, kind, name),
        ObjectKind::Role | ObjectKind::Database => {
            return Err(Error::unsupported(format!("DROP {}", kind.name())));
        }
    };
    authorize::owner(ctx, address)
}

fn droppable_schema(ctx: &Context<'_>, name: &str) -> Result<ObjectAddress> {
    let schema = ctx.schema_named(name)?;
    match schema.oid {
        SchemaOid::PG_CATALOG | SchemaOid::INFORMATION_SCHEMA => {
            Err(NameError::Pinned(format!("schema {name}")).into())
        }
        oid => Ok(oid.address()),
    }
}

fn resolve_relation(
    ctx: &Context<'_>,
    kind: ObjectKind,
    name: &QualifiedName,
) -> Result<Authorized<ObjectAddress>> {
    let found = ctx.find_relation(name)?.ok_or_else(|| missing_relation(ctx, kind, name))?;
    if !is_of_kind(kind, &found) {
        return Err(relation::wrong_kind(kind, &found, Some(how_to_drop(&found))));
    }
    authorize::owner_or_schema_owner(ctx, &found)
}

/// Why there is nothing of this name to drop.
fn missing_relation(ctx: &Context<'_>, kind: ObjectKind, name: &QualifiedName) -> Error {
    match system::named(ctx, name) {
        Some(found) if system::is_of_kind(kind, found) => system::refusal(ctx, found),
        Some(found) => {
            let hint = if system::is_view(found) { DROP_VIEW } else { DROP_TABLE };
            relation::wrong_kind_of(kind, found.name, Some(hint))
        }
        None => NameError::missing(relation::noun(kind), name.name()).into(),
    }
}

fn is_of_kind(kind: ObjectKind, relation: &Relation) -> bool {
    match kind {
        ObjectKind::ForeignTable => relation.foreign_table().is_some(),
        ObjectKind::View => relation.view().is_some(),
        _ => false,
    }
}

fn how_to_drop(relation: &Relation) -> &'static str {
    match relation.view() {
        Some(_) => DROP_VIEW,
        None => "Use DROP FOREIGN TABLE to remove a foreign table.",
    }
}

fn apply(
    ctx: &mut Context<'_>,
    targets: Vec<Authorized<ObjectAddress>>,
    behavior: Behavior,
) -> Result<()> {
    let mut addresses: Vec<ObjectAddress> = Vec::new();
    for target in targets {
        let address = target.into_inner();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let also = drop_addresses(ctx, &addresses, behavior)?;
    // The statement names its own.
    ctx.also_changed(also.into_iter().filter(|(object, _)| !addresses.contains(object)));
    Ok(())
}

/// Takes them out, and says what goes too. Returns which servers and user mappings these were.
pub(crate) fn drop_addresses(
    ctx: &mut Context<'_>,
    addresses: &[ObjectAddress],
    behavior: Behavior,
) -> Result<Vec<(ObjectAddress, AlsoChanged)>> {
    let path = ctx.path();
    let dropped = ctx.change(|tx| tx.drop_objects(addresses, behavior, &path))?;
    ctx.notices.extend(dropped.notice);
    let told = |object| Some((object, AlsoChanged::dropped(&dropped.before, object)?));
    Ok(dropped.objects.into_iter().filter_map(told).collect())
}
