use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use medley_catalog::ids::{Class, Epoch, RoleOid, ServerOid, UserMappingOid};
use medley_catalog::objects::{self, OptionValue, Role, Server, UserMapping};
use medley_catalog::{Catalog, MappingEntry, Snapshot};
use medley_fdw::{Handler, OptionSpec, Options, ShapedBy, ours};

use crate::access::{Ending, Person};
use crate::choice::{choose, is_pending, valid_until};
use crate::known_remotes::Origin;
use crate::names::Names;
use crate::references::{Plan, References};
use crate::{Choice, ConnKey, Error, Foreign, Principal, Result};

/// A server as one role uses it: what is needed to connect, secrets still sealed.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
    tables: Arc<[String]>,
}

pub(crate) struct Inner {
    pub(crate) key: ConnKey,
    handler: Handler,
    wrapper_name: String,
    pub(crate) server: Arc<Server>,
    pub(crate) mapping: Option<Arc<UserMapping>>,
    pub(crate) role: Arc<Role>,
    plan: Plan,
    names: RemoteNames,
    /// Until when the mapping may be used, if it says so: microseconds since 1970.
    pub(crate) valid_until: Option<i64>,
    /// By whose rules it was resolved: what is fetched for it is fetched by the same.
    pub(crate) references: Arc<References>,
}

