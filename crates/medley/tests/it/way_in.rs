//! The way in: pg_hba.conf and pg_ident.conf, TLS, certificates, accounts of the machine, and how
//! often one may guess.
use std::time::{Duration, Instant};

use medley_testkit::{Certificates, Medley, TempFolder};

use crate::{builder, reload, wait_until};

/// A Medley by these rules; `alice` and `bob` have the passwords `a` and `b`.
fn medley(rules: &str, maps: &str) -> Medley {
    let mut medley = builder().password("x").argument("-v").init().unwrap();
    let sockets = medley.folder().path().display().to_string();
    medley = restart_with(medley, &["--socket-dir", &sockets]);
    medley
        .psql("CREATE ROLE alice LOGIN PASSWORD 'a'; CREATE ROLE bob LOGIN PASSWORD 'b'")
        .unwrap();
    write_rules(&medley, rules, maps);
    reload(&medley);
    medley
}

fn restart_with(mut medley: Medley, arguments: &[&str]) -> Medley {
    medley.add_arguments(arguments);
    medley.restart().unwrap();
    medley
}

fn write_rules(medley: &Medley, rules: &str, maps: &str) {
    medley.folder().write("data/pg_hba.conf", rules).unwrap();
    medley.folder().write("data/pg_ident.conf", maps).unwrap();
}

/// What psql prints for "SELECT current_user", or the last line of its complaint.
fn log_in(medley: &Medley, user: &str, password: &str, conninfo: &str) -> String {
    let mut command = medley.psql_command(user, password).unwrap();
    let conninfo = format!("dbname=medley {conninfo}");
    command.args(["-A", "-t", "-d", &conninfo, "-c", "SELECT current_user"]);
    let output = command.output().unwrap();
    let text = if output.status.success() { output.stdout } else { output.stderr };
    let text = String::from_utf8(text).unwrap();
    let last = text.trim_end().lines().last().unwrap_or_default();
    last.split_once("FATAL:  ").map_or(last, |(_, message)| message).to_owned()
}

fn socket(medley: &Medley) -> String {
    format!("host={}", medley.folder().path().display())
}

#[test]
fn the_first_rule_that_fits_counts() {
    let medley = medley(
        "local all  bob           trust\n\
         host  all  bob      all  reject\n\
         host  all  postgres all  trust\n\
         host  nope alice    all  trust\n",
        "",
    );
    let (local, remote) = (socket(&medley), "sslmode=prefer");
    assert_eq!(log_in(&medley, "bob", "", &local), "bob");
    assert_eq!(
        log_in(&medley, "bob", "b", remote),
        "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"bob\", \
         database \"medley\", no encryption"
    );
    assert_eq!(
        log_in(&medley, "alice", "a", remote),
        "no pg_hba.conf entry for host \"127.0.0.1\", user \"alice\", database \"medley\", \
         no encryption"
    );
    assert_eq!(
        log_in(&medley, "alice", "a", &local),
        "no pg_hba.conf entry for host \"[local]\", user \"alice\", database \"medley\", \
         no encryption"
    );
    let log = medley.log().unwrap();
    assert!(log.contains("pg_hba.conf line=2 reason=\"the rule rejects\""), "{log}");
}

#[test]
fn new_rules_need_no_restart_and_bad_ones_are_not_taken() {
    let medley = medley("host all all all scram-sha-256\n", "");
    assert_eq!(log_in(&medley, "alice", "a", ""), "alice");
    write_rules(&medley, "host all alice all reject\nhost all all all trust\n", "");
    reload(&medley);
    assert!(log_in(&medley, "alice", "a", "").starts_with("pg_hba.conf rejects"));
    assert_eq!(log_in(&medley, "bob", "", ""), "bob");
    write_rules(&medley, "host all all all trust\nhost all all all bogus\n", "");
    reload(&medley);
    assert!(log_in(&medley, "alice", "a", "").starts_with("pg_hba.conf rejects"));
    let log = medley.log().unwrap();
    assert!(log.contains("invalid authentication method"), "{log}");
    assert!(log.contains("line 2 of configuration file"), "{log}");
}

