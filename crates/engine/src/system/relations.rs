//! Stored relations and the system's own, alike.
use std::collections::BTreeMap;

use medley_catalog::acl::{Acl, AclItem, AclKind, Privileges};
use medley_catalog::ids::{RelationOid, RoleOid, RoleOrPublic, SchemaOid};
use medley_catalog::objects::{self, Relation};
use medley_catalog::{Actor, Snapshot};
use medley_types::{PgType, TypeOid};

use super::declared::{self, Declared};
use super::{Keys, Session, SystemRelation, updatable};

/// The columns that each table has besides its own: number, name, type.
const SYSTEM_COLUMNS: [(i16, &str, PgType); 6] = [
    (-1, "ctid", PgType::TID),
    (-2, "xmin", PgType::XID),
    (-3, "cmin", PgType::plain(29)),
    (-4, "xmax", PgType::XID),
    (-5, "cmax", PgType::plain(29)),
    (-6, "tableoid", PgType::OID),
];

/// A relation, stored or the system's own.
#[derive(Clone, Copy)]
pub enum AnyRelation<'a> {
    /// A foreign table or view.
    Stored(&'a Relation),
    /// One of `pg_catalog` or `information_schema`.
    System(&'static Declared),
}

/// A column of any relation.
pub struct AnyColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its number from 1.
    pub number: i16,
    /// Its type.
    pub pg_type: PgType,
    /// NOT NULL.
    pub not_null: bool,
    /// The domain of `information_schema` that it is declared with.
    pub domain: Option<TypeOid>,
    /// What the catalog has of it, if it is a stored relation's.
    pub stored: Option<&'a objects::Column>,
}

/// All relations.
pub fn all(snapshot: &Snapshot) -> impl Iterator<Item = AnyRelation<'_>> {
    let stored = snapshot.relations().map(|it| AnyRelation::Stored(it));
    declared::all().iter().map(AnyRelation::System).chain(stored)
}

/// The relation of this oid.
pub fn by_oid(snapshot: &Snapshot, oid: u32) -> Option<AnyRelation<'_>> {
    let stored = snapshot.relation(RelationOid(oid)).map(|it| AnyRelation::Stored(it));
    stored.or_else(|| declared::by_oid(oid).map(AnyRelation::System))
}

/// The relation of this name in this schema.
pub fn by_name<'a>(
    snapshot: &'a Snapshot,
    schema: SchemaOid,
    name: &str,
) -> Option<AnyRelation<'a>> {
    let stored = snapshot.relation_named(schema, name).map(|it| AnyRelation::Stored(it));
    stored.or_else(|| {
        let schema = snapshot.schema(schema)?;
        declared::by_name(&schema.name, name).map(AnyRelation::System)
    })
}

/// The relation that a bare name means.
pub fn on_path<'a>(session: &'a Session, name: &str) -> Option<AnyRelation<'a>> {
    let schemas = session.path.schemas().iter();
    schemas.filter_map(|schema| by_name(&session.snapshot, *schema, name)).next()
}

/// The relations whose oids, and names if they are given, `keys` admits; without keys all.
pub fn keyed<'a>(
    session: &'a Session,
    keys: &Keys,
    oid: &str,
    name: Option<&str>,
) -> Vec<AnyRelation<'a>> {
    let snapshot = &session.snapshot;
    if let Some(oids) = keys.oids(oid) {
        return oids.iter().filter_map(|oid| by_oid(snapshot, *oid)).collect();
    }
    if let Some(names) = name.and_then(|name| keys.texts(name)) {
        return of_names(session, names.iter().map(String::as_str));
    }
    all(snapshot).collect()
}

/// The relations of these names, in whatever schema.
pub fn of_names<'a, 'n>(
    session: &'a Session,
    names: impl IntoIterator<Item = &'n str>,
) -> Vec<AnyRelation<'a>> {
    let snapshot = &session.snapshot;
    let schemas: Vec<_> = snapshot.schemas().map(|schema| schema.oid).collect();
    let in_all = |name| schemas.iter().filter_map(move |it| by_name(snapshot, *it, name));
    names.into_iter().flat_map(in_all).collect()
}

