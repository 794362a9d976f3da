//! A catalog with one server, a few people, and their mappings.
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use medley_catalog::ids::{MembershipOid, RoleOid, RoleOrPublic, ServerOid, UserMappingOid};
use medley_catalog::objects::{
    Membership, OptionValue, Options, Role, Server, StoredReference, UserMapping,
};
use medley_catalog::{Backend, Bootstrap, BootstrapWrapper, Catalog};
use medley_diagnostic::Diagnostic;
use medley_fdw::{Handler, Query, Registry};
use medley_foreign::{Access, Batches, Foreign, Limits, Person, Remote, RemoteTransactions};
use medley_secret::{Keyring, MasterKey};
use tokio_util::sync::CancellationToken;

use crate::fake::{Fake, Log, schema};

pub struct World {
    pub catalog: Arc<Catalog>,
    pub foreign: Arc<Foreign>,
    pub log: Log,
    pub server: ServerOid,
    _folder: tempfile::TempDir,
}

pub const FEW: Limits = Limits {
    total: 10,
    per_server: 10,
    per_mapping: 2,
    wait: Duration::from_millis(200),
    idle: Duration::from_secs(60),
};

impl World {
    pub fn new(fake: Fake, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::generate();
        let bootstrap = Bootstrap {
            superuser: "postgres".to_owned(),
            password: None,
            data_keys: vec![Keyring::new_data_key(&master, 1)],
            wrappers: vec![BootstrapWrapper {
                name: "fake_fdw".to_owned(),
                handler: Some("fake_fdw_handler".to_owned()),
                validator: None,
            }],
        };
        Catalog::create(folder.path(), bootstrap).unwrap();
        let catalog = Catalog::open(folder.path()).unwrap();
        let log = fake.log.clone();
        let registry = Arc::new(Registry::new(vec![Handler::Sql(Arc::new(fake))]));
        let opener = Keyring::open(Some(&master), &catalog.data_keys()).opener();
        let roots = Arc::new(rustls::RootCertStore::empty());
        let foreign = Foreign::new(&catalog, registry, opener, limits, roots);
        let server = make_server(&catalog);
        Self { catalog, foreign, log, server, _folder: folder }
    }

    /// A new role.
    pub fn role(&self, name: &str) -> RoleOid {
        let mut tx = self.catalog.begin(Backend::default());
        let oid = RoleOid(tx.allocate_oid().unwrap());
        tx.create(Role::new(oid, name)).unwrap();
        tx.commit().unwrap();
        oid
    }

    /// A mapping to this account.
    pub fn map(&self, user: impl Into<RoleOrPublic>, account: &str) -> UserMappingOid {
        self.map_with(user, &[("user", account)], true)
    }

    /// A mapping with these options, which its role has agreed to or not.
    pub fn map_with(
        &self,
        user: impl Into<RoleOrPublic>,
        given: &[(&str, &str)],
        accepted: bool,
    ) -> UserMappingOid {
        let mut tx = self.catalog.begin(Backend::default());
        let oid = UserMappingOid(tx.allocate_oid().unwrap());
        let (server, user, options) = (self.server, user.into(), plain(given));
        tx.create(UserMapping { oid, server, user, epoch: None, options, accepted }).unwrap();
        tx.commit().unwrap();
        oid
    }

    /// ALTER USER MAPPING, to this account.
    pub fn remap(&self, mapping: UserMappingOid, account: &str) {
        self.remap_with(mapping, &[("user", account)]);
    }

    /// ALTER USER MAPPING.
    pub fn remap_with(&self, mapping: UserMappingOid, given: &[(&str, &str)]) {
        let mut tx = self.catalog.begin(Backend::default());
        let old = tx.snapshot().user_mapping(mapping).unwrap().unwrap();
        let new = UserMapping { options: plain(given), ..(*old).clone() };
        tx.update(&old, new).unwrap();
        tx.commit().unwrap();
    }

    /// ALTER SERVER s OPTIONS (SET …).
    pub fn set_server(&self, option: &str, value: &str) {
        let mut tx = self.catalog.begin(Backend::default());
        let old = tx.snapshot().server(self.server).cloned().unwrap();
        let mut new = Server::clone(&old);
        new.options.set(option, OptionValue::Plain(value.to_owned()));
        tx.update(&old, new).unwrap();
        tx.commit().unwrap();
    }

    /// GRANT role TO member WITH INHERIT.
    pub fn grant(&self, role: RoleOid, member: RoleOid, inherit: bool) {
        let mut tx = self.catalog.begin(Backend::default());
        let oid = MembershipOid(tx.allocate_oid().unwrap());
        let grantor = RoleOid::BOOTSTRAP;
        tx.create(Membership { oid, role, member, grantor, admin: false, inherit, set: true })
            .unwrap();
        tx.commit().unwrap();
    }

