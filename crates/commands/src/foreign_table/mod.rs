//! CREATE and ALTER FOREIGN TABLE.
mod alter;
mod alter_column;
mod alter_constraint;
mod column_type;
mod definition;
mod expression;
mod generated;
mod like;

pub(crate) use alter::{alter, rename_constraint};
pub use column_type::type_named;
pub(crate) use column_type::{check_type_usage, collation_name, resolve_name};
pub(crate) use definition::{SYSTEM_COLUMNS, is_system_column};

use std::sync::Arc;

use medley_catalog::ids::{RelationOid, SchemaOid};
use medley_catalog::objects::{
    DefaultAclKind, ForeignTable, Options, Relation, RelationKind, Schema, Server,
};
use medley_sql::{CreateForeignTable, OptionItem, TableBody, TableElement};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{Error, RelationError, Result};
use crate::options::{self, Owner};
use definition::Definition;

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateForeignTable) -> Result<()> {
    let schema = ctx.creation_schema(&statement.name, false);
    let schema = schema.map_err(|error| error.at(statement.name.position))?;
    create_in(ctx, schema, statement)
}

/// Makes the table in this schema, whatever its name says.
pub(crate) fn create_in(
    ctx: &mut Context<'_>,
    schema: Authorized<Arc<Schema>>,
    statement: CreateForeignTable,
) -> Result<()> {
    let name = statement.name.name().to_owned();
    let taken = ctx.check_relation_name_is_free(schema.get(), &name);
    if statement.if_not_exists
        && let Err(exists) = taken
    {
        return ctx.already_there(exists, true);
    }
    let mut definition = Definition::of(RelationOid(0), &name, Vec::new(), Vec::new());
    definition.add_elements(ctx, own_elements(statement.body)?)?;
    ctx.check_relation_name_is_free(schema.get(), &name)?;
    if schema.get().oid == SchemaOid::PG_CATALOG {
        return Err(RelationError::SystemCatalog { name }.into());
    }
    definition.add_waiting(ctx)?;
    let server = ctx.server_named(&statement.server)?;
    let server = authorize::usage(ctx, server)?;
    apply_create(ctx, schema, server, definition, &name, statement.options)
}

fn own_elements(body: TableBody) -> Result<Vec<TableElement>> {
    match body {
        TableBody::Columns { elements, inherits } if inherits.is_empty() => Ok(elements),
        TableBody::Columns { .. } => Err(Error::unsupported("INHERITS")),
        TableBody::PartitionOf { .. } => Err(Error::unsupported("PARTITION OF")),
    }
}

fn apply_create(
    ctx: &mut Context<'_>,
    schema: Authorized<Arc<Schema>>,
    server: Authorized<Arc<Server>>,
    mut definition: Definition<'_>,
    name: &str,
    items: Vec<OptionItem>,
) -> Result<()> {
    let oid = RelationOid(ctx.allocate_oid()?);
    let wrapper = ctx.wrapper_of(server.get())?;
    let options = options::settle(ctx, &wrapper, Owner::Table(oid), &Options::default(), items)?;
    let of_columns = std::mem::take(&mut definition.options);
    if !of_columns.is_empty() {
        // They go in as by ALTER, which looks the table up in its schema.
        authorize::usage(ctx, Arc::clone(schema.get()))?;
    }
    for (number, items) in of_columns {
        let owner = Owner::Column(oid, number);
        let options = options::settle(ctx, &wrapper, owner, &Options::default(), items)?;
        definition.column_mut(number).options = options;
    }
    let (owner, schema) = (ctx.current_role, schema.get().oid);
    let acl = ctx.catalog().acl_of_new(DefaultAclKind::Relation, owner, Some(schema));
    let comments = std::mem::take(&mut definition.comments);
    let kind = ForeignTable { server: server.get().oid, options };
    let (row_type, array_type) = (ctx.allocate_oid()?, ctx.allocate_oid()?);
    ctx.create(Relation {
        oid,
        name: name.to_owned(),
        schema,
        owner,
        acl,
        row_type,
        array_type,
        columns: definition.columns,
        checks: definition.checks,
        kind: RelationKind::ForeignTable(kind),
    })?;
    for (number, text) in comments {
        ctx.change(|tx| tx.set_comment(oid.address().column(number), &text))?;
    }
    Ok(())
}
