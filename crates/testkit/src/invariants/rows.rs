//! Rows point at rows, and every index tells what they say.
use std::collections::{BTreeMap, BTreeSet, HashSet};

use medley_catalog::Snapshot;
use medley_catalog::ids::{Class, Epoch, ObjectAddress, RelationOid, RoleOid};
use medley_catalog::objects::{Relation, Row, RowKey};

use super::Broken;
use super::contents::rows;

pub(super) fn check(snapshot: &Snapshot, broken: &mut Broken) {
    let rows = rows(snapshot);
    keys(snapshot, &rows, broken);
    oids(&rows, broken);
    references(snapshot, &rows, broken);
    edges(snapshot, &rows, broken);
    epochs(&rows, broken);
    mappings(snapshot, broken);
    memberships(snapshot, broken);
    snapshot.relations().for_each(|relation| columns(relation, broken));
}

/// No two rows have one key, and who looks a key up finds its row.
fn keys(snapshot: &Snapshot, rows: &[Row], broken: &mut Broken) {
    let mut seen = BTreeSet::new();
    for row in rows {
        for key in row.unique_keys() {
            let found = snapshot.holder_of(&key);
            let is_its = match row.key() {
                RowKey::Object(address) => found == Some(address),
                RowKey::Comment(on) => found == Some(on),
                RowKey::Setting(_) => found.is_some(),
            };
            broken.unless(is_its, || format!("{key:?} of {:?} finds {found:?}", row.key()));
            broken.unless(seen.insert(key.clone()), || format!("{key:?} is there twice"));
        }
    }
}

/// No two objects of a catalog have one oid, parts of relations included.
fn oids(rows: &[Row], broken: &mut Broken) {
    let mut seen = HashSet::new();
    let mut note = |class: Class, oid: u32| {
        broken.unless(seen.insert((class, oid)), || format!("{class:?} {oid} is there twice"));
    };
    for row in rows {
        if let RowKey::Object(address) = row.key() {
            note(address.class, address.oid);
        }
        if let Row::Relation(relation) = row {
            parts(relation).into_iter().for_each(|(class, oid)| note(class, oid));
        }
    }
}

/// What has an oid inside a relation.
fn parts(relation: &Relation) -> Vec<(Class, u32)> {
    let mut parts = vec![(Class::Type, relation.row_type)];
    parts.extend((relation.array_type != 0).then_some((Class::Type, relation.array_type)));
    parts.extend(relation.view().map(|view| (Class::Rule, view.rule)));
    parts.extend(relation.checks.iter().map(|check| (Class::Constraint, check.oid)));
    for column in &relation.columns {
        parts.extend(column.not_null.as_ref().map(|it| (Class::Constraint, it.oid)));
        parts.extend(column.default.as_ref().map(|it| (Class::ColumnDefault, it.oid)));
    }
    parts
}

/// What a row names is there.
fn references(snapshot: &Snapshot, rows: &[Row], broken: &mut Broken) {
    for row in rows {
        for (what, named) in named(row) {
            let there = exists(snapshot, named);
            broken
                .unless(there, || format!("{what} of {:?} is {named:?}, which is not", row.key()));
        }
    }
}

/// All that a row names, by what it is to the row; privileges apart.
fn named(row: &Row) -> Vec<(&'static str, ObjectAddress)> {
    match row {
        Row::Role(_) | Row::SystemAcl(_) => Vec::new(),
        Row::Database(it) => vec![("the owner", it.owner.address())],
        Row::Wrapper(it) => vec![("the owner", it.owner.address())],
        Row::Schema(it) => vec![("the owner", it.owner.address())],
        Row::Server(it) => {
            vec![("the owner", it.owner.address()), ("the wrapper", it.wrapper.address())]
        }
        Row::UserMapping(it) => {
            let role = it.user.role().map(|role| ("the role", role.address()));
            role.into_iter().chain([("the server", it.server.address())]).collect()
        }
        Row::Extension(it) => {
            let members = it.members.iter().map(|member| ("a member", *member));
            let own = [("the owner", it.owner.address()), ("the schema", it.schema.address())];
            members.chain(own).collect()
        }
        Row::Relation(it) => {
            let table = it.foreign_table().map(|table| ("the server", table.server.address()));
            let read = it.view().into_iter().flat_map(|view| &view.depends_on);
            let own = [("the owner", it.owner.address()), ("the schema", it.schema.address())];
            own.into_iter().chain(table).chain(read.map(|on| ("what is read", *on))).collect()
        }
        Row::Membership(it) => vec![
            ("the role", it.role.address()),
            ("the member", it.member.address()),
            ("the grantor", it.grantor.address()),
        ],
        Row::DefaultAcl(it) => {
            let schema = it.schema.map(|schema| ("the schema", schema.address()));
            schema.into_iter().chain([("the role", it.role.address())]).collect()
        }
        Row::Comment(it) => vec![("the object", it.on)],
        Row::Setting(it) => {
            let role = it.scope.role.map(|role| ("the role", role.address()));
            let database = it.scope.database.map(|it| ("the database", it.address()));
            role.into_iter().chain(database).collect()
        }
    }
}

