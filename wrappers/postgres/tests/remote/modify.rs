//! Rows changed at the remote.
use futures::StreamExt;
use medley_fdw::{Begin, Error, Isolation, Modify, Report, SqlConnection, SqlState, TableName};
use medley_types::PgType;

use crate::fixture::{alice, cluster, print, query, refused};

const BEGIN: Begin<'static> =
    Begin { isolation: Isolation::RepeatableRead, read_only: false, snapshot: None };

fn runs(sql: &str, runs: &[&[Option<&str>]], returning: &[PgType]) -> Modify {
    let run = |run: &&[Option<&str>]| run.iter().map(|it| it.map(str::to_owned)).collect();
    Modify {
        sql: sql.into(),
        types: vec![PgType::TEXT; runs.first().map_or(0, |run| run.len())],
        runs: runs.iter().map(run).collect(),
        returning: (!returning.is_empty()).then(|| query("", returning).schema),
    }
}

fn table(name: &str) -> TableName {
    TableName { schema: Some("public".to_owned()), table: name.to_owned() }
}

async fn rows(connection: &mut dyn SqlConnection, name: &str) -> String {
    let sql = format!("SELECT a, b FROM public.{name} ORDER BY a");
    print(connection, query(&sql, &[PgType::INT4, PgType::TEXT])).await.expect("rows")
}

#[tokio::test]
async fn a_statement_runs_once_for_each_list_of_parameters() {
    cluster().psql("CREATE TABLE many (a int, b text); GRANT ALL ON many TO PUBLIC").expect("made");
    let mut connection = alice(&[]).await;
    connection.begin(BEGIN).await.expect("begun");
    let insert = runs(
        "INSERT INTO public.many(a, b) VALUES ($1, $2) RETURNING a * 10, b",
        &[&[Some("1"), Some("x\\y")], &[Some("2"), None]],
        &[PgType::INT4, PgType::TEXT],
    );
    let modified = connection.modify(insert).await.expect("inserted");
    assert_eq!(modified.counts, [1, 1]);
    assert_eq!(modified.returned.iter().map(|batch| batch.num_rows()).sum::<usize>(), 2);
    let update = runs(
        "UPDATE public.many SET b = $2 WHERE a >= $1",
        &[&[Some("1"), Some("p")], &[Some("2"), Some("q")], &[Some("3"), Some("r")]],
        &[],
    );
    assert_eq!(connection.modify(update).await.expect("updated").counts, [2, 1, 0]);
    connection.commit().await.expect("kept");
    assert_eq!(rows(connection.as_mut(), "many").await, "1|p\n2|q");
}

/// More runs, and more bytes, than are under way at once.
#[tokio::test]
async fn many_runs_do_not_wait_for_each_other() {
    cluster().psql("CREATE TABLE lots (a int, b text); GRANT ALL ON lots TO PUBLIC").expect("made");
    let mut connection = alice(&[]).await;
    connection.begin(BEGIN).await.expect("begun");
    let long = "x".repeat(1000);
    let numbers: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    let lists: Vec<[Option<&str>; 2]> =
        numbers.iter().map(|it| [Some(it.as_str()), Some(long.as_str())]).collect();
    let lists: Vec<&[Option<&str>]> = lists.iter().map(|it| it.as_slice()).collect();
    let sql = "INSERT INTO public.lots(a, b) VALUES ($1, $2) RETURNING b";
    let modified = connection.modify(runs(sql, &lists, &[PgType::TEXT])).await.expect("inserted");
    assert_eq!(modified.total(), 5000);
    assert_eq!(modified.returned.iter().map(|batch| batch.num_rows()).sum::<usize>(), 5000);
    connection.rollback().await.expect("undone");
    assert_eq!(rows(connection.as_mut(), "lots").await, "");
}

#[tokio::test]
async fn what_the_remote_refuses_ends_the_runs_and_is_passed_on() {
    let made = "CREATE TABLE keyed (a int PRIMARY KEY, b text); GRANT ALL ON keyed TO PUBLIC";
    cluster().psql(made).expect("made");
    let mut connection = alice(&[]).await;
    connection.begin(BEGIN).await.expect("begun");
    let sql = "INSERT INTO public.keyed(a, b) VALUES ($1, $2)";
    let insert = runs(sql, &[&[Some("1"), None], &[Some("1"), None], &[Some("2"), None]], &[]);
    let expected = format!(
        "23505 duplicate key value violates unique constraint \"keyed_pkey\"\n\
         D: Key (a)=(1) already exists.\nC: remote SQL command: {sql}"
    );
    assert_eq!(refused(connection.modify(insert).await), expected);
    connection.rollback().await.expect("undone");
    assert_eq!(rows(connection.as_mut(), "keyed").await, "");
}

#[tokio::test]
async fn rows_are_loaded_by_copy() {
    let made = "CREATE TABLE loaded (a int, b text CHECK (b <> 'no')); \
                CREATE VIEW loaded_view AS SELECT * FROM loaded; \
                CREATE TABLE always (a int GENERATED ALWAYS AS IDENTITY, b text); \
                GRANT ALL ON loaded, loaded_view, always TO PUBLIC";
    cluster().psql(made).expect("made");
    let mut connection = alice(&[]).await;
    let columns = ["a".to_owned(), "b".to_owned()];
    for (name, expected) in [("loaded", true), ("loaded_view", false), ("always", false)] {
        let can = connection.can_copy_in(&table(name), &columns).await.expect("known");
        assert_eq!(can, expected, "{name}");
    }
    let read = |sql: &'static str| async move {
        let mut other = alice(&[]).await;
        let batches = other.query(query(sql, &[PgType::INT4, PgType::TEXT]));
        batches.collect::<Vec<_>>().await
    };
    connection.begin(BEGIN).await.expect("begun");
    let some =
        read("SELECT g, NULLIF(E'a\\tb\\\\' || g, E'a\\tb\\\\2') FROM generate_series(1, 3) g")
            .await;
    let some: medley_fdw::Batches<'static> = futures::stream::iter(some).boxed();
    let copied = connection.copy_in(&table("loaded"), &columns, some).await.expect("loaded");
    assert_eq!(copied, 3);
    assert_eq!(rows(connection.as_mut(), "loaded").await, "1|a\tb\\1\n2|\n3|a\tb\\3");
    connection.commit().await.expect("kept");

    // What the remote refuses, and what goes wrong here.
    connection.begin(BEGIN).await.expect("begun");
    let bad = read(
        "SELECT g, CASE WHEN g > 30000 THEN 'no' ELSE 'yes' END FROM generate_series(1, 60000) g",
    );
    let bad: medley_fdw::Batches<'static> = futures::stream::iter(bad.await).boxed();
    let outcome = refused(connection.copy_in(&table("loaded"), &columns, bad).await);
    assert!(outcome.starts_with("23514 new row for relation \"loaded\" violates"), "{outcome}");
    connection.rollback().await.expect("undone");
    connection.begin(BEGIN).await.expect("begun");
    let failing =
        futures::stream::iter(read("SELECT 9, 'x'").await).chain(futures::stream::once(async {
            Err(Error::refused(Report::error(SqlState::DIVISION_BY_ZERO, "division by zero")))
        }));
    let outcome = refused(connection.copy_in(&table("loaded"), &columns, failing.boxed()).await);
    assert_eq!(outcome, "22012 division by zero");
    connection.rollback().await.expect("undone");
    assert_eq!(rows(connection.as_mut(), "loaded").await.lines().count(), 3);
    assert!(connection.reset().await);
}
