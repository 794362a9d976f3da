//! One GRANT or REVOKE on one ACL.
use medley_catalog::acl::{
    Acl, Behavior, BestGrantor, Grant, GrantOptionsOnly, GrantOutcome, Privileges,
    select_best_grantor,
};
use medley_catalog::ids::{ObjectAddress, RoleOid, RoleOrPublic};
use medley_diagnostic::SqlState;

use crate::Context;
use crate::error::{GrantError, Result};

/// What a GRANT or REVOKE does, whatever it is on.
pub(super) struct AclChange {
    pub(super) grantees: Vec<RoleOrPublic>,
    pub(super) revoke: bool,
    /// WITH GRANT OPTION, or GRANT OPTION FOR.
    pub(super) option: bool,
    pub(super) behavior: Behavior,
}

/// What messages call an object.
pub(super) struct Label {
    /// `foreign server s`.
    refused: (&'static str, String),
    /// `"s"`, or `column "c" of relation "t"`.
    warned: String,
}

impl Label {
    pub(super) fn of(ctx: &Context<'_>, object: ObjectAddress) -> Self {
        let refused = ctx.catalog().privilege_noun(object);
        let warned = format!("\"{}\"", refused.1);
        Self { refused, warned }
    }

    /// Of what the catalog has no row, or none with its name.
    pub(super) fn named(noun: &'static str, name: &str) -> Self {
        Self { refused: (noun, name.to_owned()), warned: format!("\"{name}\"") }
    }

    /// GRANT calls every relation a table.
    pub(super) fn table(name: &str) -> Self {
        Self { refused: ("table", name.to_owned()), warned: format!("\"{name}\"") }
    }

    pub(super) fn column(relation: &str, column: &str) -> Self {
        let refused = ("column", format!("\"{column}\" of relation \"{relation}\""));
        Self { refused, warned: format!("column \"{column}\" of relation \"{relation}\"") }
    }
}

impl AclChange {
    /// The object's ACL after the change.
    pub(super) fn acl_of(
        &self,
        ctx: &mut Context<'_>,
        object: ObjectAddress,
        asked: Privileges,
        all: bool,
        label: &Label,
    ) -> Result<Acl> {
        let acl = ctx.catalog().effective_acl(object).unwrap_or_default();
        let owner = ctx.catalog().owner(object.whole()).unwrap_or(ctx.current_role);
        let best = best_grantor(ctx, &acl, owner, asked);
        let has_any = ctx.actor().has_anything_on(object);
        let granted = self.granted(ctx, best, asked, all, has_any, label)?;
        self.apply(ctx, &acl, owner, best.grantor, granted)
    }

    /// The column's ACL after the change; what is granted on the whole relation counts too.
    pub(super) fn acl_of_column(
        &self,
        ctx: &mut Context<'_>,
        column: ObjectAddress,
        asked: Privileges,
        label: &Label,
    ) -> Result<Option<Acl>> {
        let acl = ctx.catalog().acl(column).cloned().unwrap_or_default();
        let whole = ctx.catalog().effective_acl(column.whole()).unwrap_or_default();
        let owner = ctx.catalog().owner(column.whole()).unwrap_or(ctx.current_role);
        let best = best_grantor(ctx, &whole.merged_with(&acl), owner, asked);
        let actor = ctx.actor();
        let has_any = actor.has_anything_on(column) || actor.has_anything_on(column.whole());
        let all = asked == Privileges::ALL_COLUMN;
        let granted = self.granted(ctx, best, asked, all, has_any, label)?;
        let acl = self.apply(ctx, &acl, owner, best.grantor, granted)?;
        Ok((!acl.items().is_empty()).then_some(acl))
    }

    /// What of it the grantor can grant or revoke, with a warning where that is not all.
    fn granted(
        &self,
        ctx: &mut Context<'_>,
        best: BestGrantor,
        asked: Privileges,
        all: bool,
        has_any: bool,
        label: &Label,
    ) -> Result<Privileges> {
        let outcome = best.outcome(asked, all, has_any);
        let extent = match outcome {
            GrantOutcome::All => None,
            GrantOutcome::Part(_) => Some("not all"),
            GrantOutcome::Nothing => Some("no"),
            GrantOutcome::Denied => {
                let (noun, name) = label.refused.clone();
                return Err(medley_catalog::Error::PermissionDenied(noun, name).into());
            }
        };
        if let Some(extent) = extent {
            self.warn(ctx, extent, label);
        }
        Ok(best.grantable & asked)
    }

    /// Says that `no` or `not all` privileges were granted or revoked.
    pub(super) fn warn(&self, ctx: &mut Context<'_>, extent: &str, label: &Label) {
        let (sqlstate, done) = match self.revoke {
            false => (SqlState::WARNING_PRIVILEGE_NOT_GRANTED, "were granted"),
            true => (SqlState::WARNING_PRIVILEGE_NOT_REVOKED, "could be revoked"),
        };
        ctx.warning(sqlstate, format!("{extent} privileges {done} for {}", label.warned));
    }

    /// The list after the change, by this grantor.
    pub(super) fn apply(
        &self,
        ctx: &Context<'_>,
        acl: &Acl,
        owner: RoleOid,
        grantor: RoleOid,
        privileges: Privileges,
    ) -> Result<Acl> {
        let has_privileges_of =
            |member: RoleOid, role: RoleOid| ctx.catalog().actor(member).has_privileges_of(role);
        let mut acl = acl.clone();
        for grantee in &self.grantees {
            let grant = Grant { grantee: *grantee, grantor, privileges };
            let changed = match self.revoke {
                false => acl.grant(owner, grant, self.option, &has_privileges_of),
                true => acl.revoke(owner, grant, GrantOptionsOnly(self.option), self.behavior),
            };
            acl = changed.map_err(GrantError::from)?;
        }
        Ok(acl)
    }
}

fn best_grantor(ctx: &Context<'_>, acl: &Acl, owner: RoleOid, asked: Privileges) -> BestGrantor {
    let actor = ctx.actor();
    let as_owner = actor.has_privileges_of(owner);
    select_best_grantor(acl, owner, &actor.privilege_roles(), as_owner, asked)
}
