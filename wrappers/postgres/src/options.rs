//! Every option of `postgres_fdw`, in PostgreSQL 18's order, and the rules beyond its kind.
use medley_fdw::{
    Actor, GivenOption, GivenValue, Kind, OptionSpec, Options, Report, Result, Scope, SqlState,
    name_list,
};

const ANALYZE_SAMPLING: Kind = Kind::OneOf(&["off", "auto", "random", "system", "bernoulli"]);

pub(crate) const SCRAM_PASSTHROUGH: &str =
    "Whether who has logged in here by SCRAM logs in there with the same keys, and no password.";
pub(crate) const USER: &str = "The remote user; if not given, the system account of this server.";
pub(crate) const PASSWORD: &str = "The remote user's password.";
pub(crate) const SSLPASSWORD: &str =
    "Passphrase of the client certificate's key; encrypted keys are refused.";

/// What libpq takes to connect by. The order decides between equally near hints.
#[rustfmt::skip]
pub(crate) const LIBPQ: &[OptionSpec] = &[
    server("service", Kind::Text, "Section of a connection service file.").stored(),
    server("passfile", Kind::Text, "File of passwords.").stored(),
    server("channel_binding", Kind::Text, "Whether SCRAM must be bound to the TLS channel: disable, prefer or require.").default("prefer"),
    server("connect_timeout", Kind::Text, "Seconds to wait for each host; 0 for ever.").default("0"),
    server("dbname", Kind::Text, "Database to connect to; the remote user's name if not given."),
    server("host", Kind::Text, "Host names, or directories of sockets, separated by commas; tried in turn."),
    server("hostaddr", Kind::Text, "Addresses of the hosts, so that no name is looked up."),
    server("port", Kind::Text, "Port of all hosts, or one for each.").default("5432"),
    server("options", Kind::Text, "Command-line options for the remote session."),
    server("application_name", Kind::Text, "What the remote session is called; %a, %c, %C, %u, %d, %p and %% are replaced.").default("postgres_fdw"),
    server("keepalives", Kind::Text, "Whether TCP keepalives are sent.").default("1").stored(),
    server("keepalives_idle", Kind::Text, "Seconds before the first keepalive.").stored(),
    server("keepalives_interval", Kind::Text, "Seconds between keepalives.").stored(),
    server("keepalives_count", Kind::Text, "Keepalives that may be lost.").stored(),
    server("tcp_user_timeout", Kind::Text, "Milliseconds that sent data may remain unacknowledged.").stored(),
    server("sslmode", Kind::Text, "disable, allow, prefer, require, verify-ca or verify-full.").default("prefer"),
    server("sslnegotiation", Kind::Text, "postgres asks before TLS starts, direct does not.").default("postgres"),
    server("sslcompression", Kind::Text, "Compression inside TLS, which TLS has no more.").default("0").stored(),
    server("sslcert", Kind::Text, "File of the client certificate."),
    server("sslkey", Kind::Text, "File of the client certificate's key."),
    server("sslcertmode", Kind::Text, "Whether the client certificate is sent: disable or allow.").default("allow"),
    server("sslrootcert", Kind::Text, "File of trusted certificates, or system."),
    server("sslcrl", Kind::Text, "File of revoked certificates."),
    server("sslcrldir", Kind::Text, "Directory of revoked certificates; a server that names one is not connected to."),
    server("sslsni", Kind::Text, "Whether the host's name is told before TLS is set up.").default("1"),
    server("requirepeer", Kind::Text, "Operating-system user of a remote on a local socket; such a server is not connected to."),
    server("require_auth", Kind::Text, "Authentication methods that are accepted, or refused with a leading !."),
    server("min_protocol_version", Kind::Text, "Lowest version of the protocol."),
    server("max_protocol_version", Kind::Text, "Highest version of the protocol."),
    server("ssl_min_protocol_version", Kind::Text, "Lowest version of TLS.").default("TLSv1.2"),
    server("ssl_max_protocol_version", Kind::Text, "Highest version of TLS."),
    server("gssencmode", Kind::Text, "Encryption by GSSAPI, which there is none here: disable, prefer or require.").default("prefer"),
    server("krbsrvname", Kind::Text, "Kerberos service name.").default("postgres").stored(),
    server("gsslib", Kind::Text, "Library for GSSAPI.").stored(),
    server("gssdelegation", Kind::Text, "Whether Kerberos credentials are delegated.").default("0").stored(),
    server("target_session_attrs", Kind::Text, "any, read-write, read-only, primary, standby or prefer-standby.").default("any"),
    server("load_balance_hosts", Kind::Text, "Whether hosts are tried in random order: disable or random.").default("disable"),
];

