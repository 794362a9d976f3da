//! What the statements of a session have in common, made again only when what it is made of has
//! changed: settings, roles, the catalog.
use std::sync::{Arc, OnceLock};

use medley_catalog::ids::RoleOid;
use medley_foreign::Person;

use crate::settings::Readings;
use crate::{Session, login};

/// What a session is for every statement that finds it in this state.
pub(crate) struct Standing {
    made_of: MadeOf,
    /// Whom remotes may be told of.
    pub person: Person,
    /// What statements ask of the settings.
    pub readings: Arc<Readings>,
    /// Settings that are kept elsewhere: role, session_authorization, is_superuser.
    pub identity: [(&'static str, String); 3],
    /// What remotes are told of the settings.
    pub relayed: OnceLock<medley_fdw::Settings>,
}

/// What changes when the client is to be told something, or remotes are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MadeOf {
    catalog: u64,
    settings: u64,
    session_user: RoleOid,
    role: Option<RoleOid>,
}

impl Session {
    pub(crate) fn made_of(&self) -> MadeOf {
        MadeOf {
            catalog: self.committed().version(),
            settings: self.settings.lock().number(),
            session_user: self.identity.session_user(),
            role: self.identity.role(),
        }
    }

    /// What the session is now.
    pub(crate) fn standing(&mut self) -> Arc<Standing> {
        let made_of = self.made_of();
        let known = self.standing.as_ref().filter(|known| known.made_of == made_of);
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let shown = |name: &'static str| {
            let value = self.shown(name).map_or_else(|_| String::new(), |(_, value)| value);
            (name, value)
        };
        let standing = Arc::new(Standing {
            person: self.person(),
            readings: self.readings(),
            identity: ["role", "session_authorization", "is_superuser"].map(shown),
            relayed: OnceLock::new(),
            made_of,
        });
        self.standing = Some(Arc::clone(&standing));
        standing
    }

    fn person(&self) -> Person {
        let session_user = self.identity.session_user();
        let since = login::micros(self.since) / 1_000_000;
        Person {
            session_user,
            session_user_name: self.committed().role_name(session_user).into(),
            application_name: Arc::clone(&self.readings().application_name),
            session: self.number,
            scram_keys: self.scram_keys.clone(),
            via: Arc::clone(&self.via),
            session_id: format!("{since:x}.{:x}", self.login.pid).into(),
        }
    }
}
