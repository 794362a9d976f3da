//! References against a real Vault: OpenBao, with its KV version 2, AppRole and database engine.
use std::fs;
use std::time::{Duration, Instant};

use medley_testkit::{Medley, OpenBao, Postgres};
use tokio_postgres::Client;

use crate::builder;
use crate::cinema::ask;

/// What Medley's account may do there.
const POLICY: &str = r#"
path "secret/data/films/*" { capabilities = ["read"] }
path "database/creds/films" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
"#;

/// A remote, an OpenBao that makes accounts there, and a Medley that knows its way to both.
struct World {
    remote: Postgres,
    bao: OpenBao,
    medley: Medley,
}

impl World {
    fn open() -> Self {
        let remote = Postgres::start().unwrap();
        for account in ["films_alice", "films_bob"] {
            remote.create_account(account, account).unwrap();
        }
        remote
            .psql(
                "CREATE ROLE manager LOGIN SUPERUSER PASSWORD 'manager'; \
                 CREATE VIEW whoami AS SELECT current_user::text AS account; \
                 GRANT SELECT ON whoami TO PUBLIC",
            )
            .unwrap();
        let bao = OpenBao::start().unwrap();
        let (role_id, secret_id) = set_up(&bao, remote.port());
        let medley = medley(&bao, &role_id, &secret_id);
        medley
            .psql(&format!(
                "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN; \
                 CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
                    OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres'); \
                 CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user 'films_{{role}}', \
                    password_ref 'vault:secret/data/films/{{role}}#password'); \
                 CREATE USER MAPPING FOR carol SERVER cinema OPTIONS ( \
                    user_ref 'vault:database/creds/films#username', \
                    password_ref 'vault:database/creds/films#password'); \
                 CREATE FOREIGN TABLE whoami (account text) SERVER cinema; \
                 GRANT SELECT ON whoami TO PUBLIC",
                remote.port()
            ))
            .unwrap();
        Self { remote, bao, medley }
    }

    /// The accounts that OpenBao has made and not taken away.
    fn made(&self) -> usize {
        let made = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%'";
        self.remote.psql(made).unwrap().parse().unwrap()
    }

    fn wait_for_made(&self, count: usize) {
        let began = Instant::now();
        while self.made() != count {
            assert!(began.elapsed() < Duration::from_secs(20), "{} accounts", self.made());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Says what an operator would; the result is what Medley logs in with.
fn set_up(bao: &OpenBao, port: u16) -> (String, String) {
    let run = |words: &[&str]| bao.run(words).unwrap();
    run(&["secrets", "enable", "database"]);
    let address = format!("127.0.0.1:{port}/postgres?sslmode=disable");
    let address =
        format!("connection_url=postgresql://{{{{username}}}}:{{{{password}}}}@{address}");
    run(&[
        "write",
        "database/config/films",
        "plugin_name=postgresql-database-plugin",
        "allowed_roles=films",
        &address,
        "username=manager",
        "password=manager",
    ]);
    run(&[
        "write",
        "database/roles/films",
        "db_name=films",
        "creation_statements=CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}'",
        "default_ttl=6s",
        "max_ttl=10m",
    ]);
    bao.policy("medley", POLICY).unwrap();
    run(&["auth", "enable", "approle"]);
    run(&["write", "auth/approle/role/medley", "token_policies=medley", "token_ttl=10m"]);
    run(&["kv", "put", "secret/films/alice", "password=films_alice"]);
    run(&["kv", "put", "secret/others/bob", "password=films_bob"]);
    let role_id = run(&["read", "-field=role_id", "auth/approle/role/medley/role-id"]);
    let secret_id = ["write", "-f", "-field=secret_id", "auth/approle/role/medley/secret-id"];
    (role_id, run(&secret_id))
}

fn medley(bao: &OpenBao, role_id: &str, secret_id: &str) -> Medley {
    let mut medley = builder().init().unwrap();
    let proof = medley.folder().write("secret-id", secret_id).unwrap();
    let config = medley.data_folder().join("medley.toml");
    let mut text = fs::read_to_string(&config).unwrap();
    text += &format!(
        "\n[references]\nttl = 1\n[references.vault]\naddress = '{}'\n\
         approle = {{ role_id = '{role_id}', secret_id_file = '{}' }}\n",
        bao.url(),
        proof.display()
    );
    fs::write(config, text).unwrap();
    medley.restart().unwrap();
    medley
}

async fn account(client: &Client) -> Result<String, String> {
    Ok(ask(client, "SELECT account FROM whoami").await?.remove(0))
}

#[tokio::test]
async fn openbao_keeps_passwords_and_lends_accounts() {
    let mut world = World::open();
    let log_in = async |role: &str| world.medley.connect(role, "").await.unwrap();
    let (alice, bob, carol) = (log_in("alice").await, log_in("bob").await, log_in("carol").await);
    assert_eq!(account(&alice).await.as_deref(), Ok("films_alice"));
    // What is not there is said to be so, and what may not be read as well.
    assert!(account(&bob).await.unwrap_err().starts_with("HV00L: could not fetch \"vault:"));
    world
        .medley
        .psql(
            "CREATE USER MAPPING FOR bob SERVER cinema OPTIONS (user 'films_bob', \
             password_ref 'vault:secret/data/others/bob#password')",
        )
        .unwrap();
    assert!(account(&bob).await.unwrap_err().starts_with("28000: could not fetch \"vault:"));

    // A password that is changed in both places loses nobody.
    world.remote.psql("ALTER ROLE films_alice PASSWORD 'changed'").unwrap();
    world.bao.run(&["kv", "put", "secret/films/alice", "password=changed"]).unwrap();
    world.medley.psql("ALTER SERVER cinema OPTIONS (ADD keep_connections 'off')").unwrap();
    assert_eq!(account(&alice).await.as_deref(), Ok("films_alice"));
    world.medley.psql("ALTER SERVER cinema OPTIONS (DROP keep_connections)").unwrap();

    // An account is made for carol, and lasts beyond its first time while she uses it.
    let lent = account(&carol).await.unwrap();
    assert!(lent.starts_with("v-approle-films-"), "{lent}");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(8) {
        assert_eq!(account(&carol).await.as_ref(), Ok(&lent));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(world.made(), 1);
    world.medley.psql("DROP USER MAPPING FOR carol SERVER cinema").unwrap();
    world.wait_for_made(0);

    // A server that stops gives back what it has, and its token.
    world
        .medley
        .psql(
            "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS ( \
             user_ref 'vault:database/creds/films#username', \
             password_ref 'vault:database/creds/films#password')",
        )
        .unwrap();
    assert_ne!(account(&carol).await.unwrap(), lent);
    assert_eq!(world.made(), 1);
    drop((alice, bob, carol));
    world.medley.stop().unwrap();
    world.wait_for_made(0);
    let tokens = world.bao.run(&["list", "auth/token/accessors"]).unwrap();
    assert_eq!(tokens.lines().count(), 3, "the owner's alone, below a heading: {tokens}");
}
