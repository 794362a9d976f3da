//! Options whose values are kept elsewhere: they are fetched when a connection is made.
//!
//! What was fetched is kept for its time, for the [`ConnKey`](crate::ConnKey) that it was fetched
//! for and no other, so that nobody's secret serves anybody else; a hundred sessions that want it
//! at once cause one fetch. It is no part of any error.
mod cache;
mod command;
mod error;
pub(crate) mod file;
mod leases;
mod plan;
mod rules;
mod span;
mod value;
mod vault;

use std::collections::HashMap;
use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::try_join_all;
use medley_catalog::Catalog;
use medley_fdw::{Options, Scope, TlsRoots, ours};
use medley_secret::{Source, Who};
use zeroize::Zeroizing;

pub use error::FetchError;
pub use rules::{CommandRule, LoginSource, ReferenceRules, VaultLogin, VaultRules};

pub(crate) use plan::{Plan, Wanted, check_allowed};
pub(crate) use span::{Span, Term};

use crate::access::Person;
use crate::pool::Pool;
use crate::{ConnKey, Error, Remote, Result};
use cache::{Cache, Entry, Fetch, Times, Value};
use leases::Leases;
use value::Fields;
use vault::{Vault, VaultLease};

/// Where secrets that are kept elsewhere come from, and those that came.
pub(crate) struct References {
    rules: Arc<ReferenceRules>,
    vault: Option<Arc<Vault>>,
    cache: Cache,
    leases: Leases,
    catalog: Arc<Catalog>,
    pool: Arc<Pool>,
    /// Ends when other rules take the place of these.
    era: Arc<Span>,
}

/// What one fetch brings.
struct Fetched {
    fields: Fields,
    lease: Option<VaultLease>,
}

/// What was fetched for one login.
pub(crate) struct Secrets {
    values: HashMap<Source, Found>,
    /// Of the rules that they were fetched by.
    era: Arc<Span>,
}

struct Found {
    /// Where it is kept, if it is.
    entry: Option<Arc<Entry>>,
    value: Arc<Value>,
}

/// As long as the rules may be in force.
const FOR_GOOD: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// What a command gets to be killed in after its time.
const GRACE: Duration = Duration::from_secs(1);

impl References {
    pub(crate) fn new(
        catalog: &Arc<Catalog>,
        pool: &Arc<Pool>,
        rules: ReferenceRules,
        roots: &TlsRoots,
    ) -> Arc<Self> {
        let rules = rules.closed();
        let vault = rules
            .vault
            .clone()
            .map(|vault| Arc::new(Vault::new(vault, Arc::clone(roots), rules.timeout)));
        Arc::new(Self {
            rules: Arc::new(rules),
            vault,
            cache: Cache::default(),
            leases: Leases::default(),
            catalog: Arc::clone(catalog),
            pool: Arc::clone(pool),
            era: Span::new(Instant::now(), FOR_GOOD),
        })
    }

    /// Where references may lead.
    pub(crate) fn rules(&self) -> &ReferenceRules {
        &self.rules
    }

    /// The same, for who outlives this.
    pub(crate) fn rules_shared(&self) -> Arc<ReferenceRules> {
        Arc::clone(&self.rules)
    }

    /// Begins to look after what is lent; to be called once, in the runtime.
    pub(crate) fn start(self: &Arc<Self>) {
        Leases::start(self);
    }

    /// Gives back what is lent.
    pub(crate) async fn stop(&self) {
        self.leases.stop().await;
    }

    /// Other rules count from now on. What was fetched serves nobody any more, and what was lent is
    /// given back once nobody uses it.
    pub(crate) fn give_way(self: &Arc<Self>) {
        self.era.end();
        self.cache.clear();
        self.pool.close_over();
        Leases::wind_up(self);
    }

    /// Servers or mappings have changed: what was fetched for them as they were is forgotten.
    pub(crate) fn retire(&self) {
        if !self.cache.is_empty() {
            self.cache.sweep(|key| crate::resolve::is_current(&self.catalog, key));
        }
        self.leases.look();
    }

