//! A session that is lent again is as it was, whatever it ran.
use crate::fixture::{alice, cluster, print, query};
use medley_fdw::SqlConnection;
use medley_types::PgType;

async fn one(connection: &mut dyn SqlConnection, sql: &str) -> String {
    print(connection, query(sql, &[PgType::TEXT])).await.expect("a row")
}

/// What a statement can leave behind, and how that is seen.
const LEFT: &[(&str, &str)] = &[
    ("SELECT set_config('role', 'only_tls', false)", "SELECT current_user::text"),
    ("SELECT set_config('search_path', 'public', false)", "SHOW search_path"),
    ("SELECT set_config('TimeZone', 'Asia/Tokyo', false)", "SHOW timezone"),
    ("SELECT set_config('statement_timeout', '1h', false)", "SHOW statement_timeout"),
    (
        "SELECT set_config('default_transaction_read_only', 'on', false)",
        "SHOW default_transaction_read_only",
    ),
    (
        "SELECT set_config('my.own', 'x', false)",
        "SELECT coalesce(nullif(current_setting('my.own', true), ''), 'none')",
    ),
    (
        "SELECT pg_advisory_lock(4711)::text",
        "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    ),
    (
        "SELECT public.leave_a_table()",
        "SELECT count(*)::text FROM pg_class WHERE relname = 'left_behind' AND pg_table_is_visible(oid)",
    ),
    ("SELECT set_config('application_name', 'x', false)", "SHOW application_name"),
];

#[tokio::test]
async fn what_a_statement_left_is_gone() {
    cluster()
        .psql(
            "GRANT only_tls TO alice; \
             CREATE OR REPLACE FUNCTION public.leave_a_table() RETURNS text LANGUAGE plpgsql AS \
             $$ BEGIN CREATE TEMP TABLE left_behind (a int); RETURN 'x'; END $$",
        )
        .expect("definitions");
    for (leaving, look) in LEFT {
        let mut connection = alice(&[]).await;
        let before = one(connection.as_mut(), look).await;
        let process = one(connection.as_mut(), "SELECT pg_backend_pid()::text").await;
        one(connection.as_mut(), leaving).await;
        let left = one(connection.as_mut(), look).await;
        assert_ne!(left, before, "{leaving} leaves nothing");
        // Asked twice, it is reset once.
        assert!(connection.reset().await && connection.reset().await);
        connection.begin_query("1");
        let after = one(connection.as_mut(), look).await;
        let named = look.contains("application_name").then(|| "postgres_fdw/1".to_owned());
        assert_eq!(after, named.unwrap_or(before), "{leaving}");
        let same = one(connection.as_mut(), "SELECT pg_backend_pid()::text").await;
        assert_eq!(same, process);
    }
}

#[tokio::test]
async fn an_idle_session_is_called_by_no_statement() {
    let mut connection = alice(&[]).await;
    connection.begin_query("17");
    let process = one(connection.as_mut(), "SELECT pg_backend_pid()::text").await;
    let name = || {
        let sql = format!("SELECT application_name FROM pg_stat_activity WHERE pid = {process}");
        cluster().psql(&sql).expect("a row")
    };
    assert_eq!(name(), "postgres_fdw/17");
    assert!(connection.reset().await);
    for _ in 0..100 {
        if name() == "postgres_fdw" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it is still called {}", name());
}

/// What a reset costs whoever comes at once.
#[tokio::test]
#[ignore = "a measurement"]
async fn what_a_reset_costs() {
    let mut connection = alice(&[]).await;
    for _ in 0..3 {
        for resets in [false, true] {
            let since = std::time::Instant::now();
            for _ in 0..2000 {
                assert!(!resets || connection.reset().await);
                one(connection.as_mut(), "SELECT 'x'").await;
            }
            println!("reset {resets}: {:?} a query", since.elapsed() / 2000);
        }
    }
}
