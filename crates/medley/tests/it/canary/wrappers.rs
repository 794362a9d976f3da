//! Every option that a wrapper of this build declares to be a secret, planted where it stands.
use medley_testkit::Medley;

use super::search::Ear;

/// What a server must say before it can be made, or so that nobody answers.
const SERVERS: &[(&str, &str)] = &[
    ("mysql_fdw", "host '127.0.0.1', port '1'"),
    ("medley_fdw", "host '127.0.0.1', port '1'"),
    ("http_json_fdw", "url 'http://127.0.0.1:1/'"),
    ("oracle_fdw", "dbserver '//127.0.0.1:1/x'"),
];

/// Whose tables are made, and read with all others.
const TABLES: &[(&str, &str)] = &[("mysql_fdw", "dbname 'd', table_name 't'"), ("medley_fdw", "")];

/// A secret that `medley wrapper show` lists.
struct Declared {
    /// The statement that takes it, as the heading has it.
    statement: String,
    option: String,
}

/// Plants them all.
pub async fn plant(ear: &Ear<'_>, medley: &Medley) {
    let mut planted = 0;
    for (wrapper, functions) in wrappers(medley) {
        let declared = declared(medley, &wrapper);
        if declared.is_empty() {
            continue;
        }
        planted += declared.len();
        let create = format!("CREATE FOREIGN DATA WRAPPER own_{wrapper} {functions}");
        for sql in [vec![create], statements(&wrapper, &declared)].concat() {
            assert!(ear.hear(&sql, &sql).await, "{sql} fails: {:?}", ear.say(&sql).await);
        }
    }
    assert!(planted > 20, "{planted} secrets");
}

fn statements(wrapper: &str, declared: &[Declared]) -> Vec<String> {
    let of = |statement: &str| -> Vec<String> {
        let those = declared.iter().filter(|it| it.statement == statement);
        those.map(|it| format!("{} '#'", it.option)).collect()
    };
    let said = |table: &[(&str, &str)]| -> Option<String> {
        let found = table.iter().find(|(name, _)| *name == wrapper)?;
        Some(found.1.to_owned()).filter(|options| !options.is_empty())
    };
    let options = |all: Vec<String>| match all.is_empty() {
        true => String::new(),
        false => format!("OPTIONS ({})", all.join(", ")),
    };
    let (server, mapping) = (of("CREATE SERVER"), of("CREATE USER MAPPING"));
    // Whatever else takes secrets has to be planted here too.
    assert_eq!(server.len() + mapping.len(), declared.len(), "{wrapper}");
    let servers = said(SERVERS).into_iter().chain(server).collect();
    let mut statements = vec![
        format!(
            "CREATE SERVER of_{wrapper} FOREIGN DATA WRAPPER own_{wrapper} {}",
            options(servers)
        ),
        format!("CREATE USER MAPPING FOR alice SERVER of_{wrapper} {}", options(mapping)),
    ];
    if TABLES.iter().any(|(name, _)| *name == wrapper) {
        let table = said(TABLES).into_iter().collect();
        statements.push(format!(
            "CREATE FOREIGN TABLE at_{wrapper} (a text) SERVER of_{wrapper} {}; \
             GRANT SELECT ON at_{wrapper} TO alice",
            options(table)
        ));
    }
    statements
}

/// Each with its handler and validator, as `medley wrapper list` has them in its last columns.
fn wrappers(medley: &Medley) -> Vec<(String, String)> {
    let listed = printed(medley, &["wrapper", "list"]);
    let wrapper = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let handler = words.iter().position(|word| word.ends_with("_handler"))?;
        let validator = words.get(handler + 1).map(|name| format!("VALIDATOR {name}"));
        let functions = format!("HANDLER {} {}", words[handler], validator.unwrap_or_default());
        Some((words[0].to_owned(), functions))
    };
    listed.lines().filter_map(wrapper).collect()
}

fn declared(medley: &Medley, wrapper: &str) -> Vec<Declared> {
    let shown = printed(medley, &["wrapper", "show", wrapper]);
    let mut statement = String::new();
    let mut declared = Vec::new();
    for line in shown.lines() {
        if let Some(heading) = line.strip_prefix("Options of ") {
            statement = heading.trim_end_matches(':').to_owned();
        }
        let mut words = line.split_whitespace();
        if let (Some(option), Some("secret")) = (words.next(), words.next()) {
            let option = option.to_owned();
            declared.push(Declared { statement: statement.clone(), option });
        }
    }
    declared
}

fn printed(medley: &Medley, arguments: &[&str]) -> String {
    let output = medley.command().args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
