//! Trying a mapping: whether it logs in, why not, and how long that took. Never so often that an
//! account would be locked for it.
use std::collections::HashMap;
use std::time::{Duration, Instant};

use medley_catalog::ids::{RoleOid, ServerOid, UserMappingOid};
use medley_catalog::objects::{OptionValue, UserMapping};
use medley_diagnostic::{Diagnostic, SqlState};
use medley_fdw::ours;
use parking_lot::Mutex;

use crate::{Access, Error, Remote, RemoteEvent, Result, connect};

/// What came of a try.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// `ok`, or what kind of failure it was.
    pub result: &'static str,
    /// How long it took; none where nothing was tried.
    pub elapsed: Option<Duration>,
}

/// So many logins that failed within [`WINDOW`], and an account is left alone until they are older.
/// Remotes that lock accounts commonly allow three to ten.
const MOST_FAILED: usize = 2;
const WINDOW: Duration = Duration::from_secs(600);
/// Between two tries of an account, whatever comes of them.
const PAUSE: Duration = Duration::from_secs(1);

/// Remote accounts that were tried lately.
#[derive(Default)]
pub(crate) struct Probes(Mutex<HashMap<Account, Tries>>);

/// Whatever mappings lead there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Account {
    server: ServerOid,
    user: User,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum User {
    Named(String),
    /// The mapping does not name it.
    Of(UserMappingOid),
}

struct Tries {
    last: Instant,
    failed: Vec<Instant>,
}

impl Probes {
    /// Whether it may be tried now; it then counts as tried.
    fn begin(&self, account: &Account) -> bool {
        let now = Instant::now();
        let mut all = self.0.lock();
        all.retain(|_, tries| now.duration_since(tries.last) < WINDOW);
        let Some(tries) = all.get_mut(account) else {
            all.insert(account.clone(), Tries { last: now, failed: Vec::new() });
            return true;
        };
        tries.failed.retain(|at| now.duration_since(*at) < WINDOW);
        let may = tries.failed.len() < MOST_FAILED && now.duration_since(tries.last) >= PAUSE;
        if may {
            tries.last = now;
        }
        may
    }

    fn failed(&self, account: &Account) {
        if let Some(tries) = self.0.lock().get_mut(account) {
            tries.failed.push(Instant::now());
        }
    }
}

impl Access {
    /// Logs in at a server by a mapping, of whichever role, as `role`, and goes away again.
    pub async fn probe(
        &self,
        server: ServerOid,
        mapping: Option<UserMappingOid>,
        role: RoleOid,
    ) -> Result<Probe> {
        let remote = match self.resolve_by(server, mapping, role) {
            Ok(remote) => remote,
            Err(error) => return Ok(Probe { result: class(&error), elapsed: None }),
        };
        let account = remote.mapping().map(|mapping| account(server, mapping));
        if account.as_ref().is_some_and(|account| !self.probes().begin(account)) {
            return Ok(Probe { result: "tried too often", elapsed: None });
        }
        let since = Instant::now();
        let outcome = self.log_in(&remote).await;
        let elapsed = Some(since.elapsed());
        match outcome {
            Ok(()) => Ok(Probe { result: "ok", elapsed }),
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => {
                if let (Some(account), true) = (account, is_authentication(&error)) {
                    self.probes().failed(&account);
                }
                Ok(Probe { result: class(&error), elapsed })
            }
        }
    }

    async fn log_in(&self, remote: &Remote) -> Result<()> {
        let author = self.author(remote);
        let audit = author.audit(RemoteEvent::Login);
        let logged_in = async {
            let _permit = self.permit(remote).await?;
            let opened = connect::open(self.foreign(), remote, self.person(), &author);
            let (connection, _) = self.or_cancelled(opened).await?;
            audit.by(connection.account());
            Ok(())
        };
        let logged_in = logged_in.await;
        audit.ended(&logged_in);
        logged_in
    }
}

fn account(server: ServerOid, mapping: &UserMapping) -> Account {
    let named = ours::USER_OPTIONS.iter().find_map(|name| mapping.options.get(name));
    let user = match named {
        Some(OptionValue::Plain(user)) => User::Named(user.clone()),
        Some(OptionValue::Sealed(_) | OptionValue::Reference(_)) | None => User::Of(mapping.oid),
    };
    Account { server, user }
}

fn is_authentication(error: &Error) -> bool {
    matches!(error, Error::Wrapper(error) if error.is_authentication())
}

/// The word for a failure.
fn class(error: &Error) -> &'static str {
    match error {
        Error::NoMapping { .. } => "no user mapping",
        Error::AmbiguousMapping { .. } => "ambiguous user mapping",
        Error::PendingMapping { .. } => "not accepted",
        Error::ExpiredMapping { .. } => "expired",
        Error::NoHandler(_) | Error::UnknownHandler { .. } => "no handler",
        Error::TooManyConnections(_) => "too many connections",
        Error::Secret { .. } | Error::Reference { .. } | Error::Template { .. } => "secret",
        Error::Unbound { .. } => "to be entered again",
        Error::Refused(medley_fdw::Error::Connect { kind, .. })
        | Error::Wrapper(medley_fdw::Error::Connect { kind, .. }) => kind.as_str(),
        Error::Wrapper(error)
            if error.sqlstate() == SqlState::PROHIBITED_SQL_STATEMENT_ATTEMPTED =>
        {
            "password required"
        }
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_left_alone_before_it_is_locked() {
        let probes = Probes::default();
        let account = Account { server: ServerOid(1), user: User::Named("x".to_owned()) };
        let other = Account { user: User::Named("y".to_owned()), ..account.clone() };
        let rested = || {
            probes.0.lock().get_mut(&account).expect("tried").last -= PAUSE;
        };
        for _ in 0..MOST_FAILED {
            assert!(probes.begin(&account));
            assert!(!probes.begin(&account), "at once again");
            probes.failed(&account);
            rested();
        }
        assert!(!probes.begin(&account));
        assert!(probes.begin(&other));
        for failed in &mut probes.0.lock().get_mut(&account).expect("tried").failed {
            *failed -= WINDOW;
        }
        assert!(probes.begin(&account));
    }
}
