//! Every option of `mysql_fdw`, and the rules beyond its kind.
use medley_fdw::{
    Actor, Error, GivenOption, Kind, OptionSpec, Options, Report, Result, Scope, SqlState,
};

pub(crate) const SSL_MODES: [&str; 5] =
    ["disabled", "preferred", "required", "verify_ca", "verify_identity"];

#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionSpec] = &[
    server("host", Kind::Text, "The host's name or address.").default("127.0.0.1"),
    server("port", Kind::PositiveInteger, "The port.").default("3306"),
    server("init_command", Kind::Secret, "A statement that every session runs before anything else, as the account that it logged in as; superusers set it. Such sessions are not lent on."),
    server("secure_auth", Kind::Bool, "Whether passwords hashed as before MySQL 4.1 are refused; they always are.").default("true").stored(),
    server("use_remote_estimate", Kind::Bool, "Whether the remote is asked for estimates.").default("false").stored(),
    server("reconnect", Kind::Bool, "Whether a lost connection is made again; a new statement always may.").default("false").stored(),
    server("sql_mode", Kind::Text, "Modes of the remote's SQL, besides those that values and statements here rely on.").default("ANSI_QUOTES"),
    server("ssl_mode", Kind::OneOf(&SSL_MODES), "Whether TLS is used, and whether it is known with whom. Passwords in clear are sent only to a verified identity.").default("preferred; verify_ca with ssl_ca or ssl_capath"),
    server("ssl_key", Kind::Text, "File of the client certificate's key."),
    server("ssl_cert", Kind::Text, "File of the client certificate."),
    server("ssl_ca", Kind::Text, "File of trusted certificates."),
    server("ssl_capath", Kind::Text, "Directory of trusted certificates."),
    server("ssl_cipher", Kind::Text, "Cipher suites of TLS 1.2, in OpenSSL's names, separated by colons; those of TLS 1.3 are always allowed."),
    server("fetch_size", Kind::PositiveInteger, "Rows of one fetch; rows are streamed.").default("100").stored(),
    server("character_set", Kind::Text, "The session's character set; it always is utf8mb4.").default("auto").stored(),
    server("mysql_default_file", Kind::Text, "Option file on the machine of this server, which is not read.").stored(),
    server("truncatable", Kind::Bool, "Whether tables may be truncated.").default("true"),
    server("zero_dates", Kind::OneOf(&["error", "null"]), "What a date with a year, month or day of zero is, which is none in PostgreSQL.").default("error"),
    server("snapshot", Kind::OneOf(&["consistent", "none"]), "Whether all of a scan sees one state of a table. With none, large tables are read in parts over several connections, and what is changed meanwhile may be seen in one part and not in another: the remote cannot share a snapshot between connections.").default("consistent"),

    mapping("username", Kind::Text, "The remote account."),
    mapping("password", Kind::Secret, "Its password."),

    table("dbname", Kind::Text, "The remote database; if not given, the foreign table's schema."),
    table("table_name", Kind::Text, "The remote table; if not given, the foreign table's name."),
    table("max_blob_size", Kind::PositiveInteger, "Bytes after which a value is cut; none is cut here.").stored(),
    table("fetch_size", Kind::PositiveInteger, "Rows of one fetch; rows are streamed.").default("100").stored(),
    table("truncatable", Kind::Bool, "Whether the table may be truncated; if not given, what the server says."),

    OptionSpec::new(Scope::Column, "column_name", Kind::Text, "The remote column; if not given, the column's own name."),

    import("import_default", "Whether DEFAULT expressions are imported.").default("false"),
    import("import_not_null", "Whether NOT NULL is imported.").default("true"),
    import("import_enum_as_text", "Whether columns of enumerated types are imported as text; there are no other types for them here.").default("false"),
    import("import_generated", "Whether GENERATED expressions are imported.").default("true"),
];

/// Where a password is sent, and how the remote proves who it is.
pub(crate) const ENDPOINT: &[&str] = &[
    "host",
    "port",
    "ssl_mode",
    "ssl_key",
    "ssl_cert",
    "ssl_ca",
    "ssl_capath",
    "ssl_cipher",
    "mysql_default_file",
];

const fn server(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Server, name, kind, doc)
}

const fn mapping(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::UserMapping, name, kind, doc)
}

const fn table(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Table, name, kind, doc)
}

const fn import(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Import, name, Kind::Bool, doc)
}

/// What a session runs first it runs as everybody who has a mapping for the server.
pub(crate) fn check_option(scope: Scope, option: &GivenOption<'_>, actor: Actor) -> Result<()> {
    match (scope, option.name) {
        (Scope::Server, "init_command") if !actor.superuser => Err(Error::refused(
            Report::error(SqlState::INSUFFICIENT_PRIVILEGE, "init_command is superuser-only")
                .with_hint(
                    "Servers with the init_command option set may only be created or modified by \
                     the superuser.",
                ),
        )),
        _ => Ok(()),
    }
}

/// Whether a zero date is NULL.
pub(crate) fn zero_dates_are_null(server: &Options) -> bool {
    server.text("zero_dates") == Some("null")
}

/// Whether parts of a table may be read over several connections.
pub(crate) fn needs_no_snapshot(server: &Options) -> bool {
    server.text("snapshot") == Some("none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MySql;
    use medley_fdw::{Diagnostic, GivenValue, check};

    fn judge(scope: Scope, name: &str, value: &str, superuser: bool) -> String {
        let secret = OPTIONS.iter().any(|o| o.name == name && o.kind == Kind::Secret);
        let value = if secret { GivenValue::Secret } else { GivenValue::Plain(value) };
        let options = [GivenOption { name, value }];
        match check(
            &MySql,
            scope,
            &options,
            Actor { superuser, ..Actor::ORDINARY },
            &mut Vec::new(),
        ) {
            Ok(()) => "ok".to_owned(),
            Err(error) => {
                let hint = error.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
                format!("{} {error}{hint}", error.sqlstate())
            }
        }
    }

    #[test]
    fn options_are_judged() {
        use Scope::{Import, Server, Table, UserMapping};
        let check = |scope, name, value, expected: &str| {
            assert_eq!(judge(scope, name, value, true), expected);
        };
        check(Server, "host", "x", "ok");
        check(
            Server,
            "hots",
            "x",
            "HV00D invalid option \"hots\" | Perhaps you meant the option \"host\".",
        );
        check(UserMapping, "user", "x", "HV00D invalid option \"user\"");
        let near = " | Perhaps you meant the option \"username\".";
        check(UserMapping, "usernam", "x", &format!("HV00D invalid option \"usernam\"{near}"));
        check(Server, "port", "x", "22023 invalid value for integer option \"port\": x");
        check(Server, "reconnect", "maybe", "42601 reconnect requires a Boolean value");
        check(
            Server,
            "ssl_mode",
            "VERIFY",
            "22023 invalid value for string option \"ssl_mode\": VERIFY",
        );
        check(Table, "dbname", "films", "ok");
        check(Table, "max_blob_size", "32767", "ok");
        check(Import, "import_enum_as_text", "true", "ok");
    }

    #[test]
    fn only_superusers_say_what_everybody_runs() {
        assert_eq!(judge(Scope::Server, "init_command", "SET @a = 1", true), "ok");
        let refused = judge(Scope::Server, "init_command", "SET @a = 1", false);
        assert!(refused.starts_with("42501 init_command is superuser-only | "), "{refused}");
    }
}