#[test]
fn a_superuser_sees_the_files_and_has_them_read() {
    let medley = medley("host all all all trust\n", "");
    let rules = "hostssl all +staff,\"b c\" 10.0.0.0/8 cert map=m\nlocal all all bogus\n";
    write_rules(&medley, rules, "m /^x$ all\nm a\n");
    let shown = medley.psql(
        "SELECT rule_number, line_number, type, database, user_name, address, netmask, \
         auth_method, options, error FROM pg_hba_file_rules; \
         SELECT map_number, line_number, map_name, sys_name, pg_username, error \
         FROM pg_ident_file_mappings",
    );
    let expected = "\
1|1|hostssl|{all}|{+staff,\"b c\"}|10.0.0.0|255.0.0.0|cert|{map=m,clientcert=verify-full}|
|2||||||||invalid authentication method \"bogus\"
1|1|m|/^x$|all|
|2||||missing entry at end of line";
    assert_eq!(shown.unwrap(), expected);
    let alice = |sql: &str| medley.psql_as("alice", "", sql).unwrap_err().to_string();
    let refused = "permission denied for";
    let told = alice("SELECT * FROM pg_hba_file_rules");
    assert!(told.contains(refused), "{told}");
    assert!(alice("SELECT pg_reload_conf()").contains("permission denied for function"));
    write_rules(&medley, "host all alice all reject\nhost all all all trust\n", "");
    assert_eq!(medley.psql("SELECT pg_reload_conf()").unwrap(), "t");
    wait_until(|| log_in(&medley, "alice", "", "").starts_with("pg_hba.conf rejects"));
}

#[test]
fn members_of_a_role_come_in_by_it() {
    let medley = medley("host all +staff all trust\nhost all postgres all trust\n", "");
    medley.psql("CREATE ROLE staff; CREATE ROLE clerks; GRANT staff TO clerks").unwrap();
    medley.psql("GRANT clerks TO alice").unwrap();
    assert_eq!(log_in(&medley, "alice", "", ""), "alice");
    assert!(log_in(&medley, "bob", "b", "").starts_with("no pg_hba.conf entry"));
}

#[test]
fn an_account_of_the_machine_comes_in_as_the_roles_it_is_mapped_to() {
    let medley = medley(
        "local all bob peer\nlocal all all peer map=here\nhost all all all trust\n",
        "here /^.+$ alice\n",
    );
    let local = socket(&medley);
    assert_eq!(log_in(&medley, "alice", "", &local), "alice");
    assert_eq!(log_in(&medley, "bob", "b", &local), "Peer authentication failed for user \"bob\"");
}

/// Under TLS, with a certificate of `certificates`; clients' are signed by the same authority.
fn secured(rules: &str, maps: &str) -> (Medley, Certificates) {
    let mut medley = builder().password("x").argument("-v").init().unwrap();
    let certificates = Certificates::write(medley.folder()).unwrap();
    let folder = medley.folder().path().display();
    let config = format!(
        "key_file = \"master.key\"\n\
         [tls]\n\
         certificate_file = \"{folder}/{}\"\n\
         key_file = \"{folder}/{}\"\n\
         client_ca_file = \"{}\"\n",
        Certificates::SERVER,
        Certificates::SERVER_KEY,
        certificates.authority.display()
    );
    medley.folder().write("data/medley.toml", &config).unwrap();
    medley.restart().unwrap();
    medley
        .psql("CREATE ROLE alice LOGIN PASSWORD 'a'; CREATE ROLE bob LOGIN PASSWORD 'b'")
        .unwrap();
    write_rules(&medley, rules, maps);
    reload(&medley);
    (medley, certificates)
}

fn trusting(certificates: &Certificates) -> String {
    format!("host=localhost sslmode=verify-full sslrootcert={}", certificates.authority.display())
}

#[test]
fn passwords_are_bound_to_the_certificate() {
    let (medley, certificates) =
        secured("hostssl all all all scram-sha-256\nhost all postgres all scram-sha-256\n", "");
    let tls = trusting(&certificates);
    assert_eq!(log_in(&medley, "alice", "a", &format!("{tls} channel_binding=require")), "alice");
    assert!(log_in(&medley, "alice", "a", "sslmode=disable").starts_with("no pg_hba.conf entry"));
}

#[test]
fn a_certificate_is_replaced_without_a_restart() {
    let (medley, old) = secured("hostssl all all all scram-sha-256\n", "");
    let folder = TempFolder::new().unwrap();
    let root = std::fs::read_to_string(&old.authority).unwrap();
    let root = folder.write("root.crt", &root).unwrap();
    let trusting_old = format!("host=localhost sslmode=verify-full sslrootcert={}", root.display());
    let new = Certificates::write(medley.folder()).unwrap();
    let is_unknown = |said: String| said.contains("SSL error");
    assert_eq!(log_in(&medley, "alice", "a", &trusting_old), "alice");
    assert!(is_unknown(log_in(&medley, "alice", "a", &trusting(&new))));
    reload(&medley);
    assert_eq!(log_in(&medley, "alice", "a", &trusting(&new)), "alice");
    assert!(is_unknown(log_in(&medley, "alice", "a", &trusting_old)));
    // What is none leaves the one that is there.
    medley.folder().write(Certificates::SERVER, "no certificate").unwrap();
    reload(&medley);
    assert!(medley.log().unwrap().contains("the old certificate goes on"));
    assert_eq!(log_in(&medley, "alice", "a", &trusting(&new)), "alice");
}