    /// ALTER ROLE … RENAME TO.
    pub fn rename(&self, role: RoleOid, name: &str) {
        let mut tx = self.catalog.begin(Backend::default());
        let old = tx.snapshot().role(role).cloned().unwrap();
        let new = Role { name: name.to_owned(), ..Role::clone(&old) };
        tx.update(&old, new).unwrap();
        tx.commit().unwrap();
    }

    /// DROP USER MAPPING.
    pub fn unmap(&self, mapping: UserMappingOid) {
        let mut tx = self.catalog.begin(Backend::default());
        tx.remove(mapping.address()).unwrap();
        tx.commit().unwrap();
    }

    pub fn access(&self) -> Arc<Access> {
        self.access_in(None, CancellationToken::new())
    }

    pub fn access_in(
        &self,
        transaction: Option<Arc<RemoteTransactions>>,
        cancel: CancellationToken,
    ) -> Arc<Access> {
        self.access_of(RoleOid::BOOTSTRAP, transaction, cancel)
    }

    /// Of somebody who logged in as this role.
    pub fn access_of(
        &self,
        session_user: RoleOid,
        transaction: Option<Arc<RemoteTransactions>>,
        cancel: CancellationToken,
    ) -> Arc<Access> {
        let snapshot = self.catalog.snapshot();
        let person = Person {
            session_user,
            session_user_name: snapshot.role_name(session_user).into(),
            application_name: "test".into(),
            session: 1,
            session_id: "1.1".into(),
            via: "".into(),
            scram_keys: None,
        };
        Access::new(Arc::clone(&self.foreign), snapshot, person, transaction, cancel)
    }

    /// What this role is at the server, for a statement.
    pub fn resolved(&self, role: RoleOid) -> (Arc<Access>, Remote) {
        let access = self.access();
        let remote = access.resolve(self.server, role).unwrap();
        (access, remote)
    }

    /// A query of this role that has begun, and does not end.
    pub async fn busy(&self, role: RoleOid) -> Batches {
        let (access, remote) = self.resolved(role);
        let mut rows = query(&access, remote, "endless");
        rows.next().await.unwrap().unwrap();
        rows
    }

    /// Runs a query to its end as this role, by itself.
    pub async fn run(&self, role: RoleOid, sql: &str) -> String {
        run(&self.access(), self.server, role, sql).await
    }
}

/// The account that served, or the error.
pub async fn run(access: &Arc<Access>, server: ServerOid, role: RoleOid, sql: &str) -> String {
    match access.resolve(server, role) {
        Ok(remote) => read(query(access, remote, sql)).await,
        Err(error) => format!("{} {error}", error.sqlstate()),
    }
}

pub fn query(access: &Arc<Access>, remote: Remote, sql: &str) -> Batches {
    access.query(remote, part(sql))
}

pub fn part(sql: &str) -> Query {
    Query { sql: sql.to_owned(), schema: schema(), parameters: Vec::new() }
}

/// What all of the rows say.
pub async fn read(mut batches: Batches) -> String {
    let mut accounts = Vec::new();
    while let Some(batch) = batches.next().await {
        match batch {
            Ok(batch) => accounts.push(account(&batch)),
            Err(error) => return format!("{} {error}", error.sqlstate()),
        }
    }
    accounts.join(" ")
}

pub fn account(batch: &arrow_array::RecordBatch) -> String {
    use arrow_array::cast::AsArray;
    batch.column(0).as_string::<i32>().value(0).to_owned()
}

fn plain(given: &[(&str, &str)]) -> Options {
    let value = |(name, text): &(&str, &str)| {
        let text = (*text).to_owned();
        let value = match name.ends_with("_ref") {
            true => {
                OptionValue::Reference(StoredReference { text, binding: None, by_prefix: false })
            }
            false => OptionValue::Plain(text),
        };
        ((*name).to_owned(), value)
    };
    given.iter().map(value).collect()
}

fn make_server(catalog: &Arc<Catalog>) -> ServerOid {
    let mut tx = catalog.begin(Backend::default());
    let oid = ServerOid(tx.allocate_oid().unwrap());
    let wrapper = tx.snapshot().wrapper_named("fake_fdw").unwrap().oid;
    tx.create(Server {
        oid,
        name: "s".to_owned(),
        owner: RoleOid::BOOTSTRAP,
        wrapper,
        server_type: None,
        version: None,
        acl: None,
        options: Options::default(),
        epoch: None,
    })
    .unwrap();
    tx.commit().unwrap();
    oid
}
