//! Secrets that are kept elsewhere, as `docs/guide/references.md` shows it; and what comes of
//! trying to have them, or what is not meant, from within.
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_testkit::{Canary, Medley, MedleyBuilder, Postgres, SUPERUSER, TempFolder, Vault};
use serde_json::json;

use crate::cinema::ask;
use crate::{builder, said};

const HOUR: Duration = Duration::from_secs(3600);

/// The guide's fenced blocks of a language.
fn block(language: &str) -> String {
    let text = fs::read_to_string("../../docs/guide/references.md").unwrap();
    let rest = text.split_once(&format!("```{language}\n")).unwrap().1;
    rest.split("```").next().unwrap().to_owned()
}

/// A remote with an account of each of these, whose password is its name.
fn remote(accounts: &[&str]) -> Arc<Postgres> {
    let remote = Postgres::start().unwrap();
    for account in accounts {
        remote.create_account(account, account).unwrap();
    }
    let view = "CREATE VIEW whoami AS SELECT current_user::text AS account; \
                GRANT SELECT ON whoami TO PUBLIC";
    remote.psql(view).unwrap();
    Arc::new(remote)
}

/// A Vault that makes accounts at the remote.
fn vault(remote: &Arc<Postgres>) -> Vault {
    let vault = Vault::start().unwrap();
    vault.add_login("approle", json!({ "role_id": "medley", "secret_id": "sesame" }), HOUR);
    let (makes, drops) = (Arc::clone(remote), Arc::clone(remote));
    vault.add_database(
        "films",
        (HOUR, HOUR),
        Box::new(move |account, password| makes.create_account(account, password).unwrap()),
        Box::new(move |account, _| {
            drops.psql(&format!("DROP ROLE \"{account}\"")).unwrap();
        }),
    );
    vault
}

/// What is outside of a Medley: a folder of secrets, and a command that prints one.
struct Outside {
    folder: TempFolder,
}

impl Outside {
    fn new() -> Self {
        let folder = TempFolder::new().unwrap();
        fs::create_dir(folder.path().join("secrets")).unwrap();
        let it = Self { folder };
        fs::write(it.path("vault-secret-id"), "sesame\n").unwrap();
        let command = it.path("films-password");
        fs::write(&command, "#!/bin/sh\necho noise >&2\necho \"films_$1\"\n").unwrap();
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) -> String {
        let path = self.path("secrets").join(name);
        fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    }

    /// What the guide has in medley.toml, in the places of this test.
    fn config(&self, vault: &Vault) -> String {
        self.here(&block("toml")).replace("https://vault.example:8200", &vault.url())
    }

    fn here(&self, text: &str) -> String {
        text.replace("/run/secrets/medley", &self.path("secrets").display().to_string())
            .replace(
                "/usr/local/bin/films-password",
                &self.path("films-password").display().to_string(),
            )
            .replace(
                "/etc/medley/vault-secret-id",
                &self.path("vault-secret-id").display().to_string(),
            )
    }
}

/// A server that goes by these lines besides its own.
fn medley(builder: MedleyBuilder, config: &str) -> Medley {
    let mut medley = builder.start().unwrap();
    let file = medley.data_folder().join("medley.toml");
    let text = fs::read_to_string(&file).unwrap() + "\n" + config;
    fs::write(file, text).unwrap();
    medley.stop().unwrap();
    medley.restart().unwrap();
    medley
}

fn server(remote: &Postgres) -> String {
    format!(
        "CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
            OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres'); \
         CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; \
         CREATE FOREIGN TABLE whoami (account text) SERVER cinema; \
         GRANT SELECT ON whoami TO PUBLIC",
        remote.port()
    )
}

