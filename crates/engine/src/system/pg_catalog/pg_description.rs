//! Comments on what is not shared.
use medley_catalog::ids::{Class, ObjectAddress};
use medley_catalog::objects::Comment;

use super::super::value::{int4, oid, text};

use super::super::descriptions::{self, Description};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let local = |it: &Comment| !matches!(it.on.class, Class::Role | Class::Database);
    let comments = admitted(session, keys);
    comments.into_iter().filter(|it| local(it)).try_for_each(|comment| {
        let (objoid, class) = (oid(comment.on.oid), oid(comment.on.class.oid()));
        out.push(&[objoid, class, int4(comment.on.subid), text(comment.text.as_str())])
    })?;
    let is_admitted = |it: &&Description| keys.admits_oid("classoid", it.class);
    let mut built_in = match keys.oids("objoid") {
        Some(oids) => oids.iter().flat_map(|oid| descriptions::on(*oid)).collect(),
        None => descriptions::all().iter().collect::<Vec<_>>(),
    };
    built_in.retain(is_admitted);
    built_in
        .into_iter()
        .try_for_each(|it| out.push(&[oid(it.object), oid(it.class), int4(0), text(it.text)]))
}

/// The comments on objects of these oids; without keys all.
pub fn admitted<'a>(session: &'a Session, keys: &Keys) -> Vec<&'a Comment> {
    let snapshot = &session.snapshot;
    let Some(oids) = keys.oids("objoid") else {
        return snapshot.comments().map(|it| &**it).collect();
    };
    let addresses =
        oids.iter().flat_map(|oid| Class::ALL.iter().map(|class| ObjectAddress::new(*class, *oid)));
    addresses.flat_map(|address| snapshot.comments_on(address)).map(|it| &**it).collect()
}
