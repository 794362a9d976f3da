//! ALTER … OWNER TO.
use medley_catalog::acl::Acl;
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::{Database, Relation, Schema, Server, Wrapper};
use medley_sql::{AlterOwner, ObjectKind};

use crate::Context;
use crate::authorize::{self, Authorized, Gift};
use crate::error::{Error, Result};

/// The new owner is looked up first: it is reported missing even where the object is too.
pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterOwner) -> Result<()> {
    let to = ctx.role(&statement.new_owner)?;
    let name = statement.name.name();
    match statement.kind {
        ObjectKind::ForeignDataWrapper => {
            let gift = authorize::give_wrapper(ctx, ctx.wrapper_named(name)?, to)?;
            give_wrapper(ctx, gift)
        }
        ObjectKind::Server => {
            let gift = authorize::give_server(ctx, ctx.server_named(name)?, to)?;
            give_server(ctx, gift)
        }
        ObjectKind::Schema => {
            let gift = authorize::give_schema(ctx, ctx.schema_named(name)?, to)?;
            give_schema(ctx, gift)
        }
        ObjectKind::Database => {
            let gift = authorize::give_database(ctx, ctx.database_named(name)?, to)?;
            give_database(ctx, gift)
        }
        kind => Err(Error::unsupported(format!("ALTER {} OWNER TO", kind.name()))),
    }
}

macro_rules! give {
    ($($function:ident: $type:ident;)*) => {$(
        /// Changes the owner, and in the ACL every mention of the old one.
        pub(crate) fn $function(
            ctx: &mut Context<'_>,
            gift: Authorized<Gift<$type>>,
        ) -> Result<()> {
            let Gift { object: old, to } = gift.into_inner();
            if old.owner == to {
                return Ok(());
            }
            let acl = given_acl(old.acl.as_ref(), old.owner, to);
            ctx.update(&old, $type { owner: to, acl, ..$type::clone(&old) })
        }
    )*};
}

give! {
    give_wrapper: Wrapper;
    give_server: Server;
    give_schema: Schema;
    give_database: Database;
}

/// The same of a relation, where columns have ACLs too.
pub(crate) fn give_relation(ctx: &mut Context<'_>, gift: Authorized<Gift<Relation>>) -> Result<()> {
    let Gift { object: old, to } = gift.into_inner();
    if old.owner == to {
        return Ok(());
    }
    let mut relation = Relation::clone(&old);
    relation.owner = to;
    relation.acl = given_acl(old.acl.as_ref(), old.owner, to);
    for column in &mut relation.columns {
        column.acl = given_acl(column.acl.as_ref(), old.owner, to);
    }
    ctx.update(&old, relation)
}

fn given_acl(acl: Option<&Acl>, from: RoleOid, to: RoleOid) -> Option<Acl> {
    acl.map(|acl| acl.with_new_owner(from, to))
}
