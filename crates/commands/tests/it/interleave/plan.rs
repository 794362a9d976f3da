//! What the sessions of a case say, and in which order.
use std::fmt;

use super::random::Random;

pub const SESSIONS: usize = 4;

/// Transactions of four sessions, and choices of who goes on.
#[derive(Clone, Debug)]
pub struct Case {
    pub sessions: Vec<Vec<Transaction>>,
    pub choices: Vec<u64>,
}

/// Statements, BEGIN and COMMIT among them, or one by itself.
pub type Transaction = Vec<String>;

/// What is there before.
pub const SET_UP: &str = "\
create role r0; create role r1; create role r2; create schema c0;
create foreign data wrapper w0; create foreign data wrapper w1;
create server s0 foreign data wrapper w0; create server s1 foreign data wrapper w1;
create user mapping for r0 server s0; create user mapping for public server s1;
create foreign table t0 (a int, b text) server s0; create foreign table t1 (a int) server s1;
create view v0 as select a from t0;
grant usage on foreign server s0 to r1 with grant option; comment on server s1 is 'a server';";

/// What a statement is made of: `$s` is a server, and so on; `$m` a mark that is nowhere else.
#[rustfmt::skip]
const STATEMENTS: &[&str] = &[
    "create server $s version '$m' foreign data wrapper $w",
    "create server if not exists $s foreign data wrapper $w options (host '$m')",
    "alter server $s version '$m'",
    "alter server $s version '$m'",
    "alter server $s options (add host '$m')",
    "alter server $s options (set host '$m')",
    "alter server $s owner to $r",
    "alter server $s rename to $s",
    "drop server $s",
    "drop server if exists $s cascade",
    "create foreign data wrapper $w options (a '$m')",
    "alter foreign data wrapper $w options (add a '$m')",
    "alter foreign data wrapper $w owner to $r",
    "alter foreign data wrapper $w rename to $w",
    "drop foreign data wrapper $w",
    "drop foreign data wrapper if exists $w cascade",
    "create user mapping for $p server $s options (user '$m')",
    "create user mapping for $p server $s options (user '$m')",
    "create user mapping if not exists for $p server $s options (user '$m')",
    "alter user mapping for $p server $s options (add user '$m')",
    "alter user mapping for $p server $s options (set user '$m')",
    "drop user mapping for $p server $s",
    "create foreign table $t (a int, b text options (x '$m')) server $s",
    "create foreign table if not exists $t (a int) server $s options (x '$m')",
    "alter foreign table $t add column c$m int",
    "alter foreign table $t drop column b cascade",
    "alter foreign table $t rename column a to b",
    "alter foreign table $t alter column a options (add x '$m')",
    "alter foreign table $t options (add y '$m')",
    "alter foreign table $t owner to $r",
    "alter foreign table $t set schema $c",
    "alter foreign table $t rename to $n",
    "drop foreign table $t",
    "drop foreign table if exists $t cascade",
    "create view $v as select a from $n",
    "create view $v as select b from $n",
    "create view $v as select a from $v",
    "create or replace view $v as select a from $n",
    "alter view $v owner to $r",
    "drop view $v",
    "drop view $v cascade",
    "create role $r",
    "create role $r in role $r",
    "alter role $r connection limit 7",
    "alter role $r set search_path = '$m'",
    "alter role $r rename to $r",
    "drop role $r",
    "drop role if exists $r, $r",
    "grant $r to $r",
    "grant r0 to r1",
    "grant r1 to r2",
    "grant r2 to r0",
    "revoke r0 from r1",
    "revoke r1 from r2",
    "revoke r2 from r0",
    "grant $r to $r with admin option",
    "grant $r to $r granted by $r",
    "revoke $r from $r",
    "revoke admin option for $r from $r cascade",
    "grant usage on foreign server $s to $p",
    "grant usage on foreign server $s to $r with grant option",
    "revoke usage on foreign server $s from $p cascade",
    "grant usage on foreign data wrapper $w to $r",
    "grant select on $t to $p",
    "grant update (a) on $t to $r",
    "grant select on all tables in schema $c to $r",
    "revoke all on $t from $r",
    "grant create on schema $c to $r",
    "comment on server $s is '$m'",
    "comment on foreign table $t is '$m'",
    "comment on column $t.a is '$m'",
    "comment on role $r is '$m'",
    "comment on foreign data wrapper $w is null",
    "alter default privileges for role $r grant select on tables to $r",
    "alter default privileges for role $r in schema $c grant update on tables to $r",
    "alter default privileges for role $r revoke select on tables from $r",
    "reassign owned by $r to $r",
    "drop owned by $r",
    "drop owned by $r cascade",
    "create schema $c",
    "create schema $c authorization $r",
    "alter schema $c rename to $c",
    "drop schema $c",
    "drop schema if exists $c cascade",
];

impl Case {
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let sessions = (0..SESSIONS).map(|session| {
            let mut writer = Writer { random: &mut random, session, marks: 0 };
            (0..3 + writer.random.below(4)).map(|_| writer.transaction()).collect()
        });
        let sessions = sessions.collect();
        let choices = (0..256).map(|_| random.next()).collect();
        Self { sessions, choices }
    }
}

struct Writer<'a> {
    random: &'a mut Random,
    session: usize,
    marks: usize,
}

impl Writer<'_> {
    fn transaction(&mut self) -> Transaction {
        if self.random.chance(25) {
            return vec![self.statement()];
        }
        let mut statements = vec!["begin;".to_owned()];
        for _ in 0..1 + self.random.below(4) {
            match self.random.chance(20) {
                true => self.savepoint(&mut statements),
                false => statements.push(self.statement()),
            }
        }
        statements.push(if self.random.chance(80) { "commit;" } else { "rollback;" }.to_owned());
        statements
    }

    fn savepoint(&mut self, statements: &mut Transaction) {
        statements.push("savepoint a;".to_owned());
        for _ in 0..1 + self.random.below(2) {
            statements.push(self.statement());
        }
        if self.random.chance(70) {
            statements.push("rollback to a;".to_owned());
        }
        if self.random.chance(30) {
            statements.push("release a;".to_owned());
        }
    }

    fn statement(&mut self) -> String {
        let mut rest = *self.random.pick(STATEMENTS);
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once('$') {
            text.push_str(before);
            let (kind, after) = after.split_at(1);
            text.push_str(&self.name(kind));
            rest = after;
        }
        text + rest + ";"
    }

    fn name(&mut self, kind: &str) -> String {
        // Half of all is about the first of its kind, so that sessions meet.
        let below = |random: &mut Random, limit| match random.chance(50) {
            true => 0,
            false => random.below(limit),
        };
        match kind {
            "m" => {
                self.marks += 1;
                format!("m{}x{}x", self.session, self.marks)
            }
            "w" => format!("w{}", below(self.random, 2)),
            "s" => format!("s{}", below(self.random, 3)),
            "r" => format!("r{}", below(self.random, 4)),
            "v" => format!("v{}", below(self.random, 2)),
            "n" => format!("t{}", below(self.random, 3)),
            "p" if self.random.chance(35) => "public".to_owned(),
            "p" => self.name("r"),
            "c" if self.random.chance(40) => "public".to_owned(),
            "c" => format!("c{}", below(self.random, 2)),
            "t" if self.random.chance(20) => format!("{}.{}", self.name("c"), self.name("n")),
            "t" => self.name("n"),
            other => panic!("${other} is nothing"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, transactions) in self.sessions.iter().enumerate() {
            for transaction in transactions {
                writeln!(f, "{number}: {}", transaction.join(" "))?;
            }
        }
        Ok(())
    }
}
