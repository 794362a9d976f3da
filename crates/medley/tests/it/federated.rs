//! The join of five sources that README.md shows, as three people.
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use medley_testkit::{MariaDb, Medley, ObjectStore, Postgres, TempFolder};

use crate::files::make::parquet;
use crate::readme::blocks;

const FILMS: &str = "\
    CREATE TABLE films (id int, title text, year int); \
    INSERT INTO films VALUES (1, 'Metropolis', 1927), (2, 'Ran', 1985), (3, 'Yi Yi', 2000); \
    ALTER TABLE films ENABLE ROW LEVEL SECURITY; \
    CREATE POLICY everything ON films TO archive_alice USING (true); \
    CREATE POLICY old ON films TO archive_bob USING (year < 1950); \
    GRANT SELECT ON films TO archive_alice, archive_bob";

const RATINGS: &str = "\
    CREATE DATABASE cinema; CREATE TABLE cinema.ratings (film INT, stars INT); \
    INSERT INTO cinema.ratings VALUES (1, 3), (1, 5), (1, 4), (2, 5), (3, 4), (3, 5); \
    GRANT SELECT ON cinema.* TO maria_alice@'127.0.0.1'; \
    GRANT SELECT ON cinema.* TO maria_bob@'127.0.0.1'";

const VISITS: &str = "CREATE TABLE visits (film INTEGER, person TEXT); \
    INSERT INTO visits VALUES (1, 'ann'), (1, 'ben'), (1, 'eve'), (2, 'ann'), (3, 'ben'), (3, 'eve')";

const PRICES: &str = "year,price\n2023,10.00\n2024,12.05\n";

/// What is sold in a year.
const TICKETS: [(i32, [i32; 3], [i64; 3]); 2] =
    [(2023, [1, 2, 3], [48, 110, 41]), (2024, [1, 2, 3], [40, 0, 0])];

struct World {
    archive: Postgres,
    opinions: MariaDb,
    store: ObjectStore,
    folder: TempFolder,
    medley: Medley,
}

impl World {
    fn open() -> Self {
        let archive = Postgres::start().unwrap();
        archive.create_account("archive_alice", "a-1").unwrap();
        archive.create_account("archive_bob", "b-1").unwrap();
        archive.psql(FILMS).unwrap();
        let opinions = MariaDb::start().unwrap();
        opinions.create_account("maria_alice", "a-2").unwrap();
        opinions.create_account("maria_bob", "b-2").unwrap();
        opinions.sql(RATINGS).unwrap();
        let store = ObjectStore::start("key", "secret").unwrap();
        for (year, films, sold) in TICKETS {
            let film: ArrayRef = Arc::new(Int32Array::from(films.to_vec()));
            let sold: ArrayRef = Arc::new(Int64Array::from(sold.to_vec()));
            let batch = RecordBatch::try_from_iter([("film", film), ("sold", sold)]).unwrap();
            let key = format!("tickets/year={year}/a.parquet");
            store.put("cinema", &key, &parquet(&batch)).unwrap();
        }
        let folder = TempFolder::new().unwrap();
        let diary = folder.join("diary.db");
        let program =
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
        let mut python = folder.command("python3");
        assert!(python.args(["-c", program]).arg(&diary).arg(VISITS).status().unwrap().success());
        fs::write(folder.join("prices.csv"), PRICES).unwrap();
        let medley = crate::medley();
        let world = Self { archive, opinions, store, folder, medley };
        world.define();
        world
    }

    /// What README says, of where things are here.
    fn define(&self) {
        let said = blocks("pgsql").concat();
        let here = [
            ("port '5432'", format!("port '{}'", self.archive.port())),
            ("port '3306'", format!("port '{}'", self.opinions.port())),
            ("127.0.0.1:9000", self.store.endpoint()),
            ("/srv/cinema/", format!("{}/", Path::new(&self.folder.join("")).display())),
        ];
        let said = here.iter().fold(said, |said, (there, here)| {
            assert!(said.contains(there), "{there}");
            said.replace(there, here)
        });
        let people = "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN;";
        self.medley.psql(&format!("{people} {said}")).unwrap();
    }

    /// What psql prints.
    fn shown(&self, person: &str) -> String {
        let mut psql = self.medley.psql_command(person, "").unwrap();
        let query = "SELECT * FROM earnings ORDER BY earned";
        let output = psql.args(["-c", query]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        format!("{}{}", text(output.stdout), text(output.stderr))
    }
}

#[test]
fn five_sources_are_joined_by_each_as_themselves() {
    let world = World::open();
    let expected = blocks("text");
    assert_eq!(expected.len(), 3);
    for (person, expected) in ["alice", "bob", "carol"].into_iter().zip(&expected) {
        assert_eq!(plain(&world.shown(person)), plain(expected), "{person}");
    }
}

/// Without the blanks at the ends of lines, which README has not.
fn plain(shown: &str) -> Vec<&str> {
    shown.trim_end().lines().map(str::trim_end).collect()
}
