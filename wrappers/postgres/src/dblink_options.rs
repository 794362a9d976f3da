//! Every option of `dblink_fdw`: those of `postgres_fdw` that libpq takes, and where one stands in
//! PostgreSQL's. What names remote tables and columns is taken too: PostgreSQL's cannot read any.
use medley_fdw::{Kind, OptionSpec};

use crate::options::{
    LIBPQ, NAMES, PASSWORD, SCRAM_PASSTHROUGH, SSLPASSWORD, USER, joined, mapping, server,
};

/// Beyond what libpq takes.
#[rustfmt::skip]
const OWN: &[OptionSpec] = &[
    server("fallback_application_name", Kind::Text, "What the remote session is called if application_name does not say it.").stored(),
    server("use_scram_passthrough", Kind::Text, SCRAM_PASSTHROUGH).default("false"),

    mapping("user", Kind::Text, USER),
    mapping("password", Kind::Secret, PASSWORD),
    mapping("sslpassword", Kind::Secret, SSLPASSWORD).stored(),
    mapping("use_scram_passthrough", Kind::Text, SCRAM_PASSTHROUGH).default("false"),
];

/// In the order in which hints are given.
pub(crate) const OPTIONS: &[OptionSpec] =
    &joined::<{ LIBPQ.len() + NAMES.len() + OWN.len() }>([LIBPQ, NAMES, OWN]);

#[cfg(test)]
mod tests {
    use medley_fdw::{Actor, Diagnostic, GivenOption, GivenValue, Scope, check};

    use crate::Postgres;

    #[test]
    fn options_are_judged_as_dblink_judges_them() {
        let judge = |scope, name: &str, expected: Option<&str>| {
            let options = [GivenOption { name, value: GivenValue::Plain("x") }];
            let judged =
                check(&Postgres::dblink(), scope, &options, Actor::ORDINARY, &mut Vec::new());
            let said = judged.err().map(|error| {
                let hint = error.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
                format!("{} {error}{hint}", error.sqlstate())
            });
            assert_eq!(said.as_deref(), expected, "{name}");
        };
        for name in ["fallback_application_name", "use_scram_passthrough", "host", "sslcert"] {
            judge(Scope::Server, name, None);
        }
        let near = |name: &str, other: &str| {
            format!("HV00J invalid option \"{name}\" | Perhaps you meant the option \"{other}\".")
        };
        let unknown = |name: &str| format!("HV00J invalid option \"{name}\"");
        judge(Scope::Server, "hst", Some(&near("hst", "host")));
        judge(Scope::Server, "password", Some(&near("password", "passfile")));
        for name in ["client_encoding", "user", "updatable", "replication", "oauth_issuer"] {
            judge(Scope::Server, name, Some(&unknown(name)));
        }
        judge(Scope::UserMapping, "usr", Some(&near("usr", "user")));
        judge(Scope::UserMapping, "sslcert", Some(&unknown("sslcert")));
        judge(Scope::UserMapping, "password_required", Some(&unknown("password_required")));
        judge(Scope::Table, "table_name", None);
        let nothing = "HV00J invalid option \"host\" | There are no valid options in this context.";
        judge(Scope::Wrapper, "host", Some(nothing));
    }
}
