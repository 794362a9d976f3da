//! Opening the sealed options and logging in with them.
use std::sync::Arc;
use std::time::Instant;

use medley_catalog::ids::{Class, DATABASE_NAME};
use medley_catalog::objects::{self, OptionValue, UserMapping};
use medley_fdw::{Connect, Handler, Options, Scope, Unreached, ours};
use medley_secret::{Binding, Opener, Place, Secret};

use crate::access::Person;
use crate::audit::Author;
use crate::pool::Permit;
use crate::references::{Secrets, Term};
use crate::{Connection, Error, Foreign, Lease, Remote, Result, rotation};

/// A connection for one statement: one that waits for its like, or a new one.
pub(crate) async fn lease(
    foreign: &Arc<Foreign>,
    remote: &Remote,
    person: &Person,
    author: Author,
    permit: Permit,
) -> Result<(Lease, Origin)> {
    let poolable = remote.key().epoch.is_some() && remote.keeps_connections();
    let Some(taken) = foreign.pool.take_idle(remote.key()) else {
        // Seldom awaited, and large.
        let new = Box::pin(lease_new(foreign, remote, person, author, permit, poolable)).await?;
        return Ok((new, Origin::New));
    };
    tracing::debug!(server = remote.server_name(), "lease of an idle connection");
    let pool = Arc::clone(&foreign.pool);
    let mut lease = Lease::new(taken, *remote.key(), poolable, pool, permit);
    lease.serve(author);
    Ok((lease, Origin::Pool))
}

/// A new connection, which waits for its like afterwards if it is `poolable`.
pub(crate) async fn lease_new(
    foreign: &Arc<Foreign>,
    remote: &Remote,
    person: &Person,
    author: Author,
    permit: Permit,
    poolable: bool,
) -> Result<Lease> {
    foreign.pool.make_room(remote.key());
    let opened = open(foreign, remote, person, &author).await;
    let opened = opened.map_err(|error| explained(remote, error))?;
    tracing::debug!(server = remote.server_name(), "lease of a new connection");
    let pool = Arc::clone(&foreign.pool);
    let mut lease = Lease::new(opened, *remote.key(), poolable, pool, permit);
    lease.serve(author);
    Ok(lease)
}

/// A remote that does not take a mapping's one password may have got another.
fn explained(remote: &Remote, error: Error) -> Error {
    let has = |name| remote.mapping().is_some_and(|mapping| mapping.options.get(name).is_some());
    match error {
        Error::Wrapper(error)
            if error.is_authentication() && has(ours::PASSWORD) && !has(ours::PASSWORD_NEXT) =>
        {
            Error::Refused(error)
        }
        error => error,
    }
}

/// Where a leased connection comes from: one from the pool may have died there unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    New,
    Pool,
}

/// Logs in, with what is kept elsewhere as it was fetched last; if nobody can log in with that,
/// once more with what is there now.
pub(crate) async fn open(
    foreign: &Arc<Foreign>,
    remote: &Remote,
    person: &Person,
    author: &Author,
) -> Result<(Connection, Term)> {
    if let Some(mapping) = remote.mapping() {
        check_bound(remote, mapping)?;
    }
    let references = remote.references();
    let began = Instant::now();
    let secrets = references.fetch(remote, person).await?;
    let refused = match log_in(foreign, remote, person, author, &secrets).await {
        Err(Error::Wrapper(error)) if error.is_authentication() => error,
        logged_in => return Ok((logged_in?, secrets.term())),
    };
    if !secrets.doubt(began).await {
        return Err(refused.into());
    }
    let fresh = references.fetch(remote, person).await?;
    match fresh.are_still(&secrets) {
        true => Err(refused.into()),
        false => Ok((log_in(foreign, remote, person, author, &fresh).await?, fresh.term())),
    }
}

/// If the remote does not take what the mapping had when the statement began, and the mapping has
/// been altered since, what it has now is tried: a rotation loses no statement that has begun.
async fn log_in(
    foreign: &Arc<Foreign>,
    remote: &Remote,
    person: &Person,
    author: &Author,
    secrets: &Secrets,
) -> Result<Connection> {
    let began_with = remote.mapping_whole();
    let login = Login { foreign, remote, person, author, secrets };
    match login.by(began_with.as_ref()).await {
        Err(Error::Wrapper(error)) if error.is_authentication() => {
            match crate::resolve::altered_since(foreign, remote)? {
                Some(now) => {
                    check_bound(remote, &now)?;
                    login.by(Some(&now)).await
                }
                None => Err(Error::Wrapper(error)),
            }
        }
        outcome => outcome,
    }
}

#[derive(Clone, Copy)]
struct Login<'a> {
    foreign: &'a Arc<Foreign>,
    remote: &'a Remote,
    person: &'a Person,
    author: &'a Author,
    secrets: &'a Secrets,
}