/// Whether it is there; a column, whether it was not dropped.
fn exists(snapshot: &Snapshot, address: ObjectAddress) -> bool {
    if address.subid == 0 || !snapshot.contains(address.whole()) {
        return snapshot.contains(address);
    }
    let relation = snapshot.relation(RelationOid(address.oid));
    let mut columns = relation.into_iter().flat_map(|relation| relation.live_columns());
    columns.any(|column| i32::from(column.number) == address.subid)
}

/// The index of what depends on what has each row's edges, and no others.
fn edges(snapshot: &Snapshot, rows: &[Row], broken: &mut Broken) {
    let own: BTreeSet<_> = rows.iter().flat_map(Row::references).collect();
    let indexed: BTreeSet<_> = own
        .iter()
        .map(|reference| reference.to)
        .chain(rows.iter().filter_map(|row| match row.key() {
            RowKey::Object(address) => Some(address),
            _ => None,
        }))
        .flat_map(|needed| snapshot.dependents(needed))
        .collect();
    let lost = own.difference(&indexed);
    lost.for_each(|edge| broken.note(format!("{edge:?} is not in the index")));
    let stale = indexed.difference(&own);
    stale.for_each(|edge| broken.note(format!("{edge:?} is in the index, and no row's")));
}

/// What was committed has an epoch, and no other has the same.
fn epochs(rows: &[Row], broken: &mut Broken) {
    let mut seen = BTreeMap::new();
    for (key, epoch) in rows.iter().filter_map(epoch) {
        let Some(epoch) = epoch else {
            broken.note(format!("{key:?} has no epoch"));
            continue;
        };
        if let Some(other) = seen.insert(epoch, key) {
            broken.note(format!("{key:?} and {other:?} have the epoch {epoch}"));
        }
    }
}

/// The epoch of what may have one.
pub(super) fn epoch(row: &Row) -> Option<(RowKey, Option<Epoch>)> {
    match row {
        Row::Wrapper(it) => Some((row.key(), it.epoch)),
        Row::Server(it) => Some((row.key(), it.epoch)),
        Row::UserMapping(it) => Some((row.key(), it.epoch)),
        _ => None,
    }
}

/// What memory and disk have of a mapping is the same, whichever way it is found.
fn mappings(snapshot: &Snapshot, broken: &mut Broken) {
    for entry in snapshot.mappings() {
        let oid = entry.oid;
        match snapshot.user_mapping(oid) {
            Ok(Some(it)) => broken.unless(
                (it.oid, it.server, it.user, it.epoch)
                    == (oid, entry.server, entry.user, entry.epoch),
                || format!("user mapping {oid} is {it:?} in the store, {entry:?} in memory"),
            ),
            other => broken.note(format!("user mapping {oid} cannot be read: {other:?}")),
        }
        let of_server = snapshot.mappings_of_server(entry.server).any(|it| it == entry);
        broken.unless(of_server, || format!("user mapping {oid} is not found by its server"));
        let of_role = |role| snapshot.mappings_of_role(role).any(|it| it == entry);
        broken.unless(entry.user.role().is_none_or(of_role), || {
            format!("user mapping {oid} is not found by its role")
        });
    }
    let by_server: usize =
        snapshot.servers().map(|it| snapshot.mappings_of_server(it.oid).count()).sum();
    broken.unless(by_server == snapshot.mapping_count(), || {
        format!("{by_server} user mappings are found by server, of {}", snapshot.mapping_count())
    });
}

/// Memberships are found from both ends, and do not go round.
fn memberships(snapshot: &Snapshot, broken: &mut Broken) {
    for it in snapshot.memberships() {
        let found = snapshot.memberships_of_member(it.member).any(|other| other.oid == it.oid)
            && snapshot.memberships_in_role(it.role).any(|other| other.oid == it.oid);
        broken.unless(found, || format!("membership {} is not found from both ends", it.oid));
    }
    for role in snapshot.roles() {
        broken.unless(!is_below_itself(snapshot, role.oid), || {
            format!("role {} is a member of itself", role.name)
        });
    }
}

fn is_below_itself(snapshot: &Snapshot, role: RoleOid) -> bool {
    let mut open = vec![role];
    let mut seen = HashSet::new();
    while let Some(member) = open.pop() {
        for grant in snapshot.memberships_of_member(member) {
            if grant.role == role {
                return true;
            }
            if seen.insert(grant.role) {
                open.push(grant.role);
            }
        }
    }
    false
}

/// Columns are numbered upwards, and those that are there have names of their own.
fn columns(relation: &Relation, broken: &mut Broken) {
    let numbers: Vec<_> = relation.columns.iter().map(|column| column.number).collect();
    let ascending = numbers.is_sorted_by(|one, other| one < other);
    broken.unless(ascending, || format!("columns of {} have numbers {numbers:?}", relation.name));
    let mut names = BTreeSet::new();
    for column in relation.live_columns() {
        broken.unless(names.insert(&column.name), || {
            format!("{} has two columns {}", relation.name, column.name)
        });
    }
}
