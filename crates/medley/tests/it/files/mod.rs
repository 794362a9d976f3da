//! Files and object stores, end to end.
pub mod make;

use medley_testkit::{Medley, ObjectStore};
use tokio_postgres::Client;

use crate::cinema::ask;
use make::Folder;

const KEY: &str = "ALICES-KEY";
const SECRET: &str = "alices-secret-access-key";

/// A Medley, and a folder of files that it may read.
struct World {
    folder: Folder,
    medley: Medley,
    client: Client,
}

impl World {
    async fn open() -> Self {
        let folder = Folder::new();
        let medley = crate::medley();
        medley.psql("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw").unwrap();
        let client = medley.connect_as_superuser().await.unwrap();
        Self { folder, medley, client }
    }

    /// Declares a table of these columns over a file of the folder.
    fn table(&self, name: &str, columns: &str, file: &str, options: &str) {
        let path = self.folder.path().join(file);
        let path = path.display();
        let sql = format!(
            "CREATE FOREIGN TABLE {name} ({columns}) SERVER files \
             OPTIONS (filename '{path}'{options})"
        );
        self.medley.psql(&sql).unwrap();
    }

    async fn check(&self, query: &str, expected: &str) {
        let told = match ask(&self.client, query).await {
            Ok(rows) => rows.join(" / "),
            Err(error) => error,
        };
        assert_eq!(told, expected, "{query}");
    }

    async fn fails(&self, query: &str, expected: &str) {
        let error = ask(&self.client, query).await.unwrap_err();
        assert!(error.contains(expected), "{query}: {error}");
    }
}

#[tokio::test]
async fn values_of_parquet_are_read_exactly_or_not_at_all() {
    let world = World::open().await;
    world.folder.parquet("kinds.parquet", &make::kinds());
    let all = "id bigint, title text, price numeric(8,2), at timestamptz, tags text[], \
               big numeric(20,0), fine timestamp, nested jsonb, day date, raw bytea, flag bool";
    world.table("kinds", all, "kinds.parquet", ", format 'parquet'");
    world
        .check(
            "SELECT id, title, price, at, tags, big, nested, day, raw, flag FROM kinds ORDER BY id",
            "1|one|1.50|2024-01-02 03:04:05.000006+00|{a,b}|18446744073709551615|\
             {\"x\": 1, \"y\": \"z\"}|2024-02-29|\\x01ff|t / \
             2|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
        )
        .await;
    world.fails("SELECT fine FROM kinds", "more precise").await;
    world.table("narrow", "id smallint, title int", "kinds.parquet", ", format 'parquet'");
    world.check("SELECT id FROM narrow WHERE id = 2", "2").await;
    world.fails("SELECT title FROM narrow", "invalid input syntax for type integer").await;
    world.table("wrong", "id text, flag int, other int", "kinds.parquet", ", format 'parquet'");
    world.fails("SELECT id FROM wrong", "as type text").await;
    world.fails("SELECT flag FROM wrong", "as type integer").await;
    world.fails("SELECT other FROM wrong", "has no column \"other\"").await;
    world.check("SELECT count(*) FROM wrong", "2").await;
    std::fs::write(world.folder.path().join("broken.parquet"), "no parquet at all").unwrap();
    world.table("broken", "id int", "broken.parquet", ", format 'parquet'");
    world.fails("SELECT id FROM broken", "could not read file").await;
}

#[tokio::test]
async fn conditions_and_parts_of_paths_leave_out_files_and_never_rows() {
    let world = World::open().await;
    for year in [2022, 2023, 2024] {
        let numbers: Vec<i64> = (0..1000).map(|i| i + i64::from(year)).collect();
        world.folder.parquet(&format!("years/year={year}/a.parquet"), &make::numbers(&numbers));
    }
    std::fs::write(world.folder.path().join("years/year=2024/_SUCCESS"), "").unwrap();
    world.table("years", "n bigint, year int", "years", ", format 'parquet'");
    world.check("SELECT count(*), min(year), max(year) FROM years", "3000|2022|2024").await;
    world
        .check(
            "SELECT year, count(*) FROM years WHERE year > 2022 GROUP BY 1 ORDER BY 1",
            "2023|1000 / 2024|1000",
        )
        .await;
    world
        .check(
            "SELECT n, year FROM years WHERE n = 2024 ORDER BY year",
            "2024|2022 / 2024|2023 / 2024|2024",
        )
        .await;
    world
        .check("SELECT count(*) FROM years WHERE n BETWEEN 2030 AND 2039 AND year <> 2023", "20")
        .await;
    world.check("SELECT count(*) FROM years WHERE n IN (2022, 2023, 9999)", "3").await;
    world.check("SELECT count(*) FROM years WHERE n IS NULL OR year IS NULL", "0").await;
    // What is left out is not opened: it is no Parquet.
    std::fs::create_dir(world.folder.path().join("years/year=2025")).unwrap();
    std::fs::write(world.folder.path().join("years/year=2025/b.parquet"), "none").unwrap();
    world.check("SELECT count(*) FROM years WHERE year < 2025", "3000").await;
    world.fails("SELECT count(*) FROM years", "could not read file").await;
    world.table("two", "n bigint, year int", "years/year=202[34]/*.parquet", ", format 'parquet'");
    world.check("SELECT count(*), min(year) FROM two", "2000|2023").await;
}

