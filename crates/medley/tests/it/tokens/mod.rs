//! People who come with a token of an issuer's.
mod bearer;
mod issuer;

use std::process::Command;
use std::time::{Duration, Instant};

use medley_testkit::{Medley, Program};
use serde_json::{Value, json};

use crate::{builder, reload};
use bearer::{Outcome, log_in, log_in_with};
use issuer::{AUDIENCE, Issuer, Key};

/// A Medley where alice and bob come in by tokens of this issuer, and the superuser by a word.
fn medley(issuer: &Issuer, options: &str) -> Medley {
    let name = &issuer.name;
    let mut medley = builder().password("x").argument("-v").init().unwrap();
    let config = medley.data_folder().join("medley.toml");
    let mut text = std::fs::read_to_string(&config).unwrap();
    text += &format!("\n[[oauth]]\nissuer = \"{name}\"\naudience = \"{AUDIENCE}\"\n");
    std::fs::write(&config, text).unwrap();
    let rules = format!(
        "host all postgres all trust\nhost all all all oauth issuer={name} scope=sql {options}\n"
    );
    medley.folder().write("data/pg_hba.conf", &rules).unwrap();
    medley.folder().write("data/pg_ident.conf", "people /^(.*)@example\\.com$ \\1\n").unwrap();
    medley.restart().unwrap();
    medley.psql("CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN").unwrap();
    medley
}

fn refused(issuer: &Issuer, user: &str) -> Outcome {
    let discovery = json!({
        "status": "invalid_token",
        "openid-configuration": format!("{}/.well-known/openid-configuration", issuer.name),
        "scope": "sql",
    });
    Outcome::Refused {
        discovery: discovery.to_string(),
        error: format!("28000 OAuth bearer authentication failed for user \"{user}\""),
    }
}

#[test]
fn a_token_lets_its_bearer_in_and_nobody_else() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "");
    let alice = key.sign(&issuer.claims("alice"));
    assert_eq!(log_in(&medley, "alice", Some(&alice)), Outcome::In);
    assert_eq!(log_in(&medley, "bob", Some(&alice)), refused(&issuer, "bob"));
    assert_eq!(log_in(&medley, "nobody", Some(&alice)), refused(&issuer, "nobody"));
    assert_eq!(log_in(&medley, "alice", None), refused(&issuer, "alice"));
    let options = medley.psql("SELECT options FROM pg_hba_file_rules WHERE rule_number = 2");
    let expected = format!("{{issuer={},scope=sql,validator=medley}}", issuer.name);
    assert_eq!(options.unwrap(), expected);
    assert_eq!(issuer.asked(), 1, "its keys are kept");
    let log = medley.log().unwrap();
    assert!(log.contains("line=2 reason=\"the token is somebody else's\""), "{log}");
    assert!(!log.contains(&alice), "a token is in the log");
}

#[test]
fn a_map_says_who_an_account_outside_is() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "map=people");
    let outside = key.sign(&issuer.claims("alice@example.com"));
    assert_eq!(log_in(&medley, "alice", Some(&outside)), Outcome::In);
    assert_eq!(log_in(&medley, "bob", Some(&outside)), refused(&issuer, "bob"));
    let plain = key.sign(&issuer.claims("alice"));
    assert_eq!(log_in(&medley, "alice", Some(&plain)), refused(&issuer, "alice"));
}

/// The claims of a good token, with one of them changed, or left out where it is null.
fn changed(issuer: &Issuer, claim: &str, value: Value) -> Value {
    let mut claims = issuer.claims("alice");
    let map = claims.as_object_mut().unwrap();
    match value {
        Value::Null => map.remove(claim),
        value => map.insert(claim.to_owned(), value),
    };
    claims
}

#[test]
fn a_token_must_be_good_in_every_respect() {
    let (key, strange) = (Key::new("k1"), Key::new("k1"));
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "");
    let now = jsonwebtoken::get_current_timestamp();
    for (claim, value) in [
        ("iss", json!("https://id.example.com")),
        ("iss", Value::Null),
        ("aud", json!("others")),
        ("aud", Value::Null),
        ("exp", json!(now - 3600)),
        ("exp", json!((now + 3600).to_string())),
        ("exp", Value::Null),
        ("nbf", json!(now + 3600)),
        ("nbf", json!((now - 3600).to_string())),
        ("scope", json!("openid sqlx")),
        ("scope", Value::Null),
        ("sub", json!(7)),
        ("sub", Value::Null),
    ] {
        let claims = changed(&issuer, claim, value);
        let outcome = log_in(&medley, "alice", Some(&key.sign(&claims)));
        assert_eq!(outcome, refused(&issuer, "alice"), "{claims}");
    }
    let good = key.sign(&issuer.claims("alice"));
    let forged = strange.sign(&issuer.claims("alice"));
    let (head, rest) = good.split_once('.').unwrap();
    let (body, _) = rest.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIn0";
    for token in [&forged, &format!("{head}.{body}."), &format!("{none}.{body}."), &"abc".into()] {
        assert_eq!(log_in(&medley, "alice", Some(token)), refused(&issuer, "alice"), "{token}");
    }
    for (claim, value) in [("scp", json!(["sql"])), ("nbf", json!(now)), ("aud", json!(AUDIENCE))] {
        let token = key.sign(&changed(&issuer, claim, value));
        assert_eq!(log_in(&medley, "alice", Some(&token)), Outcome::In, "{claim}");
    }
}