/// What `postgres_fdw` takes besides.
#[rustfmt::skip]
const OWN: &[OptionSpec] = &[
    server("use_remote_estimate", Kind::Bool, "Whether the remote is asked for estimates.").default("false").stored(),
    server("fdw_startup_cost", Kind::NonNegativeReal, "Cost of starting a scan.").default("100").stored(),
    server("fdw_tuple_cost", Kind::NonNegativeReal, "Cost of a row's way here.").default("0.2").stored(),
    server("extensions", Kind::NameList, "Extensions whose functions the remote has as well.").stored(),
    server("updatable", Kind::Bool, "Whether tables may be changed.").default("true"),
    server("truncatable", Kind::Bool, "Whether tables may be truncated.").default("true"),
    server("fetch_size", Kind::PositiveInteger, "Rows of one fetch from a cursor.").default("100").stored(),
    server("batch_size", Kind::PositiveInteger, "Rows of one INSERT.").default("1"),
    server("async_capable", Kind::Bool, "Whether tables are scanned at once; they always are.").default("false").stored(),
    server("parallel_commit", Kind::Bool, "Whether remote transactions are committed at once.").default("false").stored(),
    server("parallel_abort", Kind::Bool, "Whether remote transactions are rolled back at once.").default("false").stored(),
    server("keep_connections", Kind::Bool, "Whether connections are kept after a transaction.").default("true"),
    server("analyze_sampling", ANALYZE_SAMPLING, "How ANALYZE samples.").default("auto").stored(),
    server("use_scram_passthrough", Kind::Text, SCRAM_PASSTHROUGH).default("false"),

    mapping("user", Kind::Text, USER),
    mapping("password", Kind::Secret, PASSWORD),
    mapping("sslpassword", Kind::Secret, SSLPASSWORD).stored(),
    mapping("password_required", Kind::Bool, "Whether who is no superuser must log in by password.").default("true"),
    mapping("use_scram_passthrough", Kind::Text, SCRAM_PASSTHROUGH).default("false"),
    mapping("sslcert", Kind::Text, "File of the client certificate; superusers set it."),
    mapping("sslkey", Kind::Text, "File of the client certificate's key; superusers set it."),
    mapping("gssdelegation", Kind::Text, "Whether Kerberos credentials are delegated.").default("0").stored(),

    table("use_remote_estimate", Kind::Bool, "Whether the remote is asked for estimates.").default("false").stored(),
    table("updatable", Kind::Bool, "Whether the table may be changed.").default("true"),
    table("truncatable", Kind::Bool, "Whether the table may be truncated.").default("true"),
    table("fetch_size", Kind::PositiveInteger, "Rows of one fetch from a cursor.").default("100").stored(),
    table("batch_size", Kind::PositiveInteger, "Rows of one INSERT.").default("1"),
    table("async_capable", Kind::Bool, "Whether tables are scanned at once; they always are.").default("false").stored(),
    table("analyze_sampling", ANALYZE_SAMPLING, "How ANALYZE samples.").default("auto").stored(),


];

/// What tables and columns are called there, and what is imported of them.
#[rustfmt::skip]
pub(crate) const NAMES: &[OptionSpec] = &[
    table("schema_name", Kind::Text, "The remote schema; if not given, the foreign table's own."),
    table("table_name", Kind::Text, "The remote table; if not given, the foreign table's name."),
    OptionSpec::new(Scope::Column, "column_name", Kind::Text, "The remote column; if not given, the column's own name."),
    import("import_collate", "Whether collations are imported.").default("true"),
    import("import_default", "Whether DEFAULT expressions are imported.").default("false"),
    import("import_generated", "Whether GENERATED expressions are imported.").default("true"),
    import("import_not_null", "Whether NOT NULL is imported.").default("true"),
];

