//! What CREATE ROLE and ALTER ROLE say of a role, put into its row.
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use medley_catalog::objects::Role;

use medley_diagnostic::{Report, SqlState};
use medley_secret::{Secret, Verifier};
use medley_sql::{PasswordChange, RoleOptions};
use medley_types::{ColumnBuilder, PgType};

use crate::Context;
use crate::error::{Result, RoleError};

/// Between 1970 and 2000, PostgreSQL's beginning of time.
const EPOCH_DISTANCE_US: i64 = 946_684_800 * 1_000_000;

/// Rounds of a given verifier that are gone through to see whether it is the empty password's.
const MAX_TRIED_ITERATIONS: u32 = 100_000;

/// Refuses a limit that is none; looked at before anything else.
pub(super) fn check_connection_limit(options: &RoleOptions) -> Result<()> {
    match options.connection_limit {
        Some(limit) if limit < -1 => Err(RoleError::ConnectionLimit(limit).into()),
        _ => Ok(()),
    }
}

/// Changes what is said, and leaves the rest.
pub(super) fn apply(ctx: &mut Context<'_>, role: &mut Role, options: &RoleOptions) -> Result<()> {
    let set = |field: &mut bool, value: Option<bool>| *field = value.unwrap_or(*field);
    set(&mut role.superuser, options.superuser);
    set(&mut role.inherit, options.inherit);
    set(&mut role.create_role, options.create_role);
    set(&mut role.create_db, options.create_db);
    set(&mut role.can_login, options.login);
    set(&mut role.replication, options.replication);
    set(&mut role.bypass_rls, options.bypass_rls);
    role.connection_limit = options.connection_limit.unwrap_or(role.connection_limit);
    if let Some(text) = &options.valid_until {
        role.valid_until = Some(valid_until(ctx, text)?);
    }
    if let Some(change) = &options.password {
        role.password = password(ctx, change);
    }
    if options.sysid {
        ctx.notice("SYSID can no longer be specified");
    }
    Ok(())
}

/// Microseconds since 2000; `infinity` is the greatest, `-infinity` the least.
fn valid_until(ctx: &Context<'_>, text: &str) -> Result<i64> {
    match text.trim().to_ascii_lowercase().as_str() {
        "infinity" | "+infinity" => return Ok(i64::MAX),
        "-infinity" => return Ok(i64::MIN),
        _ => {}
    }
    let mut moments = ColumnBuilder::new(PgType::TIMESTAMPTZ, 1);
    moments.append_text(text, ctx.style)?;
    let moments = moments.finish();
    let moment = moments.as_primitive_opt::<TimestampMicrosecondType>();
    let invalid = || RoleError::ValidUntil(text.to_owned());
    Ok(moment.ok_or_else(invalid)?.value(0) - EPOCH_DISTANCE_US)
}

/// What is kept of a password.
fn password(ctx: &mut Context<'_>, change: &PasswordChange) -> Option<Verifier> {
    let PasswordChange::Set(given) = change else { return None };
    if given.is_empty() || accepts_nothing(given) {
        ctx.notice("empty string is not a valid password, clearing password");
        return None;
    }
    if Verifier::is_md5_hash(given) {
        let warning = "MD5-encrypted passwords are not supported, clearing password";
        let hint = "Set the password itself, or its SCRAM-SHA-256 verifier.";
        let report = Report::warning(SqlState::WARNING_DEPRECATED_FEATURE, warning);
        ctx.notices.push(report.with_hint(hint));
        return None;
    }
    Some(Verifier::of_password_or_verifier(given))
}

/// A verifier of the empty password is as good as none. One whose rounds would keep us busy for
/// longer than anybody waits at a login is not tried.
fn accepts_nothing(given: &Secret) -> bool {
    if !Verifier::is_verifier(given) {
        return false;
    }
    let verifier = Verifier::of_password_or_verifier(given);
    verifier.iterations <= MAX_TRIED_ITERATIONS && verifier.accepts(&Secret::new(String::new()))
}