#[tokio::test]
async fn json_and_packed_csv_are_read() {
    let world = World::open().await;
    let json = "{\"id\": 1, \"title\": \"a\\u00e4\", \"more\": {\"x\": [1, 2]}}\n\n\
                {\"title\": null, \"id\": 1.5e1, \"x\": 3}\n";
    std::fs::write(world.folder.path().join("a.json"), json).unwrap();
    world.table("j", "id numeric, title text, more jsonb", "a.json", ", format 'json'");
    world.check("SELECT * FROM j", "1|aä|{\"x\": [1, 2]} / 15|NULL|NULL").await;
    world.table("wrong", "id int, title int", "a.json", ", format 'json'");
    world.fails("SELECT title FROM wrong", "invalid input syntax for type integer: \"aä\"").await;
    world.folder.gzip("parts/day=2024-01-01/a.csv.gz", "1,x\n2,y\n");
    world.folder.zstd("parts/day=2024-01-02/a.csv.zst", "3,z\n");
    world.table("packed", "id int, t text, day date", "parts/", ", format 'csv'");
    world
        .check(
            "SELECT * FROM packed ORDER BY id",
            "1|x|2024-01-01 / 2|y|2024-01-01 / 3|z|2024-01-02",
        )
        .await;
    world.check("SELECT t FROM packed WHERE day = '2024-01-02'", "z").await;
}

#[tokio::test]
async fn a_long_file_is_read_in_order_and_at_once() {
    let world = World::open().await;
    let lines: String = (0..200_000).map(|i| format!("{i},line {i}\n")).collect();
    std::fs::write(world.folder.path().join("long.csv"), lines).unwrap();
    world.table("long", "id int, t text", "long.csv", ", format 'csv'");
    world
        .check("SELECT count(*), sum(id::bigint), min(t) FROM long", "200000|19999900000|line 0")
        .await;
    let rows = ask(&world.client, "SELECT id FROM long").await.unwrap();
    assert!(rows.iter().enumerate().all(|(i, id)| *id == i.to_string()));
    world.check("SELECT id FROM long LIMIT 1", "0").await;
}

#[tokio::test]
async fn what_is_this_servers_own_is_not_read() {
    let world = World::open().await;
    let data = world.medley.data_folder();
    std::os::unix::fs::symlink(&data, world.folder.path().join("link")).unwrap();
    for file in ["link/medley.toml", "link/master.key", "/proc/self/environ", "/dev/zero"] {
        world.table("secret", "line text", file, "");
        world.fails("SELECT * FROM secret", "Permission denied").await;
        world.medley.psql("DROP FOREIGN TABLE secret").unwrap();
    }
    world
        .medley
        .psql("CREATE FOREIGN TABLE p (line text) SERVER files OPTIONS (program 'id')")
        .unwrap();
    world.fails("SELECT * FROM p", "not supported by this configuration").await;
}

#[tokio::test]
async fn an_object_store_knows_who_reads() {
    let store = ObjectStore::start(KEY, SECRET).unwrap();
    for year in [2023, 2024] {
        let file = make::parquet(&make::numbers(&[1, 2, year]));
        store.put("films", &format!("all/year={year}/a.parquet"), &file).unwrap();
    }
    let medley = crate::medley();
    let endpoint = store.endpoint();
    let sql = format!(
        "CREATE SERVER s3 FOREIGN DATA WRAPPER parquet_s3_fdw \
            OPTIONS (use_minio 'true', endpoint '{endpoint}', region 'us-east-1'); \
         CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN; \
         CREATE USER MAPPING FOR alice SERVER s3 OPTIONS (user '{KEY}', password '{SECRET}'); \
         CREATE USER MAPPING FOR bob SERVER s3 OPTIONS (user '{KEY}', password 'bobs-guess'); \
         CREATE FOREIGN TABLE films (n bigint, year int) SERVER s3 \
            OPTIONS (dirname 's3://films/all'); \
         CREATE FOREIGN TABLE one (n bigint) SERVER s3 \
            OPTIONS (filename 's3://films/all/year=2023/a.parquet'); \
         GRANT SELECT ON films, one TO PUBLIC; GRANT USAGE ON FOREIGN SERVER s3 TO alice; \
         GRANT CREATE ON SCHEMA public TO alice"
    );
    medley.psql(&sql).unwrap();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|role| medley.connect(role, ""));
    let (alice, bob, carol) = (alice.await.unwrap(), bob.await.unwrap(), carol.await.unwrap());
    for _ in 0..2 {
        let rows = ask(&alice, "SELECT year, sum(n) FROM films GROUP BY 1 ORDER BY 1").await;
        assert_eq!(rows.unwrap(), ["2023|2026", "2024|2027"]);
        assert_eq!(ask(&alice, "SELECT count(*) FROM one WHERE n > 1").await.unwrap(), ["2"]);
        for table in ["films", "one"] {
            let refused = ask(&bob, &format!("SELECT count(*) FROM {table}")).await.unwrap_err();
            assert!(refused.contains("the object store"), "{refused}");
            assert!(!refused.contains("guess") && !refused.contains(SECRET), "{refused}");
            let unmapped = ask(&carol, &format!("SELECT count(*) FROM {table}")).await;
            assert!(unmapped.unwrap_err().starts_with("42704"));
        }
    }
    let imported = "IMPORT FOREIGN SCHEMA \"s3://films\" FROM SERVER s3 INTO public";
    ask(&alice, imported).await.unwrap();
    let rows = ask(&alice, "SELECT count(*), min(year) FROM \"all\"").await;
    assert_eq!(rows.unwrap(), ["6|2023"]);
    // Whoever may not read this machine's files names none.
    let local = "CREATE FOREIGN TABLE mine (a int) SERVER s3 OPTIONS (filename '/etc/passwd')";
    assert!(ask(&alice, local).await.unwrap_err().starts_with("42501"));
}