/// The foreign tables and views that `keys` admits by their oid, or by that of a part of theirs
/// (a constraint, a default, a rule); without keys all.
pub fn stored<'a>(
    session: &'a Session,
    keys: &Keys,
    oid: &str,
    part: Option<&str>,
) -> Vec<&'a Relation> {
    let snapshot = &session.snapshot;
    if let Some(oids) = keys.oids(oid) {
        let found = oids.iter().filter_map(|oid| snapshot.relation(RelationOid(*oid)));
        return found.map(|it| &**it).collect();
    }
    if let Some(oids) = part.and_then(|part| keys.oids(part)) {
        let found = oids.iter().filter_map(|oid| snapshot.relation_with(*oid));
        let found: BTreeMap<_, _> = found.map(|it| (it.oid, &**it)).collect();
        return found.into_values().collect();
    }
    snapshot.relations().map(|it| &**it).collect()
}

impl<'a> AnyRelation<'a> {
    /// What can be done to its rows: see [`updatable`].
    pub fn events(self, session: &Session) -> i32 {
        updatable::events(session, RelationOid(self.oid()), None)
    }

    /// Its oid.
    pub fn oid(self) -> u32 {
        match self {
            Self::Stored(it) => it.oid.0,
            Self::System(it) => it.oid(),
        }
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        match self {
            Self::Stored(it) => &it.name,
            Self::System(it) => it.name(),
        }
    }

    /// Its schema.
    pub fn schema(self) -> SchemaOid {
        match self {
            Self::Stored(it) => it.schema,
            Self::System(it) => it.schema_oid(),
        }
    }

    /// Its schema's name.
    pub fn schema_name(self, snapshot: &Snapshot) -> String {
        snapshot.name_of(self.schema().address()).unwrap_or_default()
    }

    /// Who owns it.
    pub fn owner(self) -> RoleOid {
        match self {
            Self::Stored(it) => it.owner,
            Self::System(_) => RoleOid::BOOTSTRAP,
        }
    }

    /// `pg_class.relkind`.
    pub fn kind(self) -> char {
        match self {
            Self::Stored(it) => it.relkind(),
            Self::System(it) => it.kind(),
        }
    }

    /// The query of a stored view.
    pub fn view(self) -> Option<&'a objects::View> {
        match self {
            Self::Stored(it) => it.view(),
            Self::System(_) => None,
        }
    }

    /// What the catalog has of it, if it is stored.
    pub fn stored(self) -> Option<&'a Relation> {
        match self {
            Self::Stored(it) => Some(it),
            Self::System(_) => None,
        }
    }

    /// Its ACL, if it is not the default.
    pub fn acl(self) -> Option<Acl> {
        match self {
            Self::Stored(it) => it.acl.clone(),
            Self::System(it) => Some(system_acl(it.public)),
        }
    }

    /// The ACL that holds.
    pub fn effective_acl(self) -> Acl {
        self.acl().unwrap_or_else(|| Acl::default_for(AclKind::Relation, self.owner()))
    }

    /// Its columns, without dropped ones.
    pub fn columns(self) -> Vec<AnyColumn<'a>> {
        match self {
            Self::Stored(it) => it.live_columns().map(AnyColumn::of_stored).collect(),
            Self::System(it) => (1..)
                .zip(it.columns())
                .map(|(number, column)| AnyColumn {
                    name: column.name,
                    number,
                    pg_type: column.pg_type,
                    not_null: column.not_null,
                    domain: column.domain,
                    stored: None,
                })
                .collect(),
        }
    }

    /// Its columns by number: the system's, its own, and what is left of dropped ones.
    pub fn all_columns(self) -> Vec<AnyColumn<'a>> {
        let system = SYSTEM_COLUMNS.iter().filter(|_| self.kind() != 'v').map(system_column);
        let dropped = self.stored().into_iter().flat_map(|it| &it.columns).filter(|c| c.dropped);
        let dropped = dropped.map(|it| AnyColumn { not_null: false, ..AnyColumn::of_stored(it) });
        let mut columns: Vec<_> = system.chain(self.columns()).chain(dropped).collect();
        columns.sort_by_key(|column| column.number);
        columns
    }

    /// What the actor may do with it.
    pub fn privileges(self, actor: &Actor<'_>) -> Privileges {
        match self {
            Self::Stored(it) => actor.privileges_on(it.oid.address()),
            Self::System(_) if actor.is_superuser() => Privileges::ALL_RELATION,
            Self::System(it) => system_privileges(actor, it),
        }
    }

    /// Which of that it may grant on.
    pub fn grant_options(self, actor: &Actor<'_>) -> Privileges {
        let options = |it: &(Privileges, char, &str)| match self {
            Self::Stored(relation) => actor.has_grant_options(relation.oid.address(), it.0),
            Self::System(_) => actor.has_privileges_of(RoleOid::BOOTSTRAP),
        };
        let given = Privileges::ALL_RELATION.iter().filter(options);
        given.fold(Privileges::NONE, |all, (one, ..)| all | one)
    }

    /// It has one of these privileges on a column, or on the whole.
    pub fn has_on_column(self, actor: &Actor<'_>, column: i16, privileges: Privileges) -> bool {
        match self {
            Self::Stored(it) => actor.has_on_column(it, column, privileges),
            Self::System(_) => self.privileges(actor).intersects(privileges),
        }
    }

    /// It has one of these privileges on some column, or on the whole.
    pub fn has_on_some_column(self, actor: &Actor<'_>, privileges: Privileges) -> bool {
        match self {
            Self::Stored(it) => actor.has_on_some_column(it, privileges),
            Self::System(_) => self.privileges(actor).intersects(privileges),
        }
    }

    /// Whether `information_schema` lists it for the actor.
    pub fn is_listed(self, actor: &Actor<'_>) -> bool {
        match self {
            Self::Stored(it) => {
                !actor.snapshot().is_other_temp_schema(it.schema) && actor.sees_relation(it)
            }
            Self::System(_) => {
                self.privileges(actor).intersects(Privileges::ALL_RELATION - Privileges::MAINTAIN)
            }
        }
    }
}