#[test]
fn the_guide_is_true() {
    let remote = remote(&["films_alice", "films_carol", "films_dave"]);
    let (vault, outside) = (vault(&remote), Outside::new());
    vault.put("secret/data/films/alice", json!({ "password": "films_alice" }));
    outside.secret("carol", "films_carol\n");
    let medley = medley(builder(), &outside.config(&vault));
    let here = format!("port '{}'", remote.port());
    let session = outside.here(&block("sql")).replace("port '5432'", &here);
    let mut psql = medley.psql_command(SUPERUSER, "").unwrap();
    psql.args(["-q", "-v", "ON_ERROR_STOP=1"]);
    let mut psql =
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    psql.stdin.take().unwrap().write_all(session.as_bytes()).unwrap();
    let output = psql.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    let lines = |text: &str| text.lines().map(|it| it.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&shown), lines(&block("text")));
    // A reference is shown; who may not see the options sees none.
    let options = "SELECT umoptions FROM pg_user_mappings WHERE usename = 'dave'";
    assert_eq!(medley.psql(options).unwrap(), "{user=films_dave,password_ref=exec:films}");
    assert_eq!(medley.psql_as("alice", "hers", options).unwrap(), "");
    let dump =
        medley.psql("SELECT string_agg(line, ' ') FROM medley_dump('omit') AS line").unwrap();
    assert!(dump.contains("password_ref 'exec:films'"), "{dump}");

    // The account that was made is taken away with its mapping.
    let accounts = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-films-%'";
    assert_eq!(remote.psql(accounts).unwrap(), "1");
    medley.psql("DROP USER MAPPING FOR bob SERVER cinema").unwrap();
    let began = Instant::now();
    while remote.psql(accounts).unwrap() != "0" {
        assert!(began.elapsed() < Duration::from_secs(20), "the account is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(vault.leases(), 0);
}

#[tokio::test]
async fn a_server_that_stops_gives_back_what_was_lent() {
    let remote = remote(&[]);
    let (vault, outside) = (vault(&remote), Outside::new());
    let mut medley = medley(builder(), &outside.config(&vault));
    medley.psql(&server(&remote)).unwrap();
    medley
        .psql(
            "CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (\
             user_ref 'vault:database/creds/films#username', \
             password_ref 'vault:database/creds/films#password')",
        )
        .unwrap();
    let alice = medley.connect("alice", "").await.unwrap();
    assert!(ask(&alice, "SELECT account FROM whoami").await.unwrap()[0].starts_with("v-films-"));
    assert_eq!(vault.leases(), 1);
    drop(alice);
    medley.stop().unwrap();
    assert_eq!(vault.leases(), 0);
    assert_eq!(vault.count("POST auth/token/revoke-self"), 1);
}

/// Whatever a superuser says, and whatever the file system says: what the server proves itself
/// with, and what the system tells of it, is no password.
#[tokio::test]
async fn nothing_of_the_servers_own_is_read() {
    let remote = remote(&["films_alice"]);
    let (vault, outside) = (vault(&remote), Outside::new());
    let everything = outside
        .config(&vault)
        .replace("folders = [", "folders = [\"/\", \"/proc\", \"/sys\", \".\", ");
    let mut medley = medley(builder().variable("MASTER", "not yet"), &everything);
    let data = medley.data_folder();
    let key = fs::read_to_string(data.join("master.key")).unwrap();
    outside.secret("copied", &key);
    let names = ["catalog", "environ", "key", "folder"];
    let targets = [
        &data.join("medley.toml"),
        Path::new("/proc/self/environ"),
        &data.join("master.key"),
        &data,
    ];
    for (name, target) in names.iter().zip(targets) {
        symlink(target, outside.path("secrets").join(name)).unwrap();
    }
    fs::hard_link(data.join("medley.toml"), outside.path("secrets").join("hard")).unwrap();
    medley.psql(&server(&remote)).unwrap();
    medley
        .psql("CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'films_alice')")
        .unwrap();
    let postgres = medley.connect(SUPERUSER, "").await.unwrap();
    let alice = medley.connect("alice", "").await.unwrap();
    let add = "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password_ref 'env:X')";
    ask(&postgres, add).await.unwrap();
    let secrets = outside.path("secrets").display().to_string();
    let data = data.display().to_string();
    for (reference, state) in [
        (format!("file:{data}/medley.toml"), "42501"),
        (format!("file:{data}/master.key"), "42501"),
        (format!("file:{data}/pg_hba.conf"), "42501"),
        (format!("file:{secrets}/catalog"), "42501"),
        (format!("file:{secrets}/environ"), "42501"),
        (format!("file:{secrets}/key"), "42501"),
        (format!("file:{secrets}/folder/medley.toml"), "42501"),
        (format!("file:{secrets}/hard"), "42501"),
        (format!("file:{secrets}/copied"), "42501"),
        (format!("file:{secrets}"), "42501"),
        (format!("file:{}", outside.path("vault-secret-id").display()), "42501"),
        ("file:/proc/self/environ".to_owned(), "42501"),
        ("file:/proc/self/cmdline".to_owned(), "42501"),
        ("file:/proc/thread-self/environ".to_owned(), "42501"),
        ("file:/dev/stdin".to_owned(), "42501"),
        ("env:NO_SUCH_VARIABLE".to_owned(), "HV00L"),
        ("exec:sh".to_owned(), "42501"),
        ("vault:auth/token/lookup-self#id".to_owned(), "42501"),
        ("vault:sys/internal/ui/mounts#x".to_owned(), "42501"),
    ] {
        let set = format!(
            "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password_ref '{reference}')"
        );
        ask(&postgres, &set).await.unwrap();
        let told = ask(&alice, "SELECT account FROM whoami").await.unwrap_err();
        assert!(told.starts_with(&format!("{state}: could not fetch \"{reference}\"")), "{told}");
    }

    // A key that is in a variable is out of reach as well.
    let config = PathBuf::from(&data).join("medley.toml");
    let text = fs::read_to_string(&config).unwrap();
    let text: Vec<_> = text.lines().filter(|line| !line.starts_with("key_")).collect();
    fs::write(&config, format!("key_variable = \"PATH_OF_KEYS\"\n{}\n", text.join("\n"))).unwrap();
    medley.stop().unwrap();
    medley.restart().unwrap();
    let set =
        "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password_ref 'env:PATH_OF_KEYS')";
    medley.psql(set).unwrap();
    let alice = medley.connect("alice", "").await.unwrap();
    let told = ask(&alice, "SELECT account FROM whoami").await.unwrap_err();
    assert_eq!(
        told,
        "42501: could not fetch \"env:PATH_OF_KEYS\" for option \"password_ref\" of server \"cinema\"\n\
         DETAIL: The variable is of this server's own."
    );
}

/// A prefix that is taken away counts for what was set under it.
#[tokio::test]
async fn what_a_prefix_allowed_ends_with_the_prefix() {
    let remote = remote(&["films_alice", "films_bob"]);
    let medley = builder()
        .variable("FILMS_ALICE", "films_alice")
        .variable("FILMS_BOB", "films_bob")
        .start()
        .unwrap();
    medley.psql(&server(&remote)).unwrap();
    medley
        .psql(
            "CREATE ROLE keeper LOGIN; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO keeper; \
             ALTER SERVER cinema OWNER TO keeper; \
             ALTER SERVER cinema OPTIONS (ADD allowed_refs 'env:FILMS_')",
        )
        .unwrap();
    let keeper = medley.connect("keeper", "").await.unwrap();
    let map = |who: &str, reference: &str| {
        format!(
            "CREATE USER MAPPING FOR {who} SERVER cinema \
             OPTIONS (user 'films_{who}', password_ref '{reference}')"
        )
    };
    ask(&keeper, &map("alice", "env:FILMS_ALICE")).await.unwrap();
    let alice = medley.connect("alice", "").await.unwrap();
    let whoami = "SELECT account FROM whoami";
    assert_eq!(ask(&alice, whoami).await.unwrap(), ["films_alice"]);
    // A connection waits in the pool, and what was fetched is still kept: neither serves.
    for narrower in ["SET allowed_refs 'env:FILMS_BOB'", "DROP allowed_refs"] {
        medley.psql(&format!("ALTER SERVER cinema OPTIONS ({narrower})")).unwrap();
        assert_eq!(
            ask(&alice, whoami).await.unwrap_err(),
            "42501: could not fetch \"env:FILMS_ALICE\" for option \"password_ref\" of server \
             \"cinema\"\nDETAIL: No prefix of the server's option \"allowed_refs\" covers it any \
             more."
        );
    }
    // It does not come back by altering something else, nor by a dump.
    ask(&keeper, "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET user 'films_alice')")
        .await
        .unwrap();
    assert!(ask(&alice, whoami).await.unwrap_err().starts_with("42501"));
    let dump = medley.psql("SELECT * FROM medley_dump('omit')").unwrap();
    let left_out = "-- Not within allowed_refs any more: ALTER USER MAPPING FOR alice SERVER \
                    cinema OPTIONS (ADD password_ref 'env:FILMS_ALICE');";
    assert!(dump.contains(left_out) && !dump.contains("\n    password_ref"), "{dump}");
    // What is beside every prefix is a superuser's own word.
    medley.psql(&map("bob", "env:FILMS_BOB")).unwrap();
    let bob = medley.connect("bob", "").await.unwrap();
    assert_eq!(ask(&bob, whoami).await.unwrap(), ["films_bob"]);
    medley.psql("ALTER SERVER cinema OPTIONS (ADD allowed_refs 'env:FILMS_')").unwrap();
    assert_eq!(ask(&alice, whoami).await.unwrap(), ["films_alice"]);
    assert_eq!(ask(&bob, whoami).await.unwrap(), ["films_bob"]);
    medley.psql("ALTER SERVER cinema OPTIONS (DROP allowed_refs)").unwrap();
    assert_eq!(ask(&bob, whoami).await.unwrap(), ["films_bob"]);
}

/// A value behind each kind of reference is found nowhere.
#[tokio::test]
async fn what_is_kept_elsewhere_is_found_nowhere_here() {
    let canary = Canary::new();
    let remote = remote(&[]);
    remote.create_account("films_alice", canary.value()).unwrap();
    remote.create_account("films_bob", "another").unwrap();
    let (vault, outside) = (vault(&remote), Outside::new());
    vault
        .put("secret/data/films", json!({ "password": canary.value(), "username": "films_alice" }));
    let script = format!("#!/bin/sh\necho '{0}' >&2\necho '{0}'\n", canary.value());
    fs::write(outside.path("films-password"), script).unwrap();
    let loud = builder().argument("-vvv").variable("FILMS_PASSWORD", canary.value());
    let mut medley = medley(loud, &outside.config(&vault));
    medley.psql(&server(&remote)).unwrap();
    for who in ["alice", "bob"] {
        let mapping = format!(
            "CREATE USER MAPPING FOR {who} SERVER cinema OPTIONS (user 'films_{who}', password_ref 'env:X')"
        );
        medley.psql(&mapping).unwrap();
    }
    for reference in [
        "env:FILMS_PASSWORD".to_owned(),
        outside.secret("films", canary.value()),
        "exec:films".to_owned(),
        "vault:secret/data/films#password".to_owned(),
    ] {
        for who in ["alice", "bob"] {
            let set = format!(
                "ALTER USER MAPPING FOR {who} SERVER cinema OPTIONS (SET password_ref '{reference}')"
            );
            medley.psql(&set).unwrap();
        }
        // It is the right one for alice, and the wrong one for bob.
        let alice = medley.connect("alice", "").await.unwrap();
        let rows = ask(&alice, "SELECT account FROM whoami").await.unwrap();
        assert_eq!(rows, ["films_alice"], "{reference}");
        let bob = medley.connect("bob", "").await.unwrap();
        let error = bob.simple_query("SELECT account FROM whoami").await.unwrap_err();
        canary.assert_absent_in(format!("{error:?} {}", said(&error)), "what bob hears");
        for sql in [
            "SELECT * FROM pg_user_mappings",
            "EXPLAIN (VERBOSE) SELECT * FROM whoami",
            "SELECT * FROM medley_dump('sealed')",
            "SELECT * FROM medley_audit",
            "SHOW ALL",
        ] {
            for client in [&alice, &bob, &medley.connect(SUPERUSER, "").await.unwrap()] {
                let heard = ask(client, sql).await;
                canary.assert_absent_in(format!("{heard:?}"), sql);
            }
        }
    }
    // Nor is it when what it leads to cannot be had any more, or is no secret.
    for (reference, text) in
        [("long", canary.value().repeat(5000)), ("zero", format!("{}\0", canary.value()))]
    {
        let reference = outside.secret(reference, &text);
        let set = format!(
            "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password_ref '{reference}')"
        );
        medley.psql(&set).unwrap();
        let alice = medley.connect("alice", "").await.unwrap();
        let told = ask(&alice, "SELECT account FROM whoami").await.unwrap_err();
        assert!(told.starts_with("HV00L"), "{told}");
        canary.assert_absent_in(told, "what is said of what is no secret");
    }
    let misplaced = format!(
        "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password_ref '{}')",
        canary.value()
    );
    let postgres = medley.connect(SUPERUSER, "").await.unwrap();
    let told = ask(&postgres, &misplaced).await.unwrap_err();
    assert!(told.starts_with("22023"), "{told}");
    canary.assert_absent_in(told, "what is said of a password in the place of a reference");
    let log = medley.log().unwrap();
    assert!(log.lines().count() > 100, "the log says little");
    canary.assert_absent_in(log, "the log");
    assert!(canary.assert_absent_in_dir(medley.folder().path()) >= 4);
    medley.kill9();
    assert!(canary.assert_absent_in_dir(medley.folder().path()) >= 4);
}