/// Whoever knows a public key could sign with it, were it taken for a shared one.
#[test]
fn a_public_key_is_no_shared_secret() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "");
    let header = jsonwebtoken::Header {
        kid: Some("k1".to_owned()),
        ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256)
    };
    let secret = jsonwebtoken::EncodingKey::from_secret(key.public());
    let token = jsonwebtoken::encode(&header, &issuer.claims("alice"), &secret).unwrap();
    assert_eq!(log_in(&medley, "alice", Some(&token)), refused(&issuer, "alice"));
}

/// Nobody is asked again sooner than this.
const PAUSE: Duration = Duration::from_secs(10);

#[test]
fn an_issuer_may_be_ill_for_a_while() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "");
    let come = || log_in(&medley, "alice", Some(&key.sign(&issuer.claims("alice"))));
    issuer.be_ill(true);
    assert_eq!(come(), refused(&issuer, "alice"));
    issuer.be_ill(false);
    assert_eq!(come(), refused(&issuer, "alice"));
    assert_eq!(issuer.asked(), 0);
    std::thread::sleep(PAUSE);
    assert_eq!(come(), Outcome::In);
    issuer.be_ill(true);
    assert_eq!(come(), Outcome::In, "its keys are kept");
    let log = medley.log().unwrap();
    assert!(log.contains("the issuer's keys cannot be read: "), "{log}");
}

#[test]
fn keys_come_and_go() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let issuer = Issuer::start(&[&old]);
    let medley = medley(&issuer, "");
    let by = |key: &Key| log_in(&medley, "alice", Some(&key.sign(&issuer.claims("alice"))));
    assert_eq!(by(&old), Outcome::In);
    issuer.publish(&[&new]);
    for _ in 0..3 {
        assert_eq!(by(&new), refused(&issuer, "alice"));
    }
    assert_eq!(issuer.asked(), 1, "tokens with unknown keys do not make it ask again and again");
    std::thread::sleep(PAUSE);
    assert_eq!(by(&new), Outcome::In);
    assert_eq!(by(&old), refused(&issuer, "alice"));
}

/// Or else a program that asks for each person would lock all of them out.
#[test]
fn who_asks_where_to_get_a_token_has_not_failed() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "");
    for _ in 0..30 {
        assert_eq!(log_in(&medley, "alice", None), refused(&issuer, "alice"));
    }
    for _ in 0..20 {
        assert_eq!(log_in(&medley, "alice", Some("abc")), refused(&issuer, "alice"));
    }
    let told = log_in(&medley, "alice", Some("abc"));
    assert_eq!(told, Outcome::Error("28000 too many failed logins".to_owned()));
}

#[test]
fn what_is_malformed_is_postgresqls_error() {
    let issuer = Issuer::start(&[]);
    let medley = medley(&issuer, "");
    let check = |first: &str, expected: &str| {
        assert_eq!(log_in_with(&medley, "alice", first), Outcome::Error(expected.to_owned()));
    };
    check(
        "n,a=bob,\x01auth=Bearer a\x01\x01",
        "0A000 client uses authorization identity, but it is not supported",
    );
    check(
        "n,,\x01\x01",
        "08P01 malformed OAUTHBEARER message: Message does not contain an auth value.",
    );
    assert_eq!(log_in_with(&medley, "alice", "n,,\x01auth=\x01\x01"), refused(&issuer, "alice"));
}

