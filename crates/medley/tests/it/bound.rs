//! `bind_secrets`: a password goes to no other endpoint than the one it was entered for.
use crate::builder;
use crate::cinema::{ALICE, BOB, Cinema, account, ask, user};

const UNBOUND: &str = "55000: option \"password\" of the user mapping for server \"cinema\" was not \
                       entered for this endpoint";

/// A cinema whose server binds secrets, and alice's mapping entered again since.
fn bound() -> Cinema {
    let cinema = Cinema::open();
    cinema.sql("ALTER SERVER cinema OPTIONS (ADD bind_secrets 'on')");
    enter(&cinema);
    cinema
}

fn enter(cinema: &Cinema) {
    cinema.sql(&format!(
        "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password '{ALICE}')"
    ));
}

#[tokio::test]
async fn a_mapping_is_entered_again_after_the_endpoint_has_changed() {
    let cinema = bound();
    let (alice, bob) = (cinema.log_in("alice").await, cinema.log_in("bob").await);
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
    // bob's was entered before anything was bound.
    assert_eq!(account(&bob).await.unwrap_err(), UNBOUND);
    for same in [
        "ALTER SERVER cinema OPTIONS (ADD fetch_size '7')",
        "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET user 'films_alice')",
    ] {
        cinema.sql(same);
        assert_eq!(account(&alice).await.as_deref(), Ok(ALICE), "{same}");
    }
    for other in [
        "ADD sslmode 'disable'",
        "SET sslmode 'prefer'",
        "DROP sslmode, ADD hostaddr '127.0.0.1'",
        "SET host 'localhost'",
        "ADD require_auth 'password'",
    ] {
        cinema.sql(&format!("ALTER SERVER cinema OPTIONS ({other})"));
        assert_eq!(account(&alice).await.unwrap_err(), UNBOUND, "{other}");
        // It stays so where it is not said any more that secrets are bound.
        cinema.sql("ALTER SERVER cinema OPTIONS (DROP bind_secrets)");
        assert_eq!(account(&alice).await.unwrap_err(), UNBOUND, "{other}");
        cinema.sql("ALTER SERVER cinema OPTIONS (ADD bind_secrets 'on')");
        if !other.contains("require_auth") {
            enter(&cinema);
            assert_eq!(account(&alice).await.as_deref(), Ok(ALICE), "{other}");
        }
    }
    // And the way back: it is again what it was entered for.
    cinema.sql("ALTER SERVER cinema OPTIONS (DROP require_auth)");
    assert_eq!(account(&alice).await.as_deref(), Ok(ALICE));
}

/// Also what says where a password is kept was entered for an endpoint.
#[tokio::test]
async fn a_reference_is_bound_as_a_password_is() {
    let cinema = Cinema::open_with(builder().variable("FILMS_BOB", BOB));
    let bob = cinema.log_in("bob").await;
    let enter = |action: &str| {
        let mapping = "ALTER USER MAPPING FOR bob SERVER cinema OPTIONS";
        cinema.sql(&format!("{mapping} ({action} password_ref 'env:FILMS_BOB')"));
    };
    enter("DROP password, ADD");
    assert_eq!(account(&bob).await.as_deref(), Ok(BOB));
    let unbound = UNBOUND.replace("\"password\"", "\"password_ref\"");
    // It was entered for no endpoint in particular.
    cinema.sql("ALTER SERVER cinema OPTIONS (ADD bind_secrets 'on')");
    assert_eq!(account(&bob).await.unwrap_err(), unbound);
    enter("SET");
    assert_eq!(account(&bob).await.as_deref(), Ok(BOB));
    // What else is altered leaves it where it was entered for.
    cinema.sql("ALTER SERVER cinema OPTIONS (SET host 'localhost')");
    assert_eq!(account(&bob).await.unwrap_err(), unbound);
    cinema.sql("ALTER USER MAPPING FOR bob SERVER cinema OPTIONS (SET user 'films_bob')");
    assert_eq!(account(&bob).await.unwrap_err(), unbound);
    cinema.sql("ALTER SERVER cinema OPTIONS (SET bind_secrets 'off')");
    assert_eq!(account(&bob).await.unwrap_err(), unbound);
    cinema.sql("ALTER SERVER cinema OPTIONS (SET host '127.0.0.1', SET bind_secrets 'on')");
    assert_eq!(account(&bob).await.as_deref(), Ok(BOB));
    // Whoever replays a dump has entered it, for what the server is there.
    let dump = cinema.medley.psql("SELECT * FROM medley_dump('omit')").unwrap();
    assert!(dump.contains("password_ref 'env:FILMS_BOB'"), "{dump}");
}

#[tokio::test]
async fn a_sealed_dump_stays_bound_also_for_superusers() {
    let cinema = bound();
    let dump = cinema.medley.psql("SELECT * FROM medley_dump('sealed')").unwrap();
    let mapping = dump.lines().find(|line| line.contains("CREATE USER MAPPING FOR alice"));
    let at = dump.find(mapping.unwrap()).unwrap();
    let mapping = &dump[at..at + dump[at..].find(';').unwrap()];
    let port = cinema.remote.port();
    for (server, host, expected) in
        [("same", "127.0.0.1", Ok(ALICE.to_owned())), ("other", "localhost", Err(()))]
    {
        cinema.sql(&format!(
            "CREATE SERVER {server} FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '{host}', port '{port}', dbname 'postgres'); \
             CREATE FOREIGN TABLE whoami_{server} (account text) SERVER {server} \
                OPTIONS (table_name 'whoami'); GRANT SELECT ON whoami_{server} TO alice; {}",
            mapping.replace("SERVER cinema", &format!("SERVER {server}")),
        ));
        let alice = cinema.log_in("alice").await;
        let told = ask(&alice, &format!("SELECT account FROM whoami_{server}")).await;
        match expected {
            Ok(account) => assert_eq!(told.unwrap(), [account]),
            Err(()) => assert_eq!(told.unwrap_err(), UNBOUND.replace("cinema", server)),
        }
    }
    // A value that was bound to nothing is bound where it is stated.
    let cinema = Cinema::open();
    let dump = cinema.medley.psql("SELECT * FROM medley_dump('sealed')").unwrap();
    assert!(dump.contains("sealed:v1:") && !dump.contains(&user(ALICE)));
}
