//! Inside a view it is its owner who reads.
use crate::cinema::{ALICE, BOB, Cinema, account, ask};

/// Two views of equal text, alice's and bob's, that carol may read.
fn cinema() -> Cinema {
    let cinema = Cinema::open();
    cinema.sql(
        "CREATE SCHEMA a AUTHORIZATION alice; CREATE SCHEMA b AUTHORIZATION bob; \
         SET ROLE alice; CREATE VIEW a.me AS SELECT account FROM public.whoami; RESET ROLE; \
         SET ROLE bob; CREATE VIEW b.me AS SELECT account FROM public.whoami; RESET ROLE; \
         GRANT USAGE ON SCHEMA a, b TO carol; GRANT SELECT ON a.me, b.me TO carol; \
         REVOKE SELECT ON whoami FROM PUBLIC; GRANT SELECT ON whoami TO alice, bob",
    );
    cinema
}

#[tokio::test]
async fn two_views_of_equal_text_are_two_accounts_in_one_statement() {
    let cinema = cinema();
    let carol = cinema.log_in("carol").await;
    let both = format!("{ALICE}|{BOB}");
    for sql in [
        "SELECT x.account, y.account FROM a.me x CROSS JOIN b.me y",
        "SELECT x.account, y.account FROM a.me x JOIN b.me y ON x.account <> y.account",
        "SELECT (SELECT account FROM a.me), (SELECT account FROM b.me)",
        "SELECT x.account, (SELECT account FROM b.me) FROM a.me x",
        "WITH x AS (SELECT * FROM a.me), y AS (SELECT * FROM b.me) SELECT * FROM x, y",
    ] {
        let rows = ask(&carol, sql).await;
        assert_eq!(rows, Ok(vec![both.clone()]), "{sql}");
    }
    for sql in [
        "SELECT account FROM a.me UNION ALL SELECT account FROM b.me ORDER BY 1",
        "SELECT account FROM a.me UNION SELECT account FROM b.me ORDER BY account",
        "SELECT account FROM (SELECT * FROM a.me UNION ALL SELECT * FROM b.me) u ORDER BY 1",
    ] {
        assert_eq!(ask(&carol, sql).await, Ok(vec![ALICE.to_owned(), BOB.to_owned()]), "{sql}");
    }
    assert_eq!(
        ask(&carol, "SELECT account FROM a.me EXCEPT SELECT account FROM b.me").await,
        Ok(vec![ALICE.to_owned()])
    );
    let count = "SELECT count(*) FROM a.me x JOIN b.me y USING (account)";
    assert_eq!(ask(&carol, count).await, Ok(vec!["0".to_owned()]));
}

#[tokio::test]
async fn the_innermost_view_decides_and_an_invoker_view_does_not() {
    let cinema = cinema();
    cinema.sql(
        "GRANT USAGE ON SCHEMA a TO bob; GRANT SELECT ON a.me TO bob; \
         SET ROLE bob; CREATE VIEW b.outer_view AS SELECT * FROM a.me; \
         CREATE VIEW b.invoked WITH (security_invoker = true) AS SELECT account FROM public.whoami; \
         RESET ROLE; GRANT SELECT ON b.outer_view, b.invoked TO carol, alice; GRANT USAGE ON SCHEMA b TO alice",
    );
    let carol = cinema.log_in("carol").await;
    assert_eq!(ask(&carol, "SELECT * FROM b.outer_view").await, Ok(vec![ALICE.to_owned()]));
    assert_eq!(
        ask(&carol, "SELECT * FROM b.invoked").await,
        Err("42501: permission denied for foreign table whoami".to_owned())
    );
    let alice = cinema.log_in("alice").await;
    assert_eq!(ask(&alice, "SELECT * FROM b.invoked").await, Ok(vec![ALICE.to_owned()]));
    // What the owner may not read any more, nobody reads through the view.
    cinema.sql("REVOKE SELECT ON whoami FROM alice");
    assert_eq!(
        ask(&carol, "SELECT * FROM a.me").await,
        Err("42501: permission denied for foreign table whoami".to_owned())
    );
    assert_eq!(
        account(&carol).await.unwrap_err(),
        "42501: permission denied for foreign table whoami"
    );
}
