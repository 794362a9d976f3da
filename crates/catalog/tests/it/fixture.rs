//! A catalog in a temporary folder, and short words to fill it.
use std::sync::Arc;

use medley_catalog::acl::{Acl, AclItem, Privileges};
use medley_catalog::ids::{
    MembershipOid, ObjectAddress, RelationOid, RoleOid, RoleOrPublic, SchemaOid, ServerOid,
    UserMappingOid, WrapperOid,
};
use medley_catalog::objects::{
    Column, ForeignTable, Membership, OptionValue, Options, Relation, RelationKind, Role, Server,
    UserMapping, View, Wrapper,
};
use medley_catalog::{
    Backend, Bootstrap, BootstrapWrapper, Catalog, SearchPath, Snapshot, Transaction,
};
use medley_types::PgType;
use tempfile::TempDir;

pub const SUPERUSER: RoleOid = RoleOid::BOOTSTRAP;

pub struct Fixture {
    pub folder: TempDir,
    pub catalog: Arc<Catalog>,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Catalog::create(folder.path(), bootstrap()).unwrap();
        let catalog = Catalog::open(folder.path()).unwrap();
        Self { folder, catalog }
    }

    pub fn reopened(self) -> Self {
        let Self { folder, catalog } = self;
        drop(catalog);
        let catalog = Catalog::open(folder.path()).unwrap();
        Self { folder, catalog }
    }

    pub fn begin(&self) -> Transaction {
        self.catalog.begin(Backend::default())
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.catalog.snapshot()
    }

    /// Runs in a transaction of its own.
    pub fn run<T>(&self, work: impl FnOnce(&mut Transaction) -> T) -> T {
        let mut tx = self.begin();
        let result = work(&mut tx);
        tx.commit().unwrap();
        result
    }
}

pub fn bootstrap() -> Bootstrap {
    Bootstrap {
        superuser: "postgres".into(),
        password: None,
        data_keys: Vec::new(),
        wrappers: vec![BootstrapWrapper {
            name: "w".into(),
            handler: Some("w_handler".into()),
            validator: None,
        }],
    }
}

pub fn options(values: &[(&str, &str)]) -> Options {
    let plain = |(name, value): &(&str, &str)| {
        ((*name).to_owned(), OptionValue::Plain((*value).to_owned()))
    };
    values.iter().map(plain).collect()
}

pub fn acl(items: &[(RoleOrPublic, RoleOid, Privileges, Privileges)]) -> Acl {
    items
        .iter()
        .map(|&(grantee, grantor, privileges, grant_options)| AclItem {
            grantee,
            grantor,
            privileges,
            grant_options,
        })
        .collect()
}

/// Nothing is visible without its schema.
pub fn no_path(snapshot: &Snapshot) -> SearchPath {
    snapshot.search_path::<&str>(&[], SUPERUSER)
}

pub fn public_path(snapshot: &Snapshot) -> SearchPath {
    snapshot.search_path(&["public"], SUPERUSER)
}

pub trait Make {
    fn role(&mut self, name: &str) -> RoleOid;
    fn wrapper(&mut self, name: &str) -> WrapperOid;
    fn server(&mut self, name: &str, owner: RoleOid) -> ServerOid;
    fn mapping(
        &mut self,
        user: impl Into<RoleOrPublic>,
        server: ServerOid,
        values: &[(&str, &str)],
    ) -> UserMappingOid;
    fn table(&mut self, name: &str, server: ServerOid) -> RelationOid;
    fn view(&mut self, name: &str, on: &[ObjectAddress]) -> RelationOid;
    fn member(&mut self, role: RoleOid, member: RoleOid, inherit: bool) -> MembershipOid;
}

impl Make for Transaction {
    fn role(&mut self, name: &str) -> RoleOid {
        let oid = RoleOid(self.allocate_oid().unwrap());
        self.create(Role::new(oid, name)).unwrap();
        oid
    }

    fn wrapper(&mut self, name: &str) -> WrapperOid {
        let oid = WrapperOid(self.allocate_oid().unwrap());
        let wrapper = Wrapper {
            oid,
            name: name.into(),
            owner: SUPERUSER,
            handler: None,
            validator: None,
            acl: None,
            options: Options::default(),
            epoch: None,
        };
        self.create(wrapper).unwrap();
        oid
    }

    fn server(&mut self, name: &str, owner: RoleOid) -> ServerOid {
        let oid = ServerOid(self.allocate_oid().unwrap());
        let server = server_of(self, oid, name, owner);
        self.create(server).unwrap();
        oid
    }

    fn mapping(
        &mut self,
        user: impl Into<RoleOrPublic>,
        server: ServerOid,
        values: &[(&str, &str)],
    ) -> UserMappingOid {
        let oid = UserMappingOid(self.allocate_oid().unwrap());
        let options = options(values);
        let mapping =
            UserMapping { oid, server, user: user.into(), epoch: None, options, accepted: true };
        self.create(mapping).unwrap();
        oid
    }

    fn table(&mut self, name: &str, server: ServerOid) -> RelationOid {
        let options = Options::default();
        let kind = RelationKind::ForeignTable(ForeignTable { server, options });
        relation(self, name, kind)
    }

    fn view(&mut self, name: &str, on: &[ObjectAddress]) -> RelationOid {
        let view = View {
            rule: self.allocate_oid().unwrap(),
            query: "SELECT 1".into(),
            reloptions: Vec::new(),
            depends_on: on.to_vec(),
        };
        relation(self, name, RelationKind::View(view))
    }

    fn member(&mut self, role: RoleOid, member: RoleOid, inherit: bool) -> MembershipOid {
        let oid = MembershipOid(self.allocate_oid().unwrap());
        let grant =
            Membership { oid, role, member, grantor: SUPERUSER, admin: false, inherit, set: true };
        self.create(grant).unwrap();
        oid
    }
}

/// A server of the wrapper `w`, not yet made.
pub fn server_of(tx: &mut Transaction, oid: ServerOid, name: &str, owner: RoleOid) -> Server {
    Server {
        oid,
        name: name.into(),
        owner,
        wrapper: tx.snapshot().wrapper_named("w").unwrap().oid,
        server_type: None,
        version: None,
        acl: None,
        options: Options::default(),
        epoch: None,
    }
}

fn relation(tx: &mut Transaction, name: &str, kind: RelationKind) -> RelationOid {
    let mut oid = || tx.allocate_oid().unwrap();
    let (oid, row_type, array_type) = (RelationOid(oid()), oid(), oid());
    let relation = Relation {
        oid,
        name: name.into(),
        schema: SchemaOid::PUBLIC,
        owner: SUPERUSER,
        acl: None,
        row_type,
        array_type,
        columns: vec![Column::new("a", 1, PgType::INT4), Column::new("b", 2, PgType::varchar(10))],
        checks: Vec::new(),
        kind,
    };
    tx.create(relation).unwrap();
    oid
}
