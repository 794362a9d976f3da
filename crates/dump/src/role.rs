//! Roles and memberships.
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use bytes::BytesMut;
use medley_catalog::ids::{FIRST_NORMAL_OID, RoleOid};
use medley_catalog::objects::{Membership, Role};
use medley_types::{ColumnWriter, PgType, Style};

use crate::script::{in_comment, literal, name};
use crate::{Dump, Result, Secrets};

/// From 1970 to 2000, in microseconds.
const EPOCH_OFFSET: i64 = 946_684_800_000_000;

impl Dump<'_> {
    pub(crate) fn roles(&mut self) -> Result<()> {
        let mut roles: Vec<_> = self.catalog().roles().collect();
        roles.sort_by_key(|role| &role.name);
        for role in roles {
            let built_in = role.oid.0 < FIRST_NORMAL_OID;
            if !built_in {
                self.script.push(format!("CREATE ROLE {}", name(&role.name)));
            }
            if !built_in || role.oid == RoleOid::BOOTSTRAP {
                self.attributes(role)?;
            }
            let comment = self.catalog().comment(role.oid.address());
            self.comment(&format!("ROLE {}", name(&role.name)), comment);
        }
        Ok(())
    }

    fn attributes(&mut self, role: &Role) -> Result<()> {
        let mut words = vec![
            word(role.superuser, "SUPERUSER"),
            word(role.inherit, "INHERIT"),
            word(role.create_role, "CREATEROLE"),
            word(role.create_db, "CREATEDB"),
            word(role.can_login, "LOGIN"),
            word(role.replication, "REPLICATION"),
            word(role.bypass_rls, "BYPASSRLS"),
        ];
        if role.connection_limit != -1 {
            words.push(format!("CONNECTION LIMIT {}", role.connection_limit));
        }
        words.extend(self.password(role));
        if let Some(until) = role.valid_until {
            words.push(format!("VALID UNTIL {}", literal(&moment(until)?)));
        }
        self.script.push(format!("ALTER ROLE {} WITH {}", name(&role.name), words.join(" ")));
        Ok(())
    }

    /// The verifier; or, for whoever logs in, the word that a password is to be entered.
    fn password(&mut self, role: &Role) -> Option<String> {
        match self.request.secrets {
            Secrets::Sealed => {
                let verifier = role.password.as_ref()?;
                Some(format!("PASSWORD {}", literal(&verifier.to_string())))
            }
            Secrets::Omit if role.can_login => {
                let role = in_comment(&name(&role.name));
                self.script.comment(&format!("-- Enter again: ALTER ROLE {role} PASSWORD '...';"));
                None
            }
            Secrets::Omit => None,
        }
    }

    /// Each after the one that lets its grantor grant.
    pub(crate) fn memberships(&mut self) {
        let normal = |it: &&Arc<Membership>| it.oid.0 >= FIRST_NORMAL_OID;
        let mut left: Vec<_> = self.catalog().memberships().filter(normal).collect();
        left.sort_by_cached_key(|it| [it.role, it.member, it.grantor].map(|r| self.role_name(r)));
        let mut admins: BTreeSet<(RoleOid, RoleOid)> = BTreeSet::new();
        while !left.is_empty() {
            let may = |it: &&Arc<Membership>| {
                it.grantor == RoleOid::BOOTSTRAP || admins.contains(&(it.role, it.grantor))
            };
            // What nobody could grant any more is for the one who replays to hear of.
            let next = left.iter().position(may).unwrap_or_default();
            let grant = left.remove(next);
            if grant.admin {
                admins.insert((grant.role, grant.member));
            }
            self.membership(grant);
        }
    }

    fn membership(&mut self, grant: &Membership) {
        let truth = |value| if value { "TRUE" } else { "FALSE" };
        let [role, member, grantor] =
            [grant.role, grant.member, grant.grantor].map(|role| self.role_name(role));
        self.script.push(format!(
            "GRANT {role} TO {member} WITH ADMIN {}, INHERIT {}, SET {} GRANTED BY {grantor}",
            truth(grant.admin),
            truth(grant.inherit),
            truth(grant.set),
        ));
    }
}

fn word(has: bool, attribute: &str) -> String {
    format!("{}{attribute}", if has { "" } else { "NO" })
}

/// A moment in microseconds since 2000, in UTC.
fn moment(micros: i64) -> Result<String> {
    let since_1970 = match micros {
        i64::MAX | i64::MIN => micros,
        micros => micros.saturating_add(EPOCH_OFFSET),
    };
    let array = TimestampMicrosecondArray::from(vec![since_1970]).with_timezone("UTC");
    let array: ArrayRef = Arc::new(array);
    let mut text = BytesMut::new();
    ColumnWriter::text(PgType::TIMESTAMPTZ, &array, &Style::default())?.write(0, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_utc() {
        let check = |micros, text: &str| assert_eq!(moment(micros).unwrap(), text);
        check(0, "2000-01-01 00:00:00+00");
        check(86_400_000_001, "2000-01-02 00:00:00.000001+00");
        check(i64::MAX, "infinity");
        check(i64::MIN, "-infinity");
    }
}
