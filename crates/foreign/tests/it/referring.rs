//! Secrets that are kept elsewhere: fetched once, for one key, for their time, and given back.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use medley_catalog::ids::{RoleOid, RoleOrPublic};
use medley_foreign::{Limits, LoginSource, ReferenceRules, VaultLogin, VaultRules};
use medley_testkit::Vault;
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;
use crate::world::World;

const MANY: Limits = Limits {
    total: 200,
    per_server: 200,
    per_mapping: 200,
    wait: Duration::from_secs(20),
    idle: Duration::from_secs(60),
};
const APP: &str = "vault:secret/data/app#password";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A Vault with one secret, and a login that lasts an hour.
fn vault() -> Vault {
    let vault = Vault::start().unwrap();
    vault.add_login("approle", json!({ "role_id": "r", "secret_id": "s" }), ms(3_600_000));
    vault.put("secret/data/app", json!({ "username": "app", "password": "p1" }));
    vault
}

fn rules(vault: &Vault, folder: &tempfile::TempDir) -> ReferenceRules {
    let secret_id = folder.path().join("secret_id");
    std::fs::write(&secret_id, "s\n").unwrap();
    let login = VaultLogin::AppRole {
        mount: "approle".to_owned(),
        role_id: "r".to_owned(),
        secret_id: LoginSource::File(secret_id),
    };
    let address = medley_http::Url::parse(&vault.url()).unwrap();
    ReferenceRules {
        folders: vec![folder.path().to_owned()],
        vault: Some(VaultRules { address, roots: None, namespace: None, login }),
        timeout: ms(20_000),
        ..ReferenceRules::default()
    }
}

