//! Foreign-data wrappers.
use medley_catalog::objects::Wrapper;

use super::super::procedures::wrapper_function;
use super::super::value::{acl, oid, options, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let wrappers = session.snapshot.wrappers();
    let admitted = wrappers
        .filter(|it| keys.admits_oid("oid", it.oid.0) && keys.admits_text("fdwname", &it.name));
    admitted.into_iter().try_for_each(|it| row(session, it, out))
}

fn row(session: &Session, wrapper: &Wrapper, out: &mut RowSink) -> Result<()> {
    let function = |name: &Option<String>| {
        name.as_deref().map_or(0, |name| wrapper_function(session, name).unwrap_or(0))
    };
    out.push(&[
        oid(wrapper.oid.0),
        text(wrapper.name.as_str()),
        oid(wrapper.owner.0),
        oid(function(&wrapper.handler)),
        oid(function(&wrapper.validator)),
        acl(session, wrapper.acl.as_ref())?,
        options(&wrapper.options),
    ])
}
