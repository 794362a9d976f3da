//! Whose accounts remotes are reached with, and who may not.
use medley_catalog::ids::RoleOid;
use medley_types::PgType;

use crate::world::World;

const WHO: &[(&str, PgType)] = &[("who", PgType::TEXT)];

/// One remote table, and a view of the same text over it for each of two owners.
fn two_views() -> (World, RoleOid, RoleOid) {
    let world = World::new();
    let (ann, bob) = (world.role("ann"), world.role("bob"));
    world.map(world.recorder, ann, "account_of_ann");
    world.map(world.recorder, bob, "account_of_bob");
    world.map(world.recorder, RoleOid::BOOTSTRAP, "account_of_postgres");
    world.table("t", ann, world.recorder, WHO, "");
    let text = "SELECT who FROM public.t";
    world.view("of_ann", ann, WHO, text, &[]);
    world.view("of_bob", bob, WHO, text, &[]);
    (world, ann, bob)
}

#[tokio::test]
async fn two_views_of_equal_text_and_two_owners_stay_two() {
    let (world, ann, bob) = two_views();
    grant_select(&world, "t", bob);
    let postgres = RoleOid::BOOTSTRAP;
    let _ = ann;
    let check = async |sql: &str, expected: &str| {
        assert_eq!(world.query(postgres, sql).await, expected, "{sql}");
    };
    check("SELECT a.who, b.who FROM of_ann a CROSS JOIN of_bob b", "account_of_ann|account_of_bob")
        .await;
    check(
        "SELECT who FROM of_ann UNION ALL SELECT who FROM of_bob ORDER BY 1",
        "account_of_ann\naccount_of_bob",
    )
    .await;
    check(
        "SELECT (SELECT who FROM of_ann), (SELECT who FROM of_bob), (SELECT who FROM t)",
        "account_of_ann|account_of_bob|account_of_postgres",
    )
    .await;
}

/// Two accounts at one server are never in one query of it, be the query the owners' or a
/// stranger's who may read both views.
#[tokio::test]
async fn what_two_accounts_read_is_never_one_query() {
    let (world, _, bob) = two_views();
    grant_select(&world, "t", bob);
    let eve = world.role("eve");
    world.map(world.recorder, eve, "account_of_eve");
    for table in ["t", "of_ann", "of_bob"] {
        grant_select(&world, table, eve);
    }
    let check = async |sql: &str, sent: &[&str]| {
        world.query(eve, sql).await;
        assert_eq!(world.log.take(), sent, "{sql}");
    };
    check(
        "SELECT 1 FROM of_ann a JOIN of_bob b ON a.who = b.who",
        &[
            "account_of_ann: SELECT who FROM public.t",
            // A key of the one is told to the other: the server's option `dynamic_filters`.
            "account_of_bob: SELECT who FROM public.t WHERE (who IN ('account_of_ann'::text))",
        ],
    )
    .await;
    check(
        "SELECT who FROM of_ann UNION ALL SELECT who FROM of_ann UNION ALL SELECT who FROM of_bob",
        &[
            "account_of_ann: SELECT who FROM public.t",
            "account_of_ann: SELECT who FROM public.t",
            "account_of_bob: SELECT who FROM public.t",
        ],
    )
    .await;
    check(
        "SELECT count(*) FROM of_ann WHERE who IN (SELECT who FROM t)",
        &[
            "account_of_ann: SELECT who FROM public.t",
            "account_of_eve: SELECT who FROM public.t WHERE (who IN ('account_of_ann'::text))",
        ],
    )
    .await;
    check(
        "SELECT count(*) FROM of_ann a JOIN of_ann b ON a.who = b.who \
         UNION ALL SELECT count(*) FROM of_bob",
        &[
            "account_of_ann: SELECT count(*) FROM public.t r1 JOIN public.t r2 ON (r1.who = r2.who)",
            "account_of_bob: SELECT count(*) FROM public.t r3",
        ],
    )
    .await;
}

#[tokio::test]
async fn privileges_come_before_the_mapping() {
    let world = World::new();
    let (ann, eve) = (world.role("ann"), world.role("eve"));
    world.table("t", ann, world.recorder, WHO, "");
    let denied = "42501 permission denied for foreign table t";
    assert_eq!(world.query(eve, "SELECT * FROM t").await, denied);
    assert_eq!(world.query(eve, "SELECT count(*) FROM t").await, denied);
    let unmapped = "42704 user mapping not found for user \"ann\", server \"r\"";
    assert_eq!(world.query(ann, "SELECT * FROM t").await, unmapped);
    // Neither needs a mapping.
    assert!(world.prepare(ann, "SELECT * FROM t").is_ok());
    assert_eq!(world.explain(ann, "SELECT * FROM t", false).await, "Foreign Scan on t");
}

#[tokio::test]
async fn inside_a_view_its_owner_counts_unless_it_says_otherwise() {
    let (world, ann, bob) = two_views();
    let eve = world.role("eve");
    world.map(world.recorder, eve, "account_of_eve");
    let denied = "42501 permission denied for view of_ann";
    assert_eq!(world.query(eve, "SELECT * FROM of_ann").await, denied);
    grant_select(&world, "of_ann", eve);
    assert_eq!(world.query(eve, "SELECT * FROM of_ann").await, "account_of_ann");
    // Its owner has no right to the table.
    let denied = "42501 permission denied for foreign table t";
    assert_eq!(world.query(bob, "SELECT * FROM of_bob").await, denied);
    let text = "SELECT who FROM public.t";
    world.view("invoked", ann, WHO, text, &[("security_invoker", "true")]);
    grant_select(&world, "invoked", eve);
    assert_eq!(world.query(eve, "SELECT * FROM invoked").await, denied);
    grant_select(&world, "t", eve);
    assert_eq!(world.query(eve, "SELECT * FROM invoked").await, "account_of_eve");
}

#[tokio::test]
async fn a_view_that_is_a_barrier_is_not_read_without_one() {
    let (world, ann, _) = two_views();
    let text = "SELECT who FROM public.t WHERE who = 'account_of_ann'";
    world.view("barred", ann, WHO, text, &[("security_barrier", "true")]);
    let refused = "0A000 reading a security_barrier view is not supported";
    assert_eq!(world.query(ann, "SELECT 1 FROM barred WHERE who::int = 0").await, refused);
}

fn grant_select(world: &World, relation: &str, role: RoleOid) {
    use medley_catalog::acl::{Acl, AclItem, AclKind, Privileges};
    use medley_catalog::ids::SchemaOid;
    let mut tx = world.catalog.begin(medley_catalog::Backend::default());
    let old = tx.snapshot().relation_named(SchemaOid::PUBLIC, relation).unwrap().clone();
    let owner = old.owner;
    let acl = old.acl.clone().unwrap_or_else(|| Acl::default_for(AclKind::Relation, owner));
    let item = AclItem {
        grantee: role.into(),
        grantor: owner,
        privileges: Privileges::SELECT,
        grant_options: Privileges::NONE,
    };
    let items = acl.items().iter().cloned().chain([item]).collect::<Vec<_>>();
    let mut new = (*old).clone();
    new.acl = Some(items.into_iter().collect());
    tx.update(&old, new).unwrap();
    tx.commit().unwrap();
}