/// Every option of `postgres_fdw`, and of `medley_fdw`.
pub(crate) const OPTIONS: &[OptionSpec] =
    &joined::<{ LIBPQ.len() + NAMES.len() + OWN.len() }>([LIBPQ, NAMES, OWN]);

/// The lists as one.
pub(crate) const fn joined<const N: usize>(lists: [&[OptionSpec]; 3]) -> [OptionSpec; N] {
    let mut joined = [LIBPQ[0]; N];
    let (mut list, mut index, mut at) = (0, 0, 0);
    while at < N {
        if index == lists[list].len() {
            (list, index) = (list + 1, 0);
            continue;
        }
        joined[at] = lists[list][index];
        (index, at) = (index + 1, at + 1);
    }
    joined
}

/// Where a password is sent, and how the remote proves who it is.
pub(crate) const ENDPOINT: &[&str] = &[
    "service",
    "host",
    "hostaddr",
    "port",
    "sslmode",
    "sslnegotiation",
    "sslcert",
    "sslkey",
    "sslcertmode",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "channel_binding",
    "require_auth",
    "requirepeer",
    "gssencmode",
    "krbsrvname",
];

pub(crate) const fn server(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Server, name, kind, doc)
}

pub(crate) const fn mapping(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::UserMapping, name, kind, doc)
}

const fn table(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Table, name, kind, doc)
}

const fn import(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Import, name, Kind::Bool, doc)
}

/// What `postgres_fdw_validator` says beyond name and kind.
pub(crate) fn check_option(
    scope: Scope,
    option: &GivenOption<'_>,
    actor: Actor,
    notices: &mut Vec<Report>,
) -> Result<()> {
    let GivenValue::Plain(value) = option.value else { return Ok(()) };
    match (scope, option.name) {
        (Scope::Server, "extensions") => {
            notices.extend(name_list(value).unwrap_or_default().iter().filter_map(not_installed));
            Ok(())
        }
        (Scope::Server, "require_auth") if !actor.superuser && sends_readable(value) => {
            Err(medley_fdw::Error::refused(
                Report::error(
                    SqlState::INSUFFICIENT_PRIVILEGE,
                    "require_auth naming password or md5 is superuser-only",
                )
                .with_hint(
                    "Servers that may be sent a readable password may only be created or \
                     modified by the superuser.",
                ),
            ))
        }
        (Scope::UserMapping, "password_required") if !actor.superuser && is_false(value) => {
            Err(superuser_only(
                "password_required=false is",
                "the password_required option set to false",
            ))
        }
        (Scope::UserMapping, "sslcert" | "sslkey") if !actor.superuser => {
            Err(superuser_only("sslcert and sslkey are", "the sslcert or sslkey options set"))
        }
        _ => Ok(()),
    }
}

/// Whether a password may be sent in clear, or as md5, to a server whose name nobody verified. Who
/// may say so could else read the passwords of all who have a mapping for it.
fn sends_readable(require_auth: &str) -> bool {
    require_auth.split(',').any(|method| matches!(method.trim(), "password" | "md5"))
}

fn is_false(value: &str) -> bool {
    value.eq_ignore_ascii_case("false") || value.eq_ignore_ascii_case("off")
}

/// No extension brings functions here, so none that a list names is installed, but for the one
/// that every PostgreSQL has.
fn not_installed(name: &String) -> Option<Report> {
    let report = || {
        let message = format!("extension \"{name}\" is not installed");
        Report::warning(SqlState::UNDEFINED_OBJECT, message)
    };
    (name != "plpgsql").then(report)
}

fn superuser_only(what: &str, which: &str) -> medley_fdw::Error {
    let hint =
        format!("User mappings with {which} may only be created or modified by the superuser.");
    let message = format!("{what} superuser-only");
    medley_fdw::Error::refused(
        Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message).with_hint(hint),
    )
}