impl<'a> AnyColumn<'a> {
    /// Whether it was dropped, and only its number is left.
    pub fn is_dropped(&self) -> bool {
        self.stored.is_some_and(|column| column.dropped)
    }

    fn of_stored(column: &'a objects::Column) -> Self {
        Self {
            name: &column.name,
            number: column.number,
            pg_type: column.pg_type,
            not_null: column.not_null.is_some(),
            domain: None,
            stored: Some(column),
        }
    }
}

fn system_acl(public: bool) -> Acl {
    let own = AclItem {
        grantee: RoleOrPublic::Role(RoleOid::BOOTSTRAP),
        grantor: RoleOid::BOOTSTRAP,
        privileges: Privileges::ALL_RELATION,
        grant_options: Privileges::NONE,
    };
    let everybody =
        AclItem { grantee: RoleOrPublic::Public, privileges: Privileges::SELECT, ..own };
    [own].into_iter().chain(public.then_some(everybody)).collect()
}

/// Nobody but superusers writes to the system's tables.
fn system_privileges(actor: &Actor<'_>, relation: &Declared) -> Privileges {
    let write = [Privileges::INSERT, Privileges::UPDATE, Privileges::DELETE];
    let write = write.into_iter().fold(Privileges::NONE, |all, one| all | one);
    let given = [
        (RoleOid::BOOTSTRAP, Privileges::ALL_RELATION),
        (RoleOid::READ_ALL_DATA, Privileges::SELECT),
        (RoleOid::WRITE_ALL_DATA, write),
        (RoleOid::MAINTAIN, Privileges::MAINTAIN),
    ];
    let public = if relation.public { Privileges::SELECT } else { Privileges::NONE };
    let given = given.into_iter().filter(|(role, _)| actor.has_privileges_of(*role));
    let given = given.fold(public, |all, (_, privileges)| all | privileges);
    match relation.kind() {
        'v' => given,
        _ => given - (write | Privileges::TRUNCATE),
    }
}

fn system_column<'a>((number, name, pg_type): &(i16, &'static str, PgType)) -> AnyColumn<'a> {
    AnyColumn {
        name,
        number: *number,
        pg_type: *pg_type,
        not_null: true,
        domain: None,
        stored: None,
    }
}
