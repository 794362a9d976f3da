//! What `tests/races` cannot tell, for it hides numbers: which oids an error names.
use std::time::Duration;

use tokio::time::timeout;

use crate::{medley, said};

/// How long somebody must at least wait to be said to wait.
const WAITS: Duration = Duration::from_millis(100);

#[tokio::test]
async fn the_second_mapping_is_told_the_oids_of_its_role_and_server() {
    let medley = medley();
    let first = medley.connect_as_superuser().await.unwrap();
    let second = medley.connect_as_superuser().await.unwrap();
    let set_up = "CREATE FOREIGN DATA WRAPPER w; CREATE ROLE r; \
                  CREATE SERVER s FOREIGN DATA WRAPPER w";
    first.batch_execute(set_up).await.unwrap();
    first.batch_execute("BEGIN; CREATE USER MAPPING FOR r SERVER s").await.unwrap();
    let mut waiting = Box::pin(second.batch_execute("CREATE USER MAPPING FOR r SERVER s"));
    timeout(WAITS, &mut waiting).await.unwrap_err();
    first.batch_execute("COMMIT").await.unwrap();
    let heard = said(&waiting.await.unwrap_err());
    let oids = "SELECT 'r'::regrole::oid || ', ' || oid FROM pg_foreign_server WHERE srvname = 's'";
    let oids: String = first.query_one(oids, &[]).await.unwrap().get(0);
    assert_eq!(
        heard,
        format!(
            "23505: duplicate key value violates unique constraint \
             \"pg_user_mapping_user_server_index\"\n\
             DETAIL: Key (umuser, umserver)=({oids}) already exists."
        )
    );
}
