//! Servers.
use medley_catalog::objects::Server;

use super::super::value::{acl, oid, optional, options, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let servers = session.snapshot.servers();
    let mut admitted = servers
        .filter(|it| keys.admits_oid("oid", it.oid.0) && keys.admits_text("srvname", &it.name));
    admitted.try_for_each(|it| row(session, it, out))
}

fn row(session: &Session, server: &Server, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(server.oid.0),
        text(server.name.as_str()),
        oid(server.owner.0),
        oid(server.wrapper.0),
        optional(server.server_type.as_deref()),
        optional(server.version.as_deref()),
        acl(session, server.acl.as_ref())?,
        options(&server.options),
    ])
}
