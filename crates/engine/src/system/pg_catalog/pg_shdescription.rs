//! Comments on roles and the database.
use medley_catalog::ids::Class;

use super::super::value::{oid, text};
use super::pg_description::admitted;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let comments = admitted(session, keys);
    let mut shared =
        comments.into_iter().filter(|it| matches!(it.on.class, Class::Role | Class::Database));
    shared.try_for_each(|comment| {
        let (objoid, class) = (oid(comment.on.oid), oid(comment.on.class.oid()));
        out.push(&[objoid, class, text(comment.text.as_str())])
    })
}