#[test]
fn an_issuer_that_nobody_knows_is_an_error_of_the_file() {
    let issuer = Issuer::start(&[]);
    let medley = medley(&issuer, "");
    let rules = "host all all all oauth issuer=https://id.example.com scope=sql\n";
    medley.folder().write("data/pg_hba.conf", rules).unwrap();
    medley.psql("SELECT pg_reload_conf()").unwrap();
    let expected = "issuer \"https://id.example.com\" is not in medley.toml";
    let deadline = Instant::now() + Duration::from_secs(20);
    while !medley.log().unwrap().contains(expected) {
        assert!(Instant::now() < deadline, "{}", medley.log().unwrap());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(medley.psql("SELECT 1").unwrap(), "1", "what was in force stays so");
}

#[test]
fn issuers_are_read_again() {
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let (issuer, later) = (Issuer::start(&[&key]), Issuer::start(&[&other]));
    let medley = medley(&issuer, "");
    let config = medley.data_folder().join("medley.toml");
    let text = std::fs::read_to_string(&config).unwrap().replace(&issuer.name, &later.name);
    std::fs::write(&config, text).unwrap();
    let (old, new) = (key.sign(&issuer.claims("alice")), other.sign(&later.claims("alice")));
    // Rules and issuers count together: the rules name one that is gone, so that both stay.
    reload(&medley);
    assert_eq!(log_in(&medley, "alice", Some(&old)), Outcome::In);
    let rules = std::fs::read_to_string(medley.data_folder().join("pg_hba.conf")).unwrap();
    medley.folder().write("data/pg_hba.conf", &rules.replace(&issuer.name, &later.name)).unwrap();
    reload(&medley);
    assert_eq!(log_in(&medley, "alice", Some(&new)), Outcome::In);
    assert_eq!(log_in(&medley, "alice", Some(&old)), refused(&later, "alice"));
}

/// libpq 18 itself, by its hook for those who have a token: it asks where to get one first, and
/// then comes again with it.
fn libpq(medley: &Medley, issuer: &Issuer, user: &str, token: &str) -> Result<String, String> {
    let library = Program::PSQL_18.locate().unwrap().canonicalize().unwrap();
    let library = library.parent().unwrap().with_file_name("lib").join("libpq.so.5");
    let conninfo = format!(
        "host=127.0.0.1 port={} dbname=medley user={user} oauth_issuer={} oauth_client_id=psql",
        medley.port(),
        issuer.name,
    );
    let mut python = Command::new("python3");
    // An issuer on this machine speaks HTTP without TLS.
    python.env("PGOAUTHDEBUG", "UNSAFE").args(["-c", include_str!("libpq.py")]);
    let output = python.arg(library).args([conninfo.as_str(), token]).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

#[test]
fn libpq_logs_in_with_a_token() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let medley = medley(&issuer, "");
    let alice = key.sign(&issuer.claims("alice"));
    let discovery = format!("{}/.well-known/openid-configuration", issuer.name);
    assert_eq!(libpq(&medley, &issuer, "alice", &alice), Ok(format!("alice sql {discovery}")));
    let refused = libpq(&medley, &issuer, "bob", &alice).unwrap_err();
    let expected = "FATAL:  OAuth bearer authentication failed for user \"bob\"";
    assert!(refused.contains(expected), "{refused}");
    // It trusts nobody else's word on where to get a token.
    let other = Issuer::start(&[&key]);
    let refused = libpq(&medley, &other, "alice", &alice).unwrap_err();
    assert!(refused.contains("is incompatible with oauth_issuer"), "{refused}");
}

/// A token is found nowhere afterwards, whether it let somebody in or not.
#[test]
fn a_token_is_found_nowhere() {
    let key = Key::new("k1");
    let issuer = Issuer::start(&[&key]);
    let mut medley = medley(&issuer, "");
    medley.add_arguments(&["-vvv"]);
    medley.stop().unwrap();
    let config = medley.data_folder().join("medley.toml");
    let text = std::fs::read_to_string(&config).unwrap() + "\n[audit]\nfile = 'audit.jsonl'\n";
    std::fs::write(&config, text).unwrap();
    medley.restart().unwrap();
    let (alice, other) =
        (key.sign(&issuer.claims("alice")), Key::new("k1").sign(&issuer.claims("alice")));
    assert_eq!(log_in(&medley, "alice", Some(&alice)), Outcome::In);
    assert_eq!(log_in(&medley, "bob", Some(&alice)), refused(&issuer, "bob"));
    assert_eq!(log_in(&medley, "alice", Some(&other)), refused(&issuer, "alice"));
    assert_eq!(log_in(&medley, "alice", Some("abc.def")), refused(&issuer, "alice"));
    let seen = medley
        .psql("SELECT string_agg(row::text, ' ') FROM (SELECT * FROM pg_stat_activity) row")
        .unwrap_or_default();
    let signature = |token: &str| token.rsplit_once('.').unwrap().1.to_owned();
    let secrets = [signature(&alice), signature(&other), "abc.def".to_owned()];
    let look = |bytes: &[u8], place: &str| {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "a token is in {place}");
        }
    };
    look(seen.as_bytes(), "pg_stat_activity");
    medley.kill9();
    let log = medley.log().unwrap();
    assert!(log.lines().count() > 20, "the log says little: {log}");
    look(log.as_bytes(), "the log");
    for entry in std::fs::read_dir(medley.data_folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            look(&std::fs::read(&path).unwrap(), &path.display().to_string());
        }
    }
}
