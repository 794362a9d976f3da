//! Files and what they say, line by line; the errors are those of PostgreSQL 18.4's
//! `pg_hba_file_rules`, but where the comment says so.
#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::fs;

use medley_hba::{Address, Client, Host, HostUnasked, Line, Roles, Rule, Source};

struct Members(&'static [(&'static str, &'static str)]);

impl Roles for Members {
    fn is_member(&self, role: &str, of: &str) -> bool {
        role == of || self.0.contains(&(role, of))
    }
}

fn source(files: &[(&str, &str)]) -> (tempfile::TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let source = Source(folder.path().join("pg_hba.conf"));
    (folder, source)
}

fn shown(rule: &Rule) -> String {
    let names = |names: &[(String, medley_hba::Pattern)]| {
        names.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(",")
    };
    let address = match &rule.address {
        None => String::new(),
        Some(Address::Net { address, mask }) => format!(" {address} {mask}"),
        Some(other) => format!(" {other:?}"),
    };
    let mut text = format!(
        "{} {} {}{address} {}",
        rule.kind,
        names(&rule.databases),
        names(&rule.roles),
        rule.method
    );
    for option in rule.options.texts() {
        text = format!("{text} {option}");
    }
    text
}

fn lines(files: &[(&str, &str)]) -> Vec<String> {
    let (folder, source) = source(files);
    let here = format!("{}/", folder.path().display());
    let show = |line: Line<Rule>| match line {
        Line::Good(rule) => format!("{}: {}", rule.place.line, shown(&rule)),
        Line::Bad(place, reason) => format!("{}: ERROR {}", place.line, reason.replace(&here, "")),
    };
    source.lines().unwrap().into_iter().map(show).collect()
}

#[track_caller]
fn check(line: &str, expected: &str) {
    assert_eq!(lines(&[("pg_hba.conf", line)]), [format!("1: {expected}")], "{line}");
}

#[track_caller]
fn check_error(line: &str, expected: &str) {
    check(line, &format!("ERROR {expected}"));
}

#[test]
fn good_lines() {
    check("local all all trust", "local all all trust");
    check("host all all 127.0.0.1/32 md5", "host all all 127.0.0.1 255.255.255.255 md5");
    check("host all all 127.0.0.1 255.0.0.0 reject", "host all all 127.0.0.1 255.0.0.0 reject");
    check(
        "host all all ::1/128 trust # c",
        &format!("host all all ::1 {} trust", ["ffff"; 8].join(":")),
    );
    check("hostssl a,b \"c d\",+e all cert", "hostssl a,b c d,+e All cert clientcert=verify-full");
    check("local all all peer map=x", "local all all peer map=x");
    check("host /^a$ all samehost \"trust\"", "host /^a$ all SameHost trust");
    check("hostgssenc all all samenet trust", "hostgssenc all all SameNet trust");
    check(
        "hostssl all all all scram-sha-256 clientcert=verify-ca clientname=DN",
        "hostssl all all All scram-sha-256 clientcert=verify-ca",
    );
}

#[test]
fn bad_lines() {
    check_error("bogus all all trust", "invalid connection type \"bogus\"");
    check_error("host,local all all all trust", "multiple values specified for connection type");
    check_error("local", "end-of-line before database specification");
    check_error("local all", "end-of-line before role specification");
    check_error("local all all", "end-of-line before authentication method");
    check_error("host all all", "end-of-line before IP address specification");
    check_error("host all all 127.0.0.1", "end-of-line before netmask specification");
    check_error("host all all 127.0.0.1/32", "end-of-line before authentication method");
    check_error("host all all a,b trust", "multiple values specified for host address");
    check_error(
        "host all all all trust,reject",
        "multiple values specified for authentication type",
    );
    for address in ["127.0.0.1/33", "127.0.0.1/", "127.0.0.1/x", "::1/129"] {
        let error = format!("invalid CIDR mask in address \"{address}\"");
        check_error(&format!("host all all {address} trust"), &error);
    }
    check_error(
        "host all all host/8 trust",
        "specifying both host name and CIDR mask is invalid: \"host/8\"",
    );
    check_error(
        "host all all 127.0.0.1 trust",
        "invalid IP mask \"trust\": Name or service not known",
    );
    check_error("host all all 127.0.0.1 ::1 trust", "IP address and mask do not match");
    check_error("host all all all peer", "peer authentication is only supported on local sockets");
    check_error(
        "host all all all cert",
        "cert authentication is only supported on hostssl connections",
    );
    check_error("host all all all bogus", "invalid authentication method \"bogus\"");
    check_error(
        "host all all all gss",
        "invalid authentication method \"gss\": not supported by this build",
    );
    check_error(
        "host all all all trust foo",
        "authentication option not in name=value format: foo",
    );
    check_error("host all all all trust foo=x", "unrecognized authentication option name: \"foo\"");
    check_error(
        "host all all all trust map=x",
        "authentication option \"map\" is only valid for authentication methods ident, peer, \
         gssapi, sspi, cert, and oauth",
    );
    check_error(
        "host all all all scram-sha-256 clientcert=verify-ca",
        "clientcert can only be configured for \"hostssl\" rows",
    );
    check_error(
        "hostssl all all all cert clientcert=verify-ca",
        "clientcert can only be set to \"verify-full\" when using \"cert\" authentication",
    );
    check_error("hostssl all all all md5 clientcert=1", "invalid value for clientcert: \"1\"");
    check_error(
        "host all all 10.0.0 255.0.0.0 trust",
        "invalid IP address \"10.0.0\": Name or service not known",
    );
    for (given, missing) in [("issuer=https://x", "scope"), ("scope=y", "issuer"), ("", "scope")] {
        check_error(
            &format!("host all all all oauth {given}"),
            &format!("authentication method \"oauth\" requires argument \"{missing}\" to be set"),
        );
    }
    check_error(
        "host all all all oauth issuer=https://x scope=y validator=none",
        "validator \"none\" is not permitted by oauth_validator_libraries",
    );
    for option in ["issuer", "scope", "validator", "delegate_ident_mapping"] {
        let error = format!(
            "authentication option \"{option}\" is only valid for authentication methods oauth"
        );
        check_error(&format!("host all all all trust {option}=1"), &error);
    }
}

/// PostgreSQL takes them.
#[test]
fn what_is_not_supported_is_an_error() {
    check_error(
        "host all all all oauth issuer=https://x scope=y delegate_ident_mapping=1",
        "delegate_ident_mapping is not supported by validator \"medley\"",
    );
    check_error(
        "host all all all password",
        "invalid authentication method \"password\": not supported by this build",
    );
}

#[test]
fn files_include_files() {
    let found = lines(&[
        (
            "pg_hba.conf",
            "include more/a.conf\n\
             include_if_exists nothing\n\
             include nothing\n\
             include_dir more\n\
             include_dir nothing\n\
             local all,@users @users \\\n  trust\n\
             include a b\n",
        ),
        ("users", "u1 u2,u3\n\"u 4\" # nobody\n"),
        ("more/a.conf", "# a\nlocal a a trust\n"),
        ("more/b.conf", "local b b trust\n"),
        ("more/c.txt", "local c c trust\n"),
    ]);
    let expected = [
        "2: local a a trust",
        "3: ERROR could not open file \"nothing\": No such file or directory",
        "2: local a a trust",
        "1: local b b trust",
        "5: ERROR could not open directory \"nothing\"",
        "6: local all,u1,u2,u3,u 4 u1,u2,u3,u 4 trust",
        "8: ERROR invalid connection type \"include\"",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_includes_itself_ends() {
    let found = lines(&[("pg_hba.conf", "include pg_hba.conf\nlocal all all trust\n")]);
    assert!(found[0].ends_with("maximum nesting depth exceeded"), "{found:?}");
}

#[test]
fn a_file_with_a_bad_line_is_not_used() {
    let (_folder, source) = source(&[("pg_hba.conf", "local all all trust\nlocal all\n")]);
    let error = source.rules().unwrap_err().to_string();
    assert!(error.starts_with("end-of-line before role specification\nline 2 of"), "{error}");
}

#[test]
fn a_file_without_rules_is_not_used() {
    let (_folder, source) = source(&[("pg_hba.conf", "# nobody\n")]);
    assert!(source.rules().unwrap_err().to_string().ends_with("contains no entries"));
}

const RULES: &str = "\
local   all             bob                     peer\n\
local   sameuser        all                     trust\n\
local   samerole        +staff                  scram-sha-256\n\
hostssl medley          alice   10.0.0.0/8      cert\n\
host    medley          /^app_  10.0.0.0/8      scram-sha-256\n\
host    \"all\"         all     0.0.0.0/0       trust\n\
host    replication     all     0.0.0.0/0       trust\n\
host    all             all     10.0.0.66/32    reject\n";

#[track_caller]
fn check_match(role: &str, database: &str, address: &str, encrypted: bool, line: Option<usize>) {
    let (_folder, source) = source(&[("pg_hba.conf", RULES)]);
    let rules = source.rules().unwrap();
    let address = (!address.is_empty()).then(|| address.parse().unwrap());
    let client = Client { role, database, address, encrypted, host: Host::Unasked };
    let members = Members(&[("carol", "staff"), ("carol", "medley")]);
    let found = rules.find(client, &members).unwrap().map(|rule| rule.place.line);
    assert_eq!(found, line, "{client:?}");
}

#[test]
fn the_first_rule_that_matches_counts() {
    check_match("bob", "medley", "", false, Some(1));
    check_match("dora", "dora", "", false, Some(2));
    check_match("dora", "medley", "", false, None);
    check_match("carol", "medley", "", false, Some(3));
    check_match("carol", "other", "", false, None);
    check_match("alice", "medley", "10.0.0.1", true, Some(4));
    check_match("alice", "medley", "10.0.0.1", false, None);
    check_match("app_1", "medley", "10.0.0.1", false, Some(5));
    check_match("my_app_1", "medley", "10.0.0.1", false, None);
    check_match("anyone", "all", "192.0.2.1", false, Some(6));
    check_match("anyone", "replication", "192.0.2.1", false, None);
    check_match("anyone", "medley", "10.0.0.66", false, Some(8));
}

/// DNS is asked only where a rule depends on it.
#[test]
fn machines_have_names() {
    let text = "host all alice 10.0.0.1/32   trust\n\
                host all alice .example.com  reject\n\
                host all bob   a.example.com trust\n";
    let (_folder, source) = source(&[("pg_hba.conf", text)]);
    let rules = source.rules().unwrap();
    let check = |role: &str, address: &str, host, expected| {
        let address = address.parse().ok();
        let client = Client { role, database: "medley", address, encrypted: false, host };
        let found = rules.find(client, &Members(&[]));
        assert_eq!(found.map(|rule| rule.map(|rule| rule.place.line)), expected, "{client:?}");
    };
    check("alice", "10.0.0.1", Host::Unasked, Ok(Some(1)));
    check("alice", "10.0.0.2", Host::Unasked, Err(HostUnasked));
    check("alice", "10.0.0.2", Host::Named(Some("b.example.com")), Ok(Some(2)));
    check("alice", "10.0.0.2", Host::Named(Some("example.org")), Ok(None));
    check("alice", "10.0.0.2", Host::Named(None), Ok(None));
    check("bob", "10.0.0.2", Host::Named(Some("A.Example.Com")), Ok(Some(3)));
    check("carol", "10.0.0.2", Host::Unasked, Ok(None));
    check("bob", "", Host::Unasked, Ok(None));
}

#[test]
fn maps_turn_accounts_into_roles() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pg_ident.conf");
    let text = "m unixbob bob\n\
                m /^(.*)@example\\.com$ \\1\n\
                m root +staff\n\
                m any all\n\
                m lit \"all\"\n\
                n unixbob alice\n\
                n x /^app_\n\
                n /^y(.*)$ +\\1\n";
    fs::write(&path, text).unwrap();
    let maps = medley_hba::IdentMaps::read(&path).unwrap();
    let members = Members(&[("carol", "staff")]);
    let check = |map: &str, account: &str, role: &str, expected: bool| {
        let map = (!map.is_empty()).then_some(map);
        assert_eq!(maps.allows(map, account, role, &members), expected, "{account} {role}");
    };
    check("", "bob", "bob", true);
    check("", "unixbob", "bob", false);
    check("m", "unixbob", "bob", true);
    check("m", "unixbob", "alice", false);
    check("n", "unixbob", "alice", true);
    check("m", "dora@example.com", "dora", true);
    check("m", "dora@example.com", "dora@example.com", false);
    check("m", "root", "carol", true);
    check("m", "root", "bob", false);
    check("m", "any", "bob", true);
    check("n", "x", "app_7", true);
    check("n", "ystaff", "carol", false);
    check("nosuch", "bob", "bob", false);
}

#[test]
fn bad_lines_of_maps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pg_ident.conf");
    let check = |line: &str, expected: &str| {
        fs::write(&path, line).unwrap();
        let error = medley_hba::IdentMaps::read(&path).unwrap_err().to_string();
        assert_eq!(error.lines().next(), Some(expected), "{line}");
    };
    check("m", "missing entry at end of line");
    check("m a", "missing entry at end of line");
    check("m a,b c", "multiple values in ident field");
    check("m /( c", "invalid regular expression \"(\": unclosed group");
}

#[test]
fn the_manuals_rules_are_rules() {
    let manual = fs::read_to_string("../../docs/guide/logins.md").unwrap();
    let (_, rules) = manual.split_once("## Rules").unwrap();
    let (rules, maps) = rules.split_once("## Maps").unwrap();
    let example = |text: &str| -> String {
        let indented = text.lines().filter_map(|line| line.strip_prefix("    "));
        indented.take_while(|line| *line != "[tls]").map(|line| format!("{line}\n")).collect()
    };
    let (folder, source) = source(&[("pg_hba.conf", &example(rules))]);
    assert_eq!(source.rules().unwrap().iter().count(), 6);
    let path = folder.path().join("pg_ident.conf");
    fs::write(&path, example(maps)).unwrap();
    let maps = medley_hba::IdentMaps::read(&path).unwrap();
    assert!(maps.allows(Some("people"), "Alice Smith", "alice", &Members(&[])));
}