/// Whether clients' keys are used. The server's word counts before the mapping's.
pub(crate) fn passes_through(server: &Options, mapping: &Options) -> Result<bool> {
    const NAME: &str = "use_scram_passthrough";
    let said = server.boolean(NAME)?;
    Ok(said.map_or_else(|| mapping.boolean(NAME), |said| Ok(Some(said)))?.unwrap_or(false))
}

/// Whether the mapping waives the rules about passwords.
pub(crate) fn password_required(mapping: &Options) -> Result<bool> {
    Ok(mapping.boolean("password_required")?.unwrap_or(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Postgres;
    use medley_fdw::{Diagnostic, check};

    const SUPERUSER: Actor = Actor::SUPERUSER;

    fn judge(scope: Scope, name: &str, value: &str, actor: Actor) -> (String, Vec<String>) {
        let secret = OPTIONS.iter().any(|o| o.name == name && o.kind == Kind::Secret);
        let value = if secret { GivenValue::Secret } else { GivenValue::Plain(value) };
        let mut notices = Vec::new();
        let judged =
            check(&Postgres::new(), scope, &[GivenOption { name, value }], actor, &mut notices);
        let text = match judged {
            Ok(()) => "ok".to_owned(),
            Err(error) => {
                let hint = error.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
                format!("{} {error}{hint}", error.sqlstate())
            }
        };
        let notices = notices.iter().map(|n| format!("{} {} {n}", n.severity.as_str(), n.sqlstate));
        (text, notices.collect())
    }

    #[test]
    fn endpoint_options_are_options_of_servers() {
        for name in ENDPOINT {
            assert!(OPTIONS.iter().any(|it| it.scope == Scope::Server && it.name == *name));
        }
    }

    #[test]
    fn an_unknown_option_gets_the_hint_that_postgres_fdw_gives() {
        let check = |scope, name: &str, nearest: Option<&str>| {
            let hint = nearest
                .map(|name| format!(" | Perhaps you meant the option \"{name}\"."))
                .unwrap_or_default();
            let expected = format!("HV00D invalid option \"{name}\"{hint}");
            assert_eq!(judge(scope, name, "x", SUPERUSER).0, expected);
        };
        for (name, nearest) in [
            ("hst", Some("host")),
            ("password", Some("passfile")),
            ("user", None),
            ("HOST", None),
            ("db", None),
            ("sslcrt", Some("sslcert")),
            ("client_encoding", None),
            ("fallback_application_name", None),
        ] {
            check(Scope::Server, name, nearest);
        }
        for (name, nearest) in [
            ("username", Some("user")),
            ("usr", Some("user")),
            ("User", Some("user")),
            ("passwd", Some("password")),
            ("pasword", Some("password")),
            ("pass", None),
            ("host", None),
        ] {
            check(Scope::UserMapping, name, nearest);
        }
        check(Scope::Table, "tablename", Some("table_name"));
        check(Scope::Table, "table", None);
        check(Scope::Table, "schema", None);
        check(Scope::Column, "columnname", Some("column_name"));
        check(Scope::Import, "import_defaul", None);
        let nothing_here =
            "HV00D invalid option \"host\" | There are no valid options in this context.";
        assert_eq!(judge(Scope::Wrapper, "host", "x", SUPERUSER).0, nothing_here);
    }

    #[test]
    fn values_are_refused_in_the_words_of_postgres_fdw() {
        let check = |scope, name, value, expected: &str| {
            assert_eq!(judge(scope, name, value, SUPERUSER).0, expected, "{name} {value}");
        };
        use Scope::{Import, Server, Table, UserMapping};
        for good in ["true", "FALSE", "On", "off"] {
            check(Table, "updatable", good, "ok");
        }
        for bad in ["1", "0", "t", "f", "yes", "no", ""] {
            check(Table, "updatable", bad, "42601 updatable requires a Boolean value");
        }
        for good in [" 10 ", "1e2", "100.4", "0.6", "0x10", "010"] {
            check(Server, "fetch_size", good, "ok");
        }
        for bad in ["abc", "10 rows", "2147483648", ""] {
            let expected = format!("22023 invalid value for integer option \"fetch_size\": {bad}");
            check(Server, "fetch_size", bad, &expected);
        }
        let not_positive = "22023 \"batch_size\" must be an integer value greater than zero";
        check(Table, "batch_size", "0", not_positive);
        check(Table, "batch_size", "-1", not_positive);
        for good in ["0", "1.5", "inf", "0x10"] {
            check(Server, "fdw_tuple_cost", good, "ok");
        }
        for bad in ["abc", "nan", "1 s"] {
            let expected =
                format!("22023 invalid value for floating point option \"fdw_tuple_cost\": {bad}");
            check(Server, "fdw_tuple_cost", bad, &expected);
        }
        let negative =
            "22023 \"fdw_tuple_cost\" must be a floating point value greater than or equal to zero";
        check(Server, "fdw_tuple_cost", "-1", negative);
        check(Table, "analyze_sampling", "system", "ok");
        let sampling = "22023 invalid value for string option \"analyze_sampling\": System";
        check(Table, "analyze_sampling", "System", sampling);
        check(
            Server,
            "extensions",
            "a b",
            "22023 parameter \"extensions\" must be a list of extension names",
        );
        check(Server, "port", "abc", "ok");
        check(UserMapping, "use_scram_passthrough", "maybe", "ok");
        check(Import, "import_default", "1", "42601 import_default requires a Boolean value");
    }

    #[test]
    fn only_superusers_have_passwords_sent_readably() {
        let ordinary = Actor::ORDINARY;
        let refused = "42501 require_auth naming password or md5 is superuser-only | Servers that may be sent a readable password may only be created or modified by the superuser.";
        for value in ["password", "md5", "scram-sha-256, password", "none,md5"] {
            assert_eq!(judge(Scope::Server, "require_auth", value, ordinary).0, refused, "{value}");
            assert_eq!(judge(Scope::Server, "require_auth", value, SUPERUSER).0, "ok");
        }
        for value in ["", "scram-sha-256", "!password", "!md5,!none"] {
            assert_eq!(judge(Scope::Server, "require_auth", value, ordinary).0, "ok", "{value}");
        }
    }

    #[test]
    fn what_only_superusers_may_set() {
        let check = |name, value, expected: &str| {
            let ordinary = Actor::ORDINARY;
            assert_eq!(judge(Scope::UserMapping, name, value, ordinary).0, expected);
            assert_eq!(judge(Scope::UserMapping, name, value, SUPERUSER).0, "ok");
        };
        let hint = "User mappings with the password_required option set to false may only be created or modified by the superuser.";
        let refused = format!("42501 password_required=false is superuser-only | {hint}");
        check("password_required", "FALSE", &refused);
        check("password_required", "on", "ok");
        let hint = "User mappings with the sslcert or sslkey options set may only be created or modified by the superuser.";
        let refused = format!("42501 sslcert and sslkey are superuser-only | {hint}");
        check("sslcert", "/x", &refused);
        check("sslkey", "/x", &refused);
        check("password", "p", "ok");
        assert_eq!(judge(Scope::Server, "sslcert", "/x", Actor::ORDINARY).0, "ok");
    }

    #[test]
    fn extensions_that_are_not_installed_are_a_warning() {
        let (text, notices) = judge(Scope::Server, "extensions", "Cube, plpgsql", SUPERUSER);
        assert_eq!(text, "ok");
        assert_eq!(notices, ["WARNING 42704 extension \"cube\" is not installed"]);
    }

    #[test]
    fn the_first_offending_option_decides() {
        let option = |name, value| GivenOption { name, value: GivenValue::Plain(value) };
        let options = [option("updatable", "maybe"), option("nosuch", "x")];
        let error = check(&Postgres::new(), Scope::Table, &options, SUPERUSER, &mut Vec::new());
        assert_eq!(
            error.expect_err("both are wrong").to_string(),
            "updatable requires a Boolean value"
        );
    }
}