/// What the audit log calls it.
pub(crate) struct RemoteNames {
    pub role: Arc<str>,
    pub server: Arc<str>,
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
        self.reading_all(tables.into_iter().collect())
    }

    /// The same, of a list that is there already.
    pub fn reading_all(self, tables: Arc<[String]>) -> Self {
        Self { tables, ..self }
    }

    pub(crate) fn names(&self) -> &RemoteNames {
        &self.inner.names
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

    pub(crate) fn mapping_whole(&self) -> Option<Arc<UserMapping>> {
        self.inner.mapping.clone()
    }

    pub(crate) fn role(&self) -> &Role {
        &self.inner.role
    }

    /// What of the options is kept elsewhere.
    pub(crate) fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    pub(crate) fn references(&self) -> &Arc<References> {
        &self.inner.references
    }

    /// The server's `two_phase` says that its part of a transaction is prepared first.
    pub(crate) fn is_two_phase(&self) -> bool {
        matches!(
            self.inner.server.options.get(ours::TWO_PHASE),
            Some(OptionValue::Plain(text)) if ours::is_on(text)
        )
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

fn server_and_role(
    snapshot: &Snapshot,
    server: ServerOid,
    role: RoleOid,
) -> Result<(&Arc<Server>, &Arc<Role>)> {
    let server = snapshot.server(server).ok_or_else(|| gone(Class::Server, server.0))?;
    let role = snapshot.role(role).ok_or_else(|| gone(Class::Role, role.0))?;
    Ok((server, role))
}

/// Which mapping counts; none where the wrapper looks none up.
pub(crate) fn choose_by_oid(
    foreign: &Foreign,
    snapshot: &Snapshot,
    server: ServerOid,
    role: RoleOid,
) -> Result<Option<Choice>> {
    let (server, role) = server_and_role(snapshot, server, role)?;
    let wrapper = handler(foreign, snapshot, server)?.wrapper();
    let choice = || choose(wrapper.options(), snapshot, server, role);
    wrapper.needs_mapping().then(choice).transpose()
}

/// The remote's mapping as it is now, if it has been altered since it was resolved, by itself, and
/// may be used: what is in it is for the server as it is now. What is not committed has nothing to
/// do with what others see.
pub(crate) fn altered_since(
    foreign: &Foreign,
    remote: &Remote,
) -> Result<Option<Arc<UserMapping>>> {
    let (Some(began_with), Some(_)) = (remote.mapping(), remote.key().epoch) else {
        return Ok(None);
    };
    let snapshot = foreign.catalog.snapshot();
    let server = snapshot.server(remote.server().oid);
    if server.is_none_or(|server| server.epoch != remote.server().epoch) {
        return Ok(None);
    }
    let now = snapshot.user_mapping(began_with.oid)?;
    let Some(now) = now.filter(|now| now.epoch != began_with.epoch) else { return Ok(None) };
    let options = remote.handler().wrapper().options();
    check_usable(options, &snapshot, remote.server(), &now)?;
    Ok(Some(now))
}

/// When the mapping of a remote will be over, if it will.
pub(crate) fn ending(snapshot: &Snapshot, remote: &Remote) -> Result<Option<Ending>> {
    let Some(mapping) = remote.mapping() else { return Ok(None) };
    let until = remote.inner.valid_until;
    Ok(until.filter(|until| *until != i64::MAX).map(|valid_until| Ending {
        mapping: (mapping.oid, mapping.epoch),
        user: snapshot.user_name(mapping.user),
        server: remote.server_name().to_owned(),
        valid_until,
        text: shown(mapping, ours::VALID_UNTIL),
    }))
}

/// What `role` is at `server`, by the mapping that counts, or by this one.
pub(crate) fn resolve(
    foreign: &Foreign,
    snapshot: &Snapshot,
    person: &Person,
    server: ServerOid,
    mapping: Option<UserMappingOid>,
    role: RoleOid,
) -> Result<Remote> {
    let (server, role) = server_and_role(snapshot, server, role)?;
    let handler = handler(foreign, snapshot, server)?;
    let is_direct = person.is_direct();
    let (mapping, epoch) = match handler.wrapper().needs_mapping() {
        true => {
            let options = handler.wrapper().options();
            let mapping = match mapping {
                Some(oid) => {
                    snapshot.mapping(oid).ok_or_else(|| gone(Class::UserMapping, oid.0))?
                }
                None => choose(options, snapshot, server, role)?.mapping,
            };
            let origin = Origin { foreign, snapshot, server, role, mapping };
            let known = || foreign.known_remotes.get(&origin);
            if let Some(inner) = is_direct.then(known).flatten() {
                return Ok(Remote { inner, tables: Arc::default() });
            }
            usable(options, snapshot, server, mapping)?
        }
        false => (None, snapshot.server_epoch(server.oid)),
    };
    let server_options = plain(&server.options);
    let mapping_options =
        mapping.as_ref().map_or_else(Options::default, |mapping| plain(&mapping.options));
    let mapping_stored = mapping.as_ref().map(|mapping| &mapping.options);
    for stored in [Some(&server.options), mapping_stored].into_iter().flatten() {
        crate::references::check_allowed(server, &server_options, stored)?;
    }
    let plan = Plan::new(handler.wrapper().options(), (server, &server_options), &mapping_options)?;
    let references = foreign.references();
    let uses = plan.uses(references.rules());
    let shaped_by = handler.wrapper().shaped_by(&server_options, &mapping_options);
    let shaped_by = ShapedBy {
        role: shaped_by.role || uses.role,
        session_user: shaped_by.session_user || uses.session_user,
        // Whatever the wrapper is, its remote may turn out to be a Medley.
        via: shaped_by.via || !is_direct,
        ..shaped_by
    };
    let owner_is_superuser = snapshot.role(server.owner).is_some_and(|owner| owner.superuser);
    let local = foreign.admits_local(owner_is_superuser);
    let key = ConnKey {
        server: server.oid,
        mapping: mapping.as_ref().map(|mapping| mapping.oid),
        epoch,
        principal: Principal { local, ..principal(&foreign.names, shaped_by, role, person) },
    };
    let inner = Arc::new(Inner {
        key,
        handler: handler.clone(),
        wrapper_name: snapshot
            .wrapper(server.wrapper)
            .map_or_else(String::new, |wrapper| wrapper.name.clone()),
        names: RemoteNames { role: role.name.as_str().into(), server: server.name.as_str().into() },
        valid_until: match &mapping {
            Some(mapping) => valid_until(handler.wrapper().options(), mapping)?,
            None => None,
        },
        server: Arc::clone(server),
        mapping,
        role: Arc::clone(role),
        plan,
        references,
    });
    foreign.known_remotes.set(&inner);
    Ok(Remote { inner, tables: Arc::default() })
}

type Found = (Option<Arc<UserMapping>>, Option<Epoch>);

/// The whole mapping, if it may be used now.
fn usable(
    options: &'static [OptionSpec],
    snapshot: &Snapshot,
    server: &Server,
    entry: MappingEntry,
) -> Result<Found> {
    let none = || gone(Class::UserMapping, entry.oid.0);
    let resolved = snapshot.resolved(entry);
    let mapping = snapshot.user_mapping(entry.oid)?.ok_or_else(none)?;
    check_usable(options, snapshot, server, &mapping)?;
    // The options are read from the store, which may be ahead of this snapshot. They are then
    // those of a later moment, and belong to no key of this one.
    let epoch = resolved.epoch.filter(|_| mapping.epoch == entry.epoch);
    Ok((Some(mapping), epoch))
}

/// A mapping that its role has not agreed to, or that is too old, ends in an error, and never in
/// the use of another.
pub(crate) fn check_usable(
    options: &'static [OptionSpec],
    snapshot: &Snapshot,
    server: &Server,
    mapping: &UserMapping,
) -> Result<()> {
    let (user, name) = (|| snapshot.user_name(mapping.user), || server.name.clone());
    if is_pending(options, server, mapping) {
        return Err(Error::PendingMapping { user: user(), server: name() });
    }
    let is_over = |until: i64| until <= now_us();
    if valid_until(options, mapping)?.is_some_and(is_over) {
        let valid_until = shown(mapping, ours::VALID_UNTIL);
        return Err(Error::ExpiredMapping { user: user(), server: name(), valid_until });
    }
    Ok(())
}

fn shown(mapping: &UserMapping, option: &str) -> String {
    mapping.options.get(option).map(OptionValue::shown).unwrap_or_default().to_owned()
}

/// Microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn principal(names: &Names, shaped_by: ShapedBy, role: &Role, person: &Person) -> Principal {
    let told = |oid, name: &str| (oid, names.id(name));
    let session_user = || told(person.session_user, &person.session_user_name);
    Principal {
        session_user: shaped_by.session_user.then(session_user),
        role: shaped_by.role.then(|| told(role.oid, &role.name)),
        superuser: shaped_by.superuser.then_some(role.superuser),
        session: shaped_by.session.then_some(person.session),
        via: shaped_by.via.then(|| names.id(&person.via)),
        local: false,
    }
}

/// The options that are no secrets.
pub(crate) fn plain(options: &objects::Options) -> Options {
    let mut plain = Options::default();
    for (name, value) in options.iter() {
        if let Some(value) = value.text() {
            plain.set(name, value);
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
