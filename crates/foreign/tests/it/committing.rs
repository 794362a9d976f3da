//! The end of transactions that changed rows at several remotes.
use std::sync::Arc;
use std::time::Duration;

use medley_catalog::ids::RoleOid;
use medley_diagnostic::Diagnostic;
use medley_fdw::{Capabilities, Isolation, Modify};
use medley_foreign::{Access, Error, RemoteTransactions};
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;
use crate::world::{FEW, World, run};

const CAN: Capabilities = Capabilities {
    cursors: true,
    transactions: true,
    snapshots: true,
    splits: false,
    modify: true,
    raw_rows: false,
};

/// Two people, and so two remotes; a transaction of both.
struct Both {
    world: World,
    fails: Arc<parking_lot::Mutex<Vec<String>>>,
    ann: RoleOid,
    ben: RoleOid,
    transaction: Arc<RemoteTransactions>,
}

impl Both {
    fn new() -> Self {
        let fake = Fake { can: CAN, ..Fake::default() };
        let fails = Arc::clone(&fake.fails);
        let world = World::new(fake, FEW);
        let (ann, ben) = (world.role("ann"), world.role("ben"));
        world.map(ann, "ann");
        world.map(ben, "ben");
        let transaction = RemoteTransactions::new(Isolation::RepeatableRead, false);
        Self { world, fails, ann, ben, transaction }
    }

    fn two_phase() -> Self {
        let both = Self::new();
        both.world.set_server("two_phase", "on");
        both
    }

    fn fail(&self, what: &str) {
        self.fails.lock().push(what.to_owned());
    }

    fn access(&self) -> Arc<Access> {
        self.world.access_in(Some(Arc::clone(&self.transaction)), CancellationToken::new())
    }

    async fn write(&self, role: RoleOid) {
        let access = self.access();
        let remote = access.resolve(self.world.server, role).unwrap();
        access.will_write(&remote).unwrap();
        let modify = Modify { sql: "".into(), types: vec![], runs: vec![vec![]], returning: None };
        access.modify(&remote, modify).await.unwrap();
    }

    async fn write_both(&self) {
        self.write(self.ann).await;
        self.write(self.ben).await;
        self.world.log.take();
    }

    async fn commit(&self) -> Result<(), Error> {
        self.transaction.commit(&self.world.foreign).await
    }

    /// What happened to the transactions, without the name of a prepared one.
    fn told(&self) -> Vec<String> {
        let log = self.world.log.take();
        let line = |line: String| line.split(" medley").next().unwrap_or_default().to_owned();
        log.into_iter().map(line).filter(|it| !it.contains("close")).collect()
    }
}

#[tokio::test]
async fn remotes_commit_in_the_order_of_their_first_use_and_readers_first() {
    let both = Both::new();
    both.write(both.ben).await;
    run(&both.access(), both.world.server, both.ann, "rows").await;
    both.world.log.take();
    both.commit().await.unwrap();
    assert_eq!(both.told(), ["2 commit", "1 commit"]);
}

#[tokio::test]
async fn where_the_first_fails_all_is_undone_and_its_error_told() {
    let both = Both::new();
    both.write_both().await;
    both.fail("commit ann");
    let error = both.commit().await.unwrap_err();
    assert_eq!(error.sqlstate().code(), "0A000");
    assert_eq!(both.told(), ["1 commit", "2 rollback"]);
}

#[tokio::test]
async fn where_another_fails_it_is_told_which_are_committed() {
    let both = Both::new();
    both.write_both().await;
    both.fail("commit ben");
    let report = both.commit().await.unwrap_err().report();
    assert_eq!(report.sqlstate.code(), "40003");
    assert_eq!(report.message, "transaction was committed on some servers only");
    let detail = report.detail.unwrap();
    assert!(detail.starts_with("Committed on server \"s\". Undone on server \"s\"."), "{detail}");
}

#[tokio::test]
async fn a_connection_lost_in_the_commit_leaves_it_unknown() {
    let both = Both::new();
    both.write_both().await;
    both.fail("lose commit ann");
    let report = both.commit().await.unwrap_err().report();
    assert_eq!(report.sqlstate.code(), "40003");
    assert_eq!(report.message, "it is not known whether the transaction was committed");
    assert!(report.detail.unwrap().starts_with("Undone on server \"s\". Unknown on"));
    assert_eq!(both.told()[..2], ["1 commit", "2 rollback"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_prepared_everywhere_is_committed_everywhere() {
    let both = Both::two_phase();
    both.write_both().await;
    both.commit().await.unwrap();
    let expected = ["1 prepare", "2 prepare", "1 commit prepared", "2 commit prepared"];
    assert_eq!(both.told(), expected);
    assert!(both.world.foreign.in_doubt().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_remote_alone_needs_no_first_phase() {
    let both = Both::two_phase();
    both.write(both.ann).await;
    both.world.log.take();
    both.commit().await.unwrap();
    assert_eq!(both.told(), ["1 commit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_does_not_prepare_all_is_undone() {
    let both = Both::two_phase();
    both.write_both().await;
    both.fail("prepare ben");
    let error = both.commit().await.unwrap_err();
    assert_eq!(error.sqlstate().code(), "0A000");
    assert_eq!(both.told(), ["1 prepare", "2 prepare", "1 rollback prepared", "2 rollback"]);
    assert!(both.world.foreign.in_doubt().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_is_told_to_a_remote_that_comes_back() {
    let both = Both::two_phase();
    both.write_both().await;
    both.fail("lose commit prepared ben");
    both.commit().await.unwrap();
    let doubts = both.world.foreign.in_doubt().unwrap();
    assert!(matches!(doubts.as_slice(), [one] if one.commit && one.role == both.ben));
    both.fails.lock().clear();
    both.world.log.take();
    both.world.foreign.start();
    for _ in 0..100 {
        if both.world.foreign.in_doubt().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(both.world.foreign.in_doubt().unwrap().is_empty());
    let told = both.told();
    assert!(told.contains(&"3 commit prepared".to_owned()), "{told:?}");
}