#[test]
fn a_certificate_comes_in_as_its_name_or_what_that_is_mapped_to() {
    let (medley, certificates) = secured(
        "hostssl all alice all cert\n\
         hostssl all bob all cert map=people\n\
         hostssl all postgres all scram-sha-256 clientcert=verify-ca\n",
        "people /^alice$ bob\n",
    );
    let tls = trusting(&certificates);
    let with = |name: &str| {
        let client = certificates.write_client(medley.folder(), name).unwrap();
        let (certificate, key) = (client.certificate.display(), client.key.display());
        format!("{tls} sslcert={certificate} sslkey={key}")
    };
    let (alice, mallory) = (with("alice"), with("mallory"));
    assert_eq!(log_in(&medley, "alice", "", &alice), "alice");
    assert_eq!(log_in(&medley, "bob", "", &alice), "bob");
    let refused = "certificate authentication failed for user \"alice\"";
    assert_eq!(log_in(&medley, "alice", "a", &mallory), refused);
    assert_eq!(
        log_in(&medley, "alice", "a", &tls),
        "connection requires a valid client certificate"
    );
    // Any certificate will do there, but the password is asked for all the same.
    assert_eq!(log_in(&medley, "postgres", "x", &mallory), "postgres");
    assert!(log_in(&medley, "postgres", "y", &mallory).starts_with("password authentication"));
    // Nor does one of another authority help, whatever name is in it.
    let elsewhere = TempFolder::new().unwrap();
    let other = Certificates::write(&elsewhere).unwrap();
    let forged = other.write_client(&elsewhere, "alice").unwrap();
    let (certificate, key) = (forged.certificate.display(), forged.key.display());
    let forged = format!("{tls} sslcert={certificate} sslkey={key}");
    assert_ne!(log_in(&medley, "alice", "", &forged), "alice");
}

#[test]
fn who_guesses_has_to_wait_and_learns_nothing() {
    let medley = medley("local all all scram-sha-256\nhost all all all scram-sha-256\n", "");
    let log_in_as = |user: &str, password: &str| {
        let mut command = medley.psql_command(user, password).unwrap();
        command.args(["-A", "-t", "-c", "SELECT current_user"]);
        let output = command.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    for attempt in 0..20 {
        let user = ["alice", "nobody"][attempt % 2];
        let expected = format!("FATAL:  password authentication failed for user \"{user}\"");
        let told = log_in_as(user, "guess");
        assert!(told.contains(&expected), "{told}");
    }
    for user in ["alice", "nobody"] {
        // A guess may have come back in the meantime, and is used up then.
        let refused = (0..50).find_map(|_| {
            log_in_as(user, "guess");
            let told = log_in_as(user, "a");
            told.contains("too many").then_some(told)
        });
        let refused = refused.expect("too many failures");
        assert!(
            refused.contains("FATAL:  too many failed logins\nHINT:  Try again in "),
            "{refused}"
        );
    }
    // Elsewhere nobody is kept out.
    assert_eq!(log_in(&medley, "alice", "a", &socket(&medley)), "alice");
}

/// Whoever has no account here waits as long for a no as whoever has one: of some tries the
/// quickest is compared, which says least of what else the machine does.
#[tokio::test]
async fn who_has_no_account_is_refused_no_sooner() {
    let medley = medley("host all all all scram-sha-256\n", "");
    let mut quickest = [Duration::MAX; 2];
    for attempt in 0..18 {
        let user = attempt % 2;
        let began = Instant::now();
        let name = ["alice", "nobody"][user];
        medley.connect(name, "guess").await.unwrap_err();
        quickest[user] = quickest[user].min(began.elapsed());
    }
    let [known, unknown] = quickest;
    let more = known.max(unknown).saturating_sub(known.min(unknown));
    assert!(more < known / 2 + Duration::from_millis(3), "{known:?} and {unknown:?}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let (mut medley, _) = secured("host all all all trust\n", "");
    let key = medley.folder().join(Certificates::SERVER_KEY);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = medley.restart().unwrap_err().to_string();
    assert!(error.contains("has group or world access"), "{error}");
}

/// The name of 127.0.0.1 is in each machine's own table.
#[test]
fn a_machine_may_be_named() {
    let medley = medley(
        "host all bob   example.com trust\n\
         host all bob   localhost   trust\n\
         host all alice .localhost  trust\n\
         host all postgres all      trust\n",
        "",
    );
    assert_eq!(log_in(&medley, "bob", "", ""), "bob");
    assert!(log_in(&medley, "alice", "", "").starts_with("no pg_hba.conf entry"));
    let addresses = "SELECT address, netmask FROM pg_hba_file_rules WHERE rule_number IN (2, 3)";
    assert_eq!(medley.psql(addresses).unwrap(), "localhost|\n.localhost|");
}
