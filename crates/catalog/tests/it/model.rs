//! Random transactions with savepoints, against a model that is a plain map.
use std::collections::BTreeMap;

use medley_catalog::ids::{RoleOid, RoleOrPublic, ServerOid};
use medley_catalog::objects::UserMapping;
use medley_catalog::{Savepoint, Snapshot, Transaction};
use proptest::prelude::*;

use crate::fixture::{Fixture, Make, SUPERUSER, options};

const ROLES: usize = 4;
const SERVERS: usize = 3;

/// What is known of the mappings: (role, server) to the value of an option.
type Model = BTreeMap<(usize, usize), String>;

#[derive(Clone, Debug)]
enum Step {
    Create {
        role: usize,
        server: usize,
    },
    Alter {
        role: usize,
        server: usize,
    },
    Drop {
        role: usize,
        server: usize,
    },
    Savepoint,
    RollbackTo(usize),
    Release(usize),
    Commit,
    Rollback,
    Reopen,
    /// Another session commits something meanwhile.
    Meanwhile,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pair = || (0..ROLES, 0..SERVERS);
    let step = prop_oneof![
        6 => pair().prop_map(|(role, server)| Step::Create { role, server }),
        4 => pair().prop_map(|(role, server)| Step::Alter { role, server }),
        3 => pair().prop_map(|(role, server)| Step::Drop { role, server }),
        3 => Just(Step::Savepoint),
        2 => (0..4_usize).prop_map(Step::RollbackTo),
        1 => (0..4_usize).prop_map(Step::Release),
        3 => Just(Step::Commit),
        1 => Just(Step::Rollback),
        1 => Just(Step::Reopen),
        1 => Just(Step::Meanwhile),
    ];
    proptest::collection::vec(step, 1..40)
}

/// The catalog and the model, side by side.
struct Pair {
    fixture: Option<Fixture>,
    roles: Vec<RoleOid>,
    servers: Vec<ServerOid>,
    committed: Model,
    pending: Model,
    tx: Option<Transaction>,
    savepoints: Vec<(Savepoint, Model)>,
    counter: u32,
}

impl Pair {
    fn new() -> Self {
        let fixture = Fixture::new();
        let (roles, servers) = fixture.run(|tx| {
            let roles = (0..ROLES).map(|n| tx.role(&format!("r{n}"))).collect();
            let servers = (0..SERVERS).map(|n| tx.server(&format!("s{n}"), SUPERUSER)).collect();
            (roles, servers)
        });
        Self {
            fixture: Some(fixture),
            roles,
            servers,
            committed: Model::new(),
            pending: Model::new(),
            tx: None,
            savepoints: Vec::new(),
            counter: 0,
        }
    }

    fn fixture(&self) -> &Fixture {
        self.fixture.as_ref().unwrap()
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Create { role, server } => self.create(role, server),
            Step::Alter { role, server } => self.alter(role, server),
            Step::Drop { role, server } => self.drop(role, server),
            Step::Savepoint => {
                let savepoint = self.tx().savepoint();
                self.savepoints.push((savepoint, self.pending.clone()));
            }
            Step::RollbackTo(index) if index < self.savepoints.len() => {
                let (savepoint, model) = self.savepoints[index].clone();
                self.savepoints.truncate(index + 1);
                self.tx().rollback_to(savepoint).unwrap();
                self.pending = model;
            }
            Step::Release(index) if index < self.savepoints.len() => {
                let (savepoint, _) = self.savepoints[index].clone();
                self.savepoints.truncate(index);
                self.tx().release(savepoint).unwrap();
            }
            Step::RollbackTo(_) | Step::Release(_) => {}
            Step::Commit => self.end(true),
            Step::Rollback => self.end(false),
            Step::Reopen => {
                self.end(false);
                self.fixture = self.fixture.take().map(Fixture::reopened);
            }
            Step::Meanwhile => {
                self.counter += 1;
                let name = format!("meanwhile {}", self.counter);
                self.fixture().run(|tx| tx.role(&name));
            }
        }
        self.compare();
    }

    fn tx(&mut self) -> &mut Transaction {
        let Self { tx, fixture, .. } = self;
        tx.get_or_insert_with(|| fixture.as_ref().unwrap().begin())
    }

    fn user(&self, role: usize) -> RoleOrPublic {
        if role == 0 { RoleOrPublic::Public } else { self.roles[role].into() }
    }

    fn value(&mut self) -> String {
        self.counter += 1;
        self.counter.to_string()
    }

    fn create(&mut self, role: usize, server: usize) {
        if self.pending.contains_key(&(role, server)) {
            return;
        }
        let (user, oid, value) = (self.user(role), self.servers[server], self.value());
        self.tx().mapping(user, oid, &[("user", &value)]);
        self.pending.insert((role, server), value);
    }

    fn alter(&mut self, role: usize, server: usize) {
        if !self.pending.contains_key(&(role, server)) {
            return;
        }
        let (user, oid, value) = (self.user(role), self.servers[server], self.value());
        let tx = self.tx();
        let snapshot = tx.snapshot();
        let entry = snapshot.mapping_for(oid, user).unwrap();
        let old = snapshot.user_mapping(entry.oid).unwrap().unwrap();
        let new = UserMapping { options: options(&[("user", &value)]), ..(*old).clone() };
        tx.update(&old, new).unwrap();
        self.pending.insert((role, server), value);
    }

    fn drop(&mut self, role: usize, server: usize) {
        if self.pending.remove(&(role, server)).is_none() {
            return;
        }
        let (user, oid) = (self.user(role), self.servers[server]);
        let tx = self.tx();
        let entry = tx.snapshot().mapping_for(oid, user).unwrap();
        tx.remove(entry.oid.address()).unwrap();
    }

    fn end(&mut self, commit: bool) {
        self.savepoints.clear();
        match self.tx.take() {
            Some(tx) if commit => {
                tx.commit().unwrap();
                self.committed = self.pending.clone();
            }
            _ => self.pending = self.committed.clone(),
        }
    }

    fn compare(&mut self) {
        let committed = self.fixture().snapshot();
        committed.check_all().unwrap();
        self.check(&committed, &self.committed);
        let pending = self.tx().snapshot();
        pending.check_all().unwrap();
        self.check(&pending, &self.pending);
    }

    fn check(&self, snapshot: &Snapshot, model: &Model) {
        assert_eq!(snapshot.mapping_count(), model.len());
        for ((role, server), value) in model {
            let entry = snapshot.mapping_for(self.servers[*server], self.user(*role)).unwrap();
            let mapping = snapshot.user_mapping(entry.oid).unwrap().unwrap();
            assert_eq!(mapping.options.shown(), [format!("user={value}")]);
            assert_eq!(mapping.epoch, entry.epoch);
        }
        let of_servers: usize =
            self.servers.iter().map(|server| snapshot.mappings_of_server(*server).count()).sum();
        let of_roles: usize =
            self.roles.iter().map(|role| snapshot.mappings_of_role(*role).count()).sum();
        let public = model.keys().filter(|(role, _)| *role == 0).count();
        assert_eq!((of_servers, of_roles + public), (model.len(), model.len()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn transactions_do_what_a_plain_map_would(steps in steps()) {
        let mut pair = Pair::new();
        steps.iter().for_each(|step| pair.run(step));
        pair.end(true);
        pair.compare();
    }
}
