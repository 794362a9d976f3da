use std::sync::Arc;

use medley_catalog::ids::{Class, Epoch, RoleOid, ServerOid, UserMappingOid};
use medley_catalog::objects::{self, OptionValue, Role, Server, UserMapping};
use medley_catalog::{Catalog, Snapshot};
use medley_fdw::{Handler, Options, ShapedBy, Wrapper};

use crate::access::Person;
use crate::names::Names;
use crate::{ConnKey, Error, Foreign, Principal, Result};

/// A server as one role uses it: what is needed to connect, secrets still sealed.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
    tables: Arc<[String]>,
}

struct Inner {
    key: ConnKey,
    handler: Handler,
    wrapper_name: String,
    server: Arc<Server>,
    mapping: Option<Arc<UserMapping>>,
    role: Arc<Role>,
}

impl Remote {
    /// Whose connections serve it.
    pub fn key(&self) -> &ConnKey {
        &self.inner.key
    }

    /// The foreign server's name.
    pub fn server_name(&self) -> &str {
        &self.inner.server.name
    }

    /// The wrapper behind it.
    pub fn handler(&self) -> &Handler {
        &self.inner.handler
    }

    /// The name of the wrapper behind it.
    pub(crate) fn wrapper_name(&self) -> &str {
        &self.inner.wrapper_name
    }

    /// The same, to read these foreign tables: the audit log names them.
    pub fn reading(self, tables: impl IntoIterator<Item = String>) -> Self {
        Self { tables: tables.into_iter().collect(), ..self }
    }

    pub(crate) fn tables(&self) -> &Arc<[String]> {
        &self.tables
    }

    pub(crate) fn server(&self) -> &Server {
        &self.inner.server
    }

    pub(crate) fn mapping(&self) -> Option<&UserMapping> {
        self.inner.mapping.as_deref()
    }

    pub(crate) fn role(&self) -> &Role {
        &self.inner.role
    }

    /// A server's `keep_connections` says that connections end with the statement.
    pub(crate) fn keeps_connections(&self) -> bool {
        let off = |value: &OptionValue| {
            matches!(value, OptionValue::Plain(text)
                if text.eq_ignore_ascii_case("false") || text.eq_ignore_ascii_case("off"))
        };
        !self.inner.server.options.get("keep_connections").is_some_and(off)
    }
}

/// The wrapper behind a server.
pub(crate) fn handler<'a>(
    foreign: &'a Foreign,
    snapshot: &Snapshot,
    server: &Server,
) -> Result<&'a Handler> {
    let wrapper =
        snapshot.wrapper(server.wrapper).ok_or_else(|| gone(Class::Wrapper, server.wrapper.0))?;
    let function =
        wrapper.handler.as_deref().ok_or_else(|| Error::NoHandler(wrapper.name.clone()))?;
    foreign.registry.handler(function).ok_or_else(|| Error::UnknownHandler {
        wrapper: wrapper.name.clone(),
        handler: function.to_owned(),
    })
}

/// The mapping of exactly this role, else PUBLIC's: what `role` is at `server`.
pub(crate) fn resolve(
    foreign: &Foreign,
    snapshot: &Snapshot,
    person: &Person,
    server: ServerOid,
    role: RoleOid,
) -> Result<Remote> {
    let server = snapshot.server(server).ok_or_else(|| gone(Class::Server, server.0))?;
    let role = snapshot.role(role).ok_or_else(|| gone(Class::Role, role.0))?;
    let handler = handler(foreign, snapshot, server)?;
    let (mapping, epoch) = match handler.wrapper().needs_mapping() {
        true => find_mapping(snapshot, server, role)?,
        false => (None, snapshot.server_epoch(server.oid)),
    };
    let shaped_by = shaped_by(handler.wrapper(), server, mapping.as_deref());
    let key = ConnKey {
        server: server.oid,
        mapping: mapping.as_ref().map(|mapping| mapping.oid),
        epoch,
        principal: principal(&foreign.names, shaped_by, role, person),
    };
    let inner = Arc::new(Inner {
        key,
        handler: handler.clone(),
        wrapper_name: snapshot
            .wrapper(server.wrapper)
            .map_or_else(String::new, |wrapper| wrapper.name.clone()),
        server: Arc::clone(server),
        mapping,
        role: Arc::clone(role),
    });
    Ok(Remote { inner, tables: Arc::default() })
}

type Found = (Option<Arc<UserMapping>>, Option<Epoch>);

fn find_mapping(snapshot: &Snapshot, server: &Server, role: &Role) -> Result<Found> {
    let none = || Error::NoMapping { role: role.name.clone(), server: server.name.clone() };
    let resolved = snapshot.resolve(server.oid, role.oid).ok_or_else(none)?;
    let mapping = snapshot.user_mapping(resolved.mapping)?.ok_or_else(none)?;
    let entry = snapshot.mapping(resolved.mapping).ok_or_else(none)?;
    // The options are read from the store, which may be ahead of this snapshot. They are then
    // those of a later moment, and belong to no key of this one.
    let epoch = resolved.epoch.filter(|_| mapping.epoch == entry.epoch);
    Ok((Some(mapping), epoch))
}

fn shaped_by(wrapper: &dyn Wrapper, server: &Server, mapping: Option<&UserMapping>) -> ShapedBy {
    let none = objects::Options::default();
    let mapping = mapping.map_or(&none, |mapping| &mapping.options);
    wrapper.shaped_by(&plain(&server.options), &plain(mapping))
}

fn principal(names: &Names, shaped_by: ShapedBy, role: &Role, person: &Person) -> Principal {
    let told = |oid, name: &str| (oid, names.id(name));
    let session_user = || told(person.session_user, &person.session_user_name);
    Principal {
        session_user: shaped_by.session_user.then(session_user),
        role: shaped_by.role.then(|| told(role.oid, &role.name)),
        superuser: shaped_by.superuser.then_some(role.superuser),
        session: shaped_by.session.then_some(person.session),
    }
}

/// The options that are no secrets.
pub(crate) fn plain(options: &objects::Options) -> Options {
    let mut plain = Options::default();
    for (name, value) in options.iter() {
        if let OptionValue::Plain(value) = value {
            plain.set(name, value.as_str());
        }
    }
    plain
}

/// Whether a connection of this key may be lent to a statement that begins now.
pub(crate) fn is_current(catalog: &Catalog, key: &ConnKey) -> bool {
    let snapshot = catalog.snapshot();
    let epoch = || {
        let server = snapshot.server_epoch(key.server)?;
        match key.mapping {
            None => Some(server),
            Some(mapping) => Some(mapping_epoch(&snapshot, mapping)?.max(server)),
        }
    };
    key.epoch.is_some() && key.epoch == epoch()
}

fn mapping_epoch(snapshot: &Snapshot, mapping: UserMappingOid) -> Option<Epoch> {
    snapshot.mapping(mapping)?.epoch
}

fn gone(class: Class, oid: u32) -> Error {
    Error::Gone(format!("{} {oid} was concurrently dropped", class.noun()))
}