    /// Fetches what is kept elsewhere: each place once, for however many options it is.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        remote: &Remote,
        person: &Person,
    ) -> Result<Secrets> {
        let who = who(remote, person);
        let mut wanted = HashMap::new();
        for option in &remote.plan().wanted {
            let known = wanted.entry(source(remote, option, who)?).or_insert(option);
            if known.is_spare() {
                *known = option;
            }
        }
        let found = wanted.into_iter().map(async |(source, option)| {
            match self.value(*remote.key(), source.clone(), who).await {
                Ok(found) => Ok(Some((source, found))),
                // The present one may do.
                Err(error) if option.is_spare() => {
                    tracing::warn!(server = remote.server_name(), %error, "no next password");
                    Ok(None)
                }
                Err(error) => Err(failed(remote, option, error)),
            }
        });
        let values = try_join_all(found).await?.into_iter().flatten().collect();
        Ok(Secrets { values, era: Arc::clone(&self.era) })
    }

    async fn value(
        self: &Arc<Self>,
        key: ConnKey,
        source: Source,
        who: Who<&str>,
    ) -> Result<Found, FetchError> {
        let who = Who { role: who.role.to_owned(), session_user: who.session_user.to_owned() };
        // What nobody has committed is kept for nobody.
        if key.epoch().is_none() {
            let value = self.clone().fetch_value(key, source, who).await?;
            return Ok(Found { entry: None, value: Arc::new(value) });
        }
        let entry = self.cache.entry(key, source.clone());
        let value = entry.value(|entry| self.begin_fetch(entry, key, source, who)).await?;
        Ok(Found { entry: Some(entry), value })
    }

    /// A fetch goes on when nobody waits for it any more: the next one has its value.
    fn begin_fetch(
        self: &Arc<Self>,
        entry: Arc<Entry>,
        key: ConnKey,
        source: Source,
        who: Who<String>,
    ) -> Fetch {
        let fetch = self.clone().fetch_value(key, source, who);
        let task = tokio::spawn(async move { entry.end_fetch(fetch.await) });
        async move {
            task.await.unwrap_or_else(|_| {
                Err(FetchError::Unavailable("fetching it was interrupted".to_owned()))
            })
        }
        .boxed()
        .shared()
    }

    async fn fetch_value(
        self: Arc<Self>,
        key: ConnKey,
        source: Source,
        who: Who<String>,
    ) -> Result<Value, FetchError> {
        let timeout = self.timeout(&source);
        let fetched = match tokio::time::timeout(timeout, self.ask(source, who)).await {
            Ok(fetched) => fetched?,
            Err(_) => {
                let timeout = timeout.as_secs_f32();
                return Err(FetchError::Unavailable(format!("it took longer than {timeout} s")));
            }
        };
        let span = fetched.lease.as_ref().map(|lease| Arc::clone(&lease.span));
        if let Some(lease) = fetched.lease {
            self.leases.add(key, lease);
        }
        let times = Times { ttl: self.rules.ttl, stale: self.rules.stale };
        Ok(Value::new(fetched.fields, span, times))
    }

    /// A command has its own time, and says so itself.
    fn timeout(&self, source: &Source) -> Duration {
        let command = match source {
            Source::Command(name) => self.rules.commands.get(name),
            Source::Variable(_) | Source::File(_) | Source::Vault(_) => None,
        };
        command.map_or(self.rules.timeout, |command| command.timeout + GRACE)
    }

    async fn ask(&self, source: Source, who: Who<String>) -> Result<Fetched, FetchError> {
        let rules = Arc::clone(&self.rules);
        let fields = match source {
            Source::Variable(name) => Fields::one(variable(&rules, &name)?),
            Source::File(path) => blocking(move || file::read(&rules, &path)).await,
            Source::Command(name) => {
                blocking(move || {
                    let who = Who { role: &*who.role, session_user: &*who.session_user };
                    command::read(&rules, &name, who)
                })
                .await
            }
            Source::Vault(path) => return self.vault()?.read(&path).await,
        };
        Ok(Fetched { fields: fields?, lease: None })
    }

    fn vault(&self) -> Result<&Vault, FetchError> {
        self.vault.as_deref().ok_or(FetchError::Refused {
            why: "the configuration names no Vault",
            hint: "Say where it is in medley.toml, under [references.vault].",
        })
    }
}

/// A file may be far away, and a command take its time.
async fn blocking(
    read: impl FnOnce() -> Result<Zeroizing<String>, FetchError> + Send + 'static,
) -> Result<Fields, FetchError> {
    let read = tokio::task::spawn_blocking(read).await;
    let interrupted = || FetchError::Unavailable("reading it was interrupted".to_owned());
    Fields::one(read.map_err(|_| interrupted())??)
}

