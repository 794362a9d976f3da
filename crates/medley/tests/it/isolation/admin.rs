//! Those who change who is whom, and the remote, which ends sessions.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio_postgres::Client;

use super::{ROLES, World};
use crate::said;

/// Ends some of the sessions that serve us.
const END: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE usename ~ '^([ab][0-9]+|guest)$' AND random() < 0.05";

struct Admin {
    world: Arc<World>,
    client: Client,
    remote: Client,
    dice: StdRng,
}

/// Changes this and that until the test is done.
pub async fn work(world: Arc<World>) {
    let client = world.medley.connect_as_superuser().await.unwrap();
    let remote = world.remote.connect_as_superuser().await.unwrap();
    let dice = StdRng::from_os_rng();
    let mut admin = Admin { world: Arc::clone(&world), client, remote, dice };
    while !world.is_done() {
        admin.act().await;
        tokio::time::sleep(Duration::from_millis(admin.dice.random_range(0..20))).await;
    }
}

impl Admin {
    async fn act(&mut self) {
        let (role, other) = (self.dice.random_range(0..ROLES), self.dice.random_range(0..ROLES));
        let world = Arc::clone(&self.world);
        let _turn = world.truth.turn(role).lock().await;
        let name = world.truth.name(role);
        match self.dice.random_range(0..100) {
            0..40 => self.change_mapping(role, &name).await,
            40..50 => {
                self.run(&format!("GRANT {} TO {name}", world.truth.name(other))).await;
            }
            50..55 => {
                self.run(&format!("REVOKE {} FROM {name}", world.truth.name(other))).await;
            }
            55..65 => self.rename(role, &name).await,
            65..70 => {
                let rows = self.dice.random_range(1..1000);
                let phases = ["on", "off"][self.dice.random_range(0..2)];
                self.run(&format!(
                    "ALTER SERVER s OPTIONS (SET fetch_size '{rows}', SET two_phase '{phases}')"
                ))
                .await;
            }
            70..75 => {
                self.run(&format!("REVOKE SELECT ON v{role} FROM PUBLIC")).await;
                self.run(&format!("GRANT SELECT ON v{role} TO PUBLIC")).await;
            }
            75..80 => {
                // What is not committed is nobody's.
                self.run(&format!("BEGIN; DROP USER MAPPING FOR {name} SERVER s; ROLLBACK")).await;
                self.run("ROLLBACK").await;
            }
            80..90 => {
                let ended: i64 = self.remote.query_one(END, &[]).await.unwrap().get(0);
                world.tally.ended.fetch_add(usize::try_from(ended).unwrap(), Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// From one account to the other, or to PUBLIC's, or back.
    async fn change_mapping(&mut self, role: usize, name: &str) {
        let (now, own) = (self.world.truth.account(role), |letter| format!("{letter}{role}"));
        let (account, sql) = if now == "guest" {
            let account = own(["a", "b"][self.dice.random_range(0..2)]);
            let sql = format!(
                "CREATE USER MAPPING FOR {name} SERVER s OPTIONS (user '{account}', password '{account}')"
            );
            (account, sql)
        } else if self.dice.random_range(0..4) == 0 {
            ("guest".to_owned(), format!("DROP USER MAPPING FOR {name} SERVER s"))
        } else {
            let account = own(if now.starts_with('a') { "b" } else { "a" });
            let sql = format!(
                "ALTER USER MAPPING FOR {name} SERVER s OPTIONS (SET user '{account}', SET password '{account}')"
            );
            (account, sql)
        };
        self.world.truth.announce(role, &account);
        let done = self.run(&sql).await;
        self.world.truth.settle(role, done);
        assert!(self.world.truth.is_settled(role));
    }

    async fn rename(&mut self, role: usize, name: &str) {
        let new = if name.ends_with('x') { format!("r{role}") } else { format!("r{role}x") };
        if self.run(&format!("ALTER ROLE {name} RENAME TO {new}")).await {
            self.world.truth.rename(role, new);
        }
    }

    /// Whether it was done. Two admins may meet, and memberships would go round.
    async fn run(&self, sql: &str) -> bool {
        self.world.tally.changes.fetch_add(1, Ordering::Relaxed);
        match self.client.batch_execute(sql).await {
            Ok(()) => true,
            Err(error) => {
                let said = said(&error);
                let allowed = ["XX000: tuple concurrently", "0LP01", "42704", "40P01"];
                assert!(allowed.iter().any(|it| said.starts_with(it)), "{said} by {sql}");
                false
            }
        }
    }
}