/// A world in which each statement logs in, and what there is outside.
struct Outside {
    world: World,
    vault: Vault,
    folder: tempfile::TempDir,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Outside {
    fn new(change: impl FnOnce(&mut ReferenceRules)) -> Self {
        let (vault, folder) = (vault(), tempfile::tempdir().unwrap());
        let fake = Fake::default();
        let refused = Arc::clone(&fake.refused);
        let world = World::new(fake, MANY);
        let mut rules = rules(&vault, &folder);
        change(&mut rules);
        world.foreign.refer_by(rules);
        world.foreign.start();
        world.set_server("keep_connections", "off");
        Self { world, vault, folder, refused }
    }

    async fn run(&self, role: RoleOid) -> String {
        let access = self.world.access_of(role, None, CancellationToken::new());
        crate::world::run(&access, self.world.server, role, "rows").await
    }

    /// How often that was read.
    fn reads(&self, path: &str) -> usize {
        self.vault.count(&format!("GET {path}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_read_where_the_reference_says() {
    let it = Outside::new(|rules| rules.private_variables.push("HOME".to_owned()));
    let file = it.folder.path().join("db");
    std::fs::write(&file, "from a file\n").unwrap();
    let alice = it.world.role("alice");
    let mapping = it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(it.run(alice).await, "a/p1");
    for (reference, expected) in [
        (format!("file:{}", file.display()), "a/from a file".to_owned()),
        ("env:PATH".to_owned(), format!("a/{}", std::env::var("PATH").unwrap())),
        ("env:HOME".to_owned(), "42501 could not fetch \"env:HOME\"".to_owned()),
        ("env:NO_SUCH_VARIABLE".to_owned(), "HV00L could not fetch".to_owned()),
        ("file:/etc/passwd".to_owned(), "42501 could not fetch".to_owned()),
        (format!("file:{}/secret_id", it.folder.path().display()), "42501".to_owned()),
        ("exec:nothing".to_owned(), "42501 could not fetch".to_owned()),
        ("vault:secret/data/none#password".to_owned(), "HV00L could not fetch".to_owned()),
        ("vault:secret/data/app#none".to_owned(), "HV00L could not fetch".to_owned()),
        ("vault:auth/token/lookup-self#id".to_owned(), "42501 could not fetch".to_owned()),
        ("vault:ns/auth/token/lookup-self#id".to_owned(), "42501 could not fetch".to_owned()),
        ("vault:sys/leases/lookup#id".to_owned(), "42501 could not fetch".to_owned()),
        ("plain".to_owned(), "22023 invalid value".to_owned()),
    ] {
        it.world.remap_with(mapping, &[("user", "a"), ("password_ref", &reference)]);
        let said = it.run(alice).await;
        assert!(said.starts_with(&expected), "{reference}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_sessions_at_once_cause_one_fetch() {
    let it = Outside::new(|_| {});
    it.vault.delay(ms(100));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    let said = join_all((0..100).map(|_| it.run(alice))).await;
    assert!(said.iter().all(|it| it == "a/p1"), "{said:?}");
    assert_eq!(it.reads("secret/data/app"), 1);
    assert_eq!(it.vault.count("POST auth/approle/login"), 1);
    assert_eq!(it.run(alice).await, "a/p1");
    assert_eq!(it.reads("secret/data/app"), 1, "what was fetched is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mapping_of_publics_serves_everybody_as_themselves() {
    let it = Outside::new(|_| {});
    let names = ["alice", "bob", "a/b", "..", "a b", "jos\u{e9}", "a%2Fb"];
    let roles: Vec<_> = names.iter().map(|name| it.world.role(name)).collect();
    for (name, part) in
        names.iter().zip(["alice", "bob", "a%2Fb", "%2E%2E", "a b", "jos\u{e9}", "a%252Fb"])
    {
        it.vault.put(
            &format!("secret/data/people/{part}"),
            json!({ "password": format!("of {name}") }),
        );
    }
    // Where a name that means something in a path would lead.
    it.vault.put("secret/data/people/a/b", json!({ "password": "stolen" }));
    it.vault.put("secret/data", json!({ "password": "stolen" }));
    let reference = "vault:secret/data/people/{role}#password";
    let public = RoleOrPublic::Public;
    it.world.map_with(public, &[("user", "u_{role}"), ("password_ref", reference)], true);
    for _ in 0..2 {
        let said = join_all(roles.iter().map(|role| it.run(*role))).await;
        for (name, said) in names.iter().zip(said) {
            assert_eq!(said, format!("u_{name}/of {name}"));
        }
    }
    assert_eq!(it.reads("secret/data/people/"), names.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roles_name_stays_within_files_and_variables() {
    let it = Outside::new(|_| {});
    std::fs::write(it.folder.path().join("alice"), "of alice").unwrap();
    let reference = format!("file:{}/{{session_user}}", it.folder.path().display());
    let options = [("user", "{session_user}"), ("password_ref", reference.as_str())];
    it.world.map_with(RoleOrPublic::Public, &options, true);
    assert_eq!(it.run(it.world.role("alice")).await, "alice/of alice");
    for name in ["../x", "a/b", "..", "a b", "a.b", "jos\u{e9}"] {
        let said = it.run(it.world.role(name)).await;
        assert!(said.starts_with("28000 could not fetch"), "{name}: {said}");
    }
}

/// In PostgreSQL these are names like any other.
#[tokio::test(flavor = "multi_thread")]
async fn braces_mean_nothing_unless_the_mapping_says_so() {
    // The fake remote would put the name in itself.
    let it = Outside::new(|_| {});
    let alice = it.world.role("alice");
    let mapping = it.world.map_with(alice, &[("user", "<{role>")], true);
    assert_eq!(it.run(alice).await, "<{role>");
    it.world.remap_with(mapping, &[("user", "<{role>"), ("templates", "on")]);
    let said = it.run(alice).await;
    assert!(said.starts_with("22023 invalid remote user's name"), "{said}");
    it.world
        .remap_with(mapping, &[("user", "<{role>"), ("password_ref", APP), ("templates", "off")]);
    assert_eq!(it.run(alice).await, "<{role>/p1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_has_its_time() {
    let it = Outside::new(|rules| (rules.ttl, rules.stale) = (ms(2000), ms(60_000)));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(it.run(alice).await, "a/p1");
    it.vault.put("secret/data/app", json!({ "password": "p2" }));
    assert_eq!(it.run(alice).await, "a/p1");
    tokio::time::sleep(ms(2100)).await;
    assert_eq!(it.run(alice).await, "a/p2");
    assert_eq!(it.reads("secret/data/app"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_answers_the_old_one_serves_for_its_time() {
    let it = Outside::new(|rules| (rules.ttl, rules.stale) = (ms(200), ms(4000)));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(it.run(alice).await, "a/p1");
    let began = Instant::now();
    it.vault.fail(503, 1000);
    tokio::time::sleep(ms(250)).await;
    assert_eq!(it.run(alice).await, "a/p1");
    // It is not asked again for each session.
    let asked = it.reads("secret/data/app");
    for _ in 0..20 {
        assert_eq!(it.run(alice).await, "a/p1");
    }
    assert!(it.reads("secret/data/app") <= asked + 6, "asked {asked} times before");
    tokio::time::sleep(ms(4500).saturating_sub(began.elapsed())).await;
    let said = it.run(alice).await;
    assert_eq!(
        said,
        format!("HV00N could not fetch \"{APP}\" for option \"password_ref\" of server \"s\"")
    );
    it.vault.fail(503, 0);
    assert_eq!(it.run(alice).await, "a/p1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_believed_at_once() {
    let it = Outside::new(|rules| rules.ttl = ms(100));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(it.run(alice).await, "a/p1");
    it.vault.deny("secret/data/app");
    tokio::time::sleep(ms(150)).await;
    let said = it.run(alice).await;
    assert!(said.starts_with("28000 could not fetch"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_has_an_end_and_what_passes_is_tried_again() {
    let it = Outside::new(|rules| rules.timeout = ms(3000));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    it.vault.fail(429, 2);
    assert_eq!(it.run(alice).await, "a/p1");
    it.vault.delay(ms(15_000));
    let bob = it.world.role("bob");
    it.world.map_with(bob, &[("user", "b"), ("password_ref", APP)], true);
    let began = Instant::now();
    let said = it.run(bob).await;
    assert!(said.starts_with("HV00N could not fetch"), "{said}");
    assert!(began.elapsed() < ms(12_000), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ended_is_replaced() {
    let it = Outside::new(|rules| rules.ttl = ms(10));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(it.run(alice).await, "a/p1");
    it.vault.revoke_tokens();
    tokio::time::sleep(ms(1100)).await;
    assert_eq!(it.run(alice).await, "a/p1");
    assert_eq!(it.vault.count("POST auth/approle/login"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_at_the_remote_is_fetched_again() {
    let it = Outside::new(|_| {});
    let alice = it.world.role("alice");
    it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(it.run(alice).await, "a/p1");
    it.refused.lock().push("p1".to_owned());
    it.vault.put("secret/data/app", json!({ "password": "p2" }));
    let said = join_all((0..20).map(|_| it.run(alice))).await;
    assert!(said.iter().all(|it| it == "a/p2"), "{said:?}");
    assert_eq!(it.reads("secret/data/app"), 2);
    // One that is still the same is not tried twice: that is how accounts are locked.
    it.refused.lock().push("p2".to_owned());
    it.world.log.take();
    assert!(it.run(alice).await.starts_with("08001"));
    let refused = it.world.log.take().iter().filter(|line| line.contains("refuse")).count();
    assert_eq!(refused, 1);
}

/// The next one may not be there yet; once it logs in, its reference takes the other's place.
#[tokio::test(flavor = "multi_thread")]
async fn a_next_password_is_kept_elsewhere_as_well() {
    let it = Outside::new(|_| {});
    let next = "vault:secret/data/next#password";
    let alice = it.world.role("alice");
    let options = [("user", "a"), ("password_ref", APP), ("password_next_ref", next)];
    let mapping = it.world.map_with(alice, &options, true);
    assert_eq!(it.run(alice).await, "a/p1");
    it.vault.put("secret/data/next", json!({ "password": "p2" }));
    it.refused.lock().push("p1".to_owned());
    let said = join_all((0..20).map(|_| it.run(alice))).await;
    assert!(said.iter().all(|it| it == "a/p2"), "{said:?}");
    let options =
        it.world.catalog.snapshot().user_mapping(mapping).unwrap().unwrap().options.clone();
    let options: Vec<_> = options.iter().map(|(name, value)| (name, value.shown())).collect();
    assert_eq!(options, [("user", "a"), ("password_ref", next)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_mapping_forgets_what_was_fetched_for_the_old_one() {
    let it = Outside::new(|_| {});
    let alice = it.world.role("alice");
    let options = [("user", "a"), ("password_ref", APP)];
    let mapping = it.world.map_with(alice, &options, true);
    assert_eq!(it.run(alice).await, "a/p1");
    it.vault.put("secret/data/app", json!({ "password": "p2" }));
    it.world.remap_with(mapping, &options);
    assert_eq!(it.run(alice).await, "a/p2");
}

/// Each way in at Vault, and what is said where it is closed.
#[tokio::test(flavor = "multi_thread")]
async fn there_are_three_ways_to_log_in() {
    let proof = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(proof.path(), "proof\n").unwrap();
    let path = || proof.path().to_owned();
    let ways = [
        VaultLogin::Token(LoginSource::File(path())),
        VaultLogin::AppRole {
            mount: "approle".to_owned(),
            role_id: "r".to_owned(),
            secret_id: LoginSource::File(path()),
        },
        VaultLogin::Kubernetes { mount: "k8s".to_owned(), role: "m".to_owned(), token: path() },
    ];
    for login in ways {
        let it = Outside::new(|rules| rules.vault.as_mut().unwrap().login = login.clone());
        let alice = it.world.role("alice");
        it.world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
        let said = it.run(alice).await;
        assert!(said.starts_with("28000 could not fetch"), "{login:?}: {said}");
        it.vault.add_token("proof", Some(ms(3_600_000)));
        it.vault.add_login("approle", json!({ "role_id": "r", "secret_id": "proof" }), ms(0));
        it.vault.add_login("k8s", json!({ "role": "m", "jwt": "proof" }), ms(3_600_000));
        assert_eq!(it.run(alice).await, "a/p1", "{login:?}");
    }
}

/// Nobody here could get another.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_somebody_elses_is_kept() {
    let proof = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(proof.path(), "proof").unwrap();
    let login = VaultLogin::Token(LoginSource::File(proof.path().to_owned()));
    let (vault, folder) = (vault(), tempfile::tempdir().unwrap());
    vault.add_token("proof", Some(ms(5000)));
    let world = World::new(Fake::default(), MANY);
    let mut rules = rules(&vault, &folder);
    rules.vault.as_mut().unwrap().login = login;
    world.foreign.refer_by(rules);
    world.foreign.start();
    tokio::time::sleep(ms(7000)).await;
    let alice = world.role("alice");
    world.map_with(alice, &[("user", "a"), ("password_ref", APP)], true);
    assert_eq!(world.run(alice, "rows").await, "a/p1");
    let renewed = vault.count("POST auth/token/renew-self");
    assert!((1..=4).contains(&renewed), "{renewed}");
    world.foreign.stop().await;
    assert_eq!(vault.count("POST auth/token/revoke-self"), 0, "it is not ours to give back");
}

/// Accounts that a database has now.
#[derive(Clone, Default)]
struct Accounts(Arc<std::sync::Mutex<HashSet<String>>>);

impl Accounts {
    fn attach(&self, vault: &Vault, ttl: Duration, max_ttl: Duration) {
        let (created, dropped) = (self.clone(), self.clone());
        let create = move |account: &str, password: &str| {
            created.0.lock().unwrap().insert(format!("{account}/{password}"));
        };
        let drop = move |account: &str, _: &str| {
            dropped.0.lock().unwrap().retain(|it| !it.starts_with(&format!("{account}/")));
        };
        vault.add_database("app", (ttl, max_ttl), Box::new(create), Box::new(drop));
    }

    fn has(&self, account: &str) -> bool {
        self.0.lock().unwrap().contains(account)
    }

    fn all(&self) -> HashSet<String> {
        self.0.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

const LENT: [(&str, &str); 2] = [
    ("user_ref", "vault:database/creds/app#username"),
    ("password_ref", "vault:database/creds/app#password"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_lent_account_is_one_fetch_and_is_given_back_when_its_mapping_is_dropped() {
    let it = Outside::new(|_| {});
    let accounts = Accounts::default();
    accounts.attach(&it.vault, ms(60_000), ms(600_000));
    let alice = it.world.role("alice");
    let mapping = it.world.map_with(alice, &LENT, true);
    let said = join_all((0..20).map(|_| it.run(alice))).await;
    assert!(said.iter().all(|it| *it == said[0] && accounts.has(it)), "{said:?}");
    assert_eq!(it.reads("database/creds/app"), 1);
    it.world.unmap(mapping);
    wait(|| accounts.count() == 0).await;
    assert_eq!(it.vault.count("POST sys/leases/revoke"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_while_it_is_used_and_its_connections_end_with_it() {
    let it = Outside::new(|_| {});
    it.world.set_server("keep_connections", "on");
    let accounts = Accounts::default();
    accounts.attach(&it.vault, ms(5000), ms(10_000));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &LENT, true);
    let began = Instant::now();
    let first = it.run(alice).await;
    // Renewed beyond its first time, on the same connection.
    while began.elapsed() < ms(7000) {
        assert_eq!(it.run(alice).await, first);
        assert!(accounts.has(&first));
        tokio::time::sleep(ms(100)).await;
    }
    assert!(it.vault.count("POST sys/leases/renew") >= 1);
    // Beyond what its engine allows in all another account takes over, before the first is gone.
    let mut last = first.clone();
    while began.elapsed() < ms(12_000) {
        let before = accounts.all();
        last = it.run(alice).await;
        // It may be taken away as soon as it has served.
        assert!(before.contains(&last) || accounts.has(&last), "{last}");
        tokio::time::sleep(ms(50)).await;
    }
    assert_ne!(last, first);
    let log = it.world.log.take();
    assert_eq!(log.iter().filter(|line| line.contains("connect")).count(), 2, "{log:?}");
    assert!(log.iter().any(|line| line == "1 close"), "{log:?}");
    // What nobody uses ends by itself, and a server that stops gives back what it has.
    it.world.foreign.stop().await;
    wait(|| accounts.count() == 0).await;
    assert_eq!(it.world.foreign.pool().counts().0, 0);
}

/// Other rules: what was lent by the old ones serves nobody new, and is given back once nobody
/// uses it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_lent_by_old_rules_is_given_back() {
    let it = Outside::new(|_| {});
    it.world.set_server("keep_connections", "on");
    let accounts = Accounts::default();
    accounts.attach(&it.vault, ms(60_000), ms(600_000));
    let alice = it.world.role("alice");
    it.world.map_with(alice, &LENT, true);
    let first = it.run(alice).await;
    assert_eq!(it.world.foreign.pool().counts().0, 1);
    let busy = it.world.busy(alice).await;
    let changed = ReferenceRules { ttl: ms(1000), ..rules(&it.vault, &it.folder) };
    it.world.foreign.refer_by(changed);
    let second = it.run(alice).await;
    assert_ne!(first, second);
    assert!(accounts.has(&first), "somebody uses it");
    drop(busy);
    wait(|| !accounts.has(&first)).await;
    assert!(accounts.has(&second));
    it.world.foreign.stop().await;
    wait(|| accounts.count() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_under_what_is_not_committed_ends_with_its_connection() {
    let it = Outside::new(|_| {});
    let accounts = Accounts::default();
    accounts.attach(&it.vault, ms(60_000), ms(600_000));
    let alice = it.world.role("alice");
    let mapping = it.world.map_with(alice, &LENT, true);
    let mut tx = it.world.catalog.begin(medley_catalog::Backend::default());
    let old = tx.snapshot().user_mapping(mapping).unwrap().unwrap();
    tx.update(&old, (*old).clone()).unwrap();
    let person = medley_foreign::Person {
        session_user: alice,
        session_user_name: "alice".into(),
        application_name: "".into(),
        session: 1,
        session_id: "".into(),
        via: "".into(),
        scram_keys: None,
    };
    let (foreign, cancel) = (Arc::clone(&it.world.foreign), CancellationToken::new());
    let access = medley_foreign::Access::new(foreign, tx.snapshot(), person, None, cancel);
    let said = crate::world::run(&access, it.world.server, alice, "rows").await;
    assert!(said.starts_with("v-app-"), "{said}");
    wait(|| accounts.count() == 0).await;
    drop(tx);
}

async fn wait(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to be so");
        tokio::time::sleep(ms(20)).await;
    }
}