impl Login<'_> {
    /// The opened secrets live as long as this call.
    ///
    /// Where the remote does not take the password, the one that is to come next is tried; it then
    /// takes the other's place.
    async fn by(self, tried: Option<&Arc<UserMapping>>) -> Result<Connection> {
        let Self { foreign, remote, person, author, secrets } = self;
        let mut server = server_options(&foreign.opener, remote)?;
        let mut mapping = match tried {
            Some(mapping) => mapping_options(&foreign.opener, remote, mapping)?,
            None => Options::default(),
        };
        secrets.fill(remote, person, &mut server, &mut mapping)?;
        let next = next_password(remote, &mut mapping);
        let try_with =
            async |mapping: &Options| connect(foreign, remote, person, &server, mapping).await;
        let Some(next) = next else { return try_with(&mapping).await };
        if !is_without_password(&mapping) {
            match try_with(&mapping).await {
                Err(Error::Wrapper(error)) if error.is_authentication() => {}
                outcome => return outcome,
            }
        }
        mapping.set_secret(ours::PASSWORD, next);
        let connection = try_with(&mapping).await?;
        if let Some(tried) = tried {
            rotation::record(foreign, author, remote.server_name(), tried).await;
        }
        Ok(connection)
    }
}

/// Takes out what the remote's password is to be, or has just become.
fn next_password(remote: &Remote, mapping: &mut Options) -> Option<Secret> {
    let options = remote.handler().wrapper().options();
    let is_ours = ours::ours_is(options, Scope::UserMapping, ours::PASSWORD_NEXT);
    let next = is_ours.then(|| mapping.take_secret(ours::PASSWORD_NEXT)).flatten();
    next.filter(|next| !next.is_empty())
}

/// There is nothing that a remote could have refused.
fn is_without_password(mapping: &Options) -> bool {
    mapping.secret(ours::PASSWORD).is_none_or(Secret::is_empty)
}

async fn connect(
    foreign: &Foreign,
    remote: &Remote,
    person: &Person,
    server: &Options,
    mapping: &Options,
) -> Result<Connection> {
    let connect = Connect {
        server_name: remote.server_name(),
        server,
        mapping,
        role: &remote.role().name,
        superuser: remote.role().superuser,
        session_user: &person.session_user_name,
        application_name: &person.application_name,
        session_id: &person.session_id,
        via: &person.via,
        scram_keys: person.scram_keys.as_deref(),
        database: DATABASE_NAME,
        deadline: Instant::now().checked_add(foreign.connect_timeout),
        tls_roots: Arc::clone(&foreign.tls_roots),
        dialer: foreign.dialer(remote),
    };
    let connected = async {
        match remote.handler() {
            Handler::Sql(wrapper) => wrapper.connect(connect).await.map(Connection::Sql),
            Handler::Scan(wrapper) => wrapper.connect(connect).await.map(Connection::Scan),
            Handler::File(wrapper) => wrapper.connect(connect).await.map(Connection::Scan),
        }
    };
    match tokio::time::timeout(foreign.connect_timeout, connected).await {
        Ok(connected) => Ok(connected?),
        Err(_) => Err(Error::Wrapper(medley_fdw::Error::Connect {
            server: remote.server_name().to_owned(),
            detail: "timeout expired".to_owned(),
            kind: Unreached::Timeout,
        })),
    }
}

fn server_options(opener: &Opener, remote: &Remote) -> Result<Options> {
    let server = remote.server();
    let object = || format!("server \"{}\"", server.name);
    open_options(opener, &server.options, (Class::Server, server.oid.0), object)
}

fn mapping_options(opener: &Opener, remote: &Remote, mapping: &UserMapping) -> Result<Options> {
    let object = || format!("the user mapping for server \"{}\"", remote.server_name());
    open_options(opener, &mapping.options, (Class::UserMapping, mapping.oid.0), object)
}

/// A secret that was entered for another endpoint goes nowhere; nor does one that was entered for
/// none, where the server says that secrets are bound. Of one that is kept elsewhere it is what
/// says where that was entered.
fn check_bound(remote: &Remote, mapping: &UserMapping) -> Result<()> {
    let server = crate::resolve::plain(&remote.server().options);
    let wrapper = remote.handler().wrapper();
    let now = medley_fdw::binding(Some(wrapper), server.iter());
    let binds = medley_fdw::binds_secrets(server.iter());
    // Stores of before say of no reference what it was entered for.
    let is_reference = |name: &str| {
        matches!(
            ours::declared(wrapper.options(), Scope::UserMapping, name),
            Some(ours::Declared::Reference(_))
        )
    };
    let fits = |binding: Option<Binding>| binding.map_or(!binds, |then| then == now);
    let goes = |name: &str, value: &OptionValue| match value {
        OptionValue::Sealed(sealed) => fits(sealed.binding()),
        OptionValue::Reference(reference) => fits(reference.binding),
        OptionValue::Plain(_) => !is_reference(name) || fits(None),
    };
    match mapping.options.iter().find(|(name, value)| !goes(name, value)) {
        None => Ok(()),
        Some((option, _)) => Err(Error::Unbound {
            option: option.to_owned(),
            server: remote.server_name().to_owned(),
        }),
    }
}

fn open_options(
    opener: &Opener,
    options: &objects::Options,
    (class, oid): (Class, u32),
    object: impl Fn() -> String,
) -> Result<Options> {
    let mut opened = crate::resolve::plain(options);
    for (name, value) in options.iter() {
        let OptionValue::Sealed(sealed) = value else { continue };
        let place = Place { class: class.oid(), object: oid, column: 0, option: name };
        let secret = opener.open(place, sealed).map_err(|source| Error::Secret {
            option: name.to_owned(),
            object: object(),
            source,
        })?;
        opened.set_secret(name, secret);
    }
    Ok(opened)
}
