//! CREATE and ALTER SERVER.
use std::sync::Arc;

use medley_catalog::ids::ServerOid;
use medley_catalog::objects::{OptionValue, Options, Server, Wrapper};
use medley_fdw::ours;
use medley_sql::{AlterServer, CreateServer};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{NameError, Noun, OptionError, Result};
use crate::options::{self, Owner};

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateServer) -> Result<()> {
    // IF NOT EXISTS looks at nothing else.
    if ctx.catalog().server_named(&statement.name).is_some() {
        let exists = NameError::exists(Noun::Server, &statement.name);
        return ctx.already_there(exists, statement.if_not_exists);
    }
    let wrapper = ctx.wrapper_named(&statement.wrapper)?;
    let wrapper = authorize::usage(ctx, wrapper)?;
    apply_create(ctx, wrapper, statement)
}

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterServer) -> Result<()> {
    let server = ctx.server_named(&statement.name)?;
    let server = authorize::owner(ctx, server)?;
    apply_alter(ctx, server, statement)
}

fn apply_create(
    ctx: &mut Context<'_>,
    wrapper: Authorized<Arc<Wrapper>>,
    statement: CreateServer,
) -> Result<()> {
    let wrapper = wrapper.into_inner();
    let oid = ServerOid(ctx.allocate_oid()?);
    let options =
        options::settle(ctx, &wrapper, Owner::Server(oid), &Options::default(), statement.options)?;
    ctx.create(Server {
        oid,
        name: statement.name,
        owner: ctx.current_role,
        wrapper: wrapper.oid,
        server_type: statement.server_type,
        version: statement.version,
        acl: None,
        options,
        epoch: None,
    })
}

fn apply_alter(
    ctx: &mut Context<'_>,
    server: Authorized<Arc<Server>>,
    statement: AlterServer,
) -> Result<()> {
    let old = server.into_inner();
    let mut server = Server::clone(&old);
    server.version = statement.version.unwrap_or(server.version);
    if let Some(items) = statement.options {
        let wrapper = ctx.wrapper_of(&server)?;
        server.options = options::settle_under(
            ctx,
            &wrapper,
            Owner::Server(server.oid),
            Some(&old),
            &old.options,
            items,
        )?;
        check_consent(ctx, &old.options, &server.options)?;
    }
    ctx.update(&old, server)
}

/// Who may be served only with their consent stays so: it binds the server's owner, who therefore
/// cannot take it back.
fn check_consent(ctx: &Context<'_>, old: &Options, new: &Options) -> Result<()> {
    match requires_consent(old) && !requires_consent(new) && !ctx.is_superuser() {
        true => Err(OptionError::ForSuperusers(ours::REQUIRE_CONSENT.to_owned()).into()),
        false => Ok(()),
    }
}

fn requires_consent(options: &Options) -> bool {
    let on = |value: &OptionValue| matches!(value, OptionValue::Plain(text) if ours::is_on(text));
    options.get(ours::REQUIRE_CONSENT).is_some_and(on)
}
