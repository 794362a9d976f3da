//! What a person who runs the demo reads.
use comfy_table::{ContentArrangement, Table, presets};
use medley_catalog::ids::DATABASE_NAME;

use super::client::{Answer, Login};
use super::gateway::DROP;
use super::people::{ACCOUNTS, GUEST, MAPPED, NAMES, STRANGER};
use super::script::Script;
use super::servers::{SUPERUSER, Started};
use super::story::{SELECT, Stage, Told};
use crate::print::print;

/// Of the table, in characters: an old terminal's.
const WIDTH: u16 = 80;

const MORAL: &str = "\
What happened
    The gateway did not ask which account a person would like. It took the user
    mapping of whoever was logged in, else PUBLIC's, else none, and logged in at
    the remote as the account that the mapping names. It was the remote that
    said ann, ben and guest, and that gave to each what is theirs.
    The passwords in the mappings are sealed in the gateway's folder; no
    statement shows them again, not even to a superuser.
    Every answer was compared with what it has to be.

";

/// `{medley}` is how this program was called.
const NEXT: &str = "\
Next
    Both servers are stopped, and nothing is left behind. The same again, left
    running for your psql:

        {medley} demo --keep

    A data folder of your own, and its server:

        {medley} init --data DIR
        {medley} serve --data DIR

    What a server and a user mapping may say:

        {medley} wrapper show postgres_fdw
";

/// What this is.
pub fn title() -> anyhow::Result<()> {
    print("One SELECT, four people, three remote accounts.\n\n")
}

/// What was run at the remote.
pub fn remote_script(script: &Script) -> anyhow::Result<()> {
    print("\n")?;
    block("At the remote, its superuser ran", script.shown())
}

/// What was run at the gateway.
pub fn gateway_script(script: &Script) -> anyhow::Result<()> {
    block("At the gateway, its superuser ran", script.shown())
}

/// What people ran at the gateway, before they asked.
pub fn mappings(mappings: &[(&str, Script)]) -> anyhow::Result<()> {
    mappings.iter().try_for_each(|(name, script)| {
        block(&format!("{}, logged in there, ran", capitalized(name)), script.shown())
    })
}

/// What people asked, and what they were told.
pub fn answers(told: &[Told]) -> anyhow::Result<()> {
    let [first, second] = MAPPED.map(|person| capitalized(person.name));
    let (third, last) = (capitalized(GUEST.name), capitalized(STRANGER.name));
    block(&format!("{first}, {second} and {third}, logged in there, ran the same"), SELECT)?;
    block("The superuser took PUBLIC's mapping away", DROP)?;
    print(&format!("{last}, logged in there, ran the SELECT too. This is what came:\n\n"))?;
    print(&format!("{}\n\n", table(told)))?;
    told.iter().filter_map(refusal).try_for_each(|line| print(&line))
}

/// What it means.
pub fn moral() -> anyhow::Result<()> {
    print(MORAL)
}

/// What to try now that all is gone.
pub fn what_next() -> anyhow::Result<()> {
    let medley = std::env::args().next().unwrap_or_else(|| "medley".to_owned());
    print(&NEXT.replace("{medley}", &medley))
}

/// How to log in at the servers that are left running.
pub fn invitation(stage: &Stage) -> anyhow::Result<()> {
    let Stage { remote, gateway } = stage;
    print("Both servers run until Ctrl-C, and are gone then. Meanwhile, in another terminal:\n\n")?;
    logins(
        "At the gateway, to run the SELECT again (carol has no mapping now either)",
        gateway,
        &NAMES,
    )?;
    logins("Its superuser, who may try \\des+ and \\deu+", gateway, &[SUPERUSER])?;
    logins("At the remote itself, to run SELECT * FROM shelf", remote, &ACCOUNTS)
}

fn logins(heading: &str, server: &Started, names: &[&str]) -> anyhow::Result<()> {
    let lines: anyhow::Result<String> = names.iter().map(|name| psql(server, name)).collect();
    block(heading, &lines?)
}

fn psql(server: &Started, name: &str) -> anyhow::Result<String> {
    let Login { address, role, password } = server.login(name)?;
    let (host, port, password) = (address.ip(), address.port(), password.clear());
    Ok(format!("PGPASSWORD={password} psql -h {host} -p {port} -U {role} {DATABASE_NAME}\n"))
}

/// The end of a kept demo.
pub fn farewell() -> anyhow::Result<()> {
    print("\nBoth servers are stopped; nothing is left behind.\n")
}

fn block(heading: &str, sql: &str) -> anyhow::Result<()> {
    let line = |line: &str| match line {
        "" => "\n".to_owned(),
        _ => format!("    {line}\n"),
    };
    let indented: String = sql.lines().map(line).collect();
    print(&format!("{heading}:\n\n{indented}\n"))
}

fn table(told: &[Told]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(["who asked", "mapping for", "remote account", "what came"]);
    for told in told {
        let mapping = told.person.served.as_ref().map_or("none", |service| service.mapping);
        let (account, came) = cells(&told.answer);
        table.add_row([told.person.name, mapping, &account, &came]);
    }
    table
}

/// The remote account, as the remote itself tells it, and the films.
fn cells(answer: &Answer) -> (String, String) {
    match answer {
        Answer::Rows(rows) => {
            let mut accounts: Vec<_> = rows.iter().map(|row| row.account.as_str()).collect();
            accounts.dedup();
            let films = rows.iter().map(|row| format!("{} {}", row.year, row.title));
            (accounts.join("\n"), films.collect::<Vec<_>>().join("\n"))
        }
        Answer::Refused { message, .. } => ("none".to_owned(), message.clone()),
    }
}

/// An error as psql shows it, on one line.
fn refusal(told: &Told) -> Option<String> {
    match &told.answer {
        Answer::Rows(_) => None,
        Answer::Refused { sqlstate, message } => {
            let name = capitalized(told.person.name);
            Some(format!("{name} was told:\n\n    ERROR:  {sqlstate}: {message}\n\n"))
        }
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
