//! The remote: accounts, and a view that shows each of them its own.
use super::database;
use super::people::ACCOUNTS;
use super::script::{Script, Value};
use super::servers::{Servers, Started};

const SCRIPT: &str = include_str!("remote.sql");

/// Starts it over a new database file; also what its superuser ran.
pub async fn start(servers: &mut Servers) -> anyhow::Result<(Started, Script)> {
    let file = servers.folder().join("cinema.db");
    database::create(&file)?;
    let remote = servers.start("remote", &ACCOUNTS)?;
    let mut variables = vec![("database", Value::Plain(file.to_string_lossy()))];
    for account in ACCOUNTS {
        variables.push((account, Value::Hidden(remote.password(account)?)));
    }
    let script = Script::new(SCRIPT, &variables)?;
    remote.superuser().await?.run(&script).await?;
    Ok((remote, script))
}
