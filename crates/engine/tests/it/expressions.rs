//! Expressions answer what PostgreSQL answered, or are refused. See `expressions.txt`.
use medley_catalog::ids::RoleOid;

use crate::world::World;

/// How many lines may be refused with 0A000; the number may only go down.
const REFUSED: usize = 18;

#[tokio::test]
async fn expressions_answer_what_postgresql_answers() {
    let world = World::new();
    let mut refused = Vec::new();
    let mut wrong = Vec::new();
    for line in include_str!("expressions.txt").lines() {
        let Some((sql, expected)) = line.split_once(" ==> ") else { continue };
        let expected = expected.replace("\\n", "\n");
        let answer = world.query(RoleOid::BOOTSTRAP, sql).await;
        if answer.starts_with("0A000") {
            refused.push(format!("{sql}: {answer}"));
        } else if answer != expected {
            wrong.push(format!("{sql}\n  expected {expected:?}\n  answered {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let list = refused.join("\n");
    assert_eq!(refused.len(), REFUSED, "refused:\n{list}");
}
