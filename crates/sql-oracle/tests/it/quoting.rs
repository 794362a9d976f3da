//! What `quote_identifier` and `quote_literal` write, PostgreSQL's scanner reads as that name and
//! that string.
use crate::mutation::Random;

const PIECES: &[&str] = &[
    "a", "B", "_", "1", "$", "\"", "'", "\\", " ", "é", "日", "🦀", ".", "--", "/*", "\n",
    "select", "user", "E", "U&", "x'", "%",
];

fn text(random: &mut Random) -> String {
    (0..=random.below(6)).map(|_| random.one_of(PIECES)).collect()
}

fn only_token(written: &str) -> String {
    let tokens = medley_sql_oracle::scan(written).expect(written);
    assert_eq!(tokens.len(), 1, "{written}");
    assert_eq!(tokens[0].span, 0..written.len(), "{written}");
    tokens[0].name.clone()
}

#[test]
fn names_come_back() {
    let mut random = Random::new(7);
    for _ in 0..20_000 {
        let name = text(&mut random);
        let quoted = medley_sql::quote_identifier(&name);
        let token = only_token(&quoted);
        let bare = *quoted == name;
        assert!(token == "IDENT" || bare, "{name} is {token}");
        // A keyword in quotes is a name; without, only one that may name anything.
        let statement = format!("drop server {quoted}");
        assert_eq!(medley_sql_oracle::parse(&statement), Ok(1), "{statement}");
        let script = medley_sql::parse(&statement).unwrap();
        let medley_sql::Statement::Drop(drop) = &script.statements[0].statement else { panic!() };
        assert_eq!(drop.names[0].name(), name);
    }
}

#[test]
fn strings_come_back() {
    let mut random = Random::new(11);
    for _ in 0..20_000 {
        let value = text(&mut random);
        let quoted = medley_sql::quote_literal(&value);
        assert_eq!(only_token(&quoted), "SCONST", "{quoted}");
        let statement = format!("comment on server s is {quoted}");
        let script = medley_sql::parse(&statement).unwrap();
        let medley_sql::Statement::Comment(comment) = &script.statements[0].statement else {
            panic!()
        };
        assert_eq!(comment.text.as_deref(), Some(value.as_str()), "{quoted}");
    }
}