fn variable(rules: &ReferenceRules, name: &str) -> Result<Zeroizing<String>, FetchError> {
    if rules.private_variables.iter().any(|private| private == name) {
        return Err(FetchError::Refused {
            why: "the variable is of this server's own",
            hint: "What this server proves itself with is nobody's password.",
        });
    }
    match env::var_os(name) {
        Some(value) => {
            let value = Zeroizing::new(value.into_encoded_bytes());
            value::text(&value)
        }
        None => Err(FetchError::Missing(format!("there is no variable {name}"))),
    }
}

impl Secrets {
    /// Puts everything where it belongs: values in place of references, names in place of
    /// templates. What a wrapper is not told of is taken out.
    pub(crate) fn fill(
        &self,
        remote: &Remote,
        person: &Person,
        server: &mut Options,
        mapping: &mut Options,
    ) -> Result<()> {
        let who = who(remote, person);
        for wanted in &remote.plan().wanted {
            let options = match wanted.spec.scope {
                Scope::Server => &mut *server,
                _ => &mut *mapping,
            };
            self.fill_option(remote, wanted, who, options)?;
        }
        if let Some((name, template)) = &remote.plan().user {
            let plain = |name: &str| Ok::<_, Error>(name.to_owned());
            mapping.set(*name, template.fill(who, plain)?);
        }
        let declared_by = remote.handler().wrapper().options();
        server.take_undeclared(declared_by, Scope::Server);
        mapping.take_undeclared(declared_by, Scope::UserMapping);
        Ok(())
    }

    fn fill_option(
        &self,
        remote: &Remote,
        wanted: &Wanted,
        who: Who<&str>,
        options: &mut Options,
    ) -> Result<()> {
        let field = wanted.reference.field();
        let missing = || {
            let field = field.unwrap_or_default();
            let why = FetchError::Missing(format!("there is no text \"{field}\" there"));
            failed(remote, wanted, why)
        };
        let found = self.values.get(&source(remote, wanted, who)?);
        let fields = found.map(|found| &found.value.fields);
        let name = wanted.spec.name;
        if ours::is_user(wanted.spec) {
            options.set(name, fields.and_then(|it| it.name(field)).ok_or_else(missing)?);
            return Ok(());
        }
        match fields.and_then(|it| it.secret(field)) {
            Some(kept) => options.set_secret(name, kept.secret()),
            None if wanted.is_spare() => {}
            None => return Err(missing()),
        }
        Ok(())
    }

    /// How long a connection that logged in with these is good.
    pub(crate) fn term(&self) -> Term {
        let mut term = Term::default();
        let spans = self.values.values().filter_map(|found| found.value.span.as_ref());
        spans.for_each(|span| term.add(Arc::clone(span)));
        if !self.values.is_empty() {
            term.add(Arc::clone(&self.era));
        }
        term
    }

    /// The remote did not take these. Whether fetching them again may help: what was fetched for
    /// this login, which began at that moment, is as new as can be.
    pub(crate) async fn doubt(&self, began: Instant) -> bool {
        let mut old = false;
        for found in self.values.values().filter(|found| found.value.fetched < began) {
            if let Some(entry) = &found.entry {
                entry.doubt(&found.value).await;
                old = true;
            }
        }
        old
    }

    /// Whether these are what was fetched before.
    pub(crate) fn are_still(&self, before: &Self) -> bool {
        self.values.iter().all(|(source, found)| {
            let before = before.values.get(source);
            before.is_some_and(|before| found.value.fields.are_still(&before.value.fields))
        })
    }
}

/// Who a connection is for.
fn who<'a>(remote: &'a Remote, person: &'a Person) -> Who<&'a str> {
    Who { role: &remote.role().name, session_user: &person.session_user_name }
}

fn source(remote: &Remote, wanted: &Wanted, who: Who<&str>) -> Result<Source> {
    wanted.reference.source(who).map_err(|error| failed(remote, wanted, error.into()))
}

fn failed(remote: &Remote, wanted: &Wanted, source: FetchError) -> Error {
    Error::Reference {
        option: ours::reference_name(wanted.spec.name),
        reference: wanted.reference.to_string(),
        server: remote.server_name().to_owned(),
        source,
    }
}
