//! The gateway: people, a server, user mappings, and a foreign table.
use std::borrow::Cow;

use anyhow::Context;

use super::client::Client;
use super::people::{NAMES, Person};
use super::script::{Script, Value};
use super::servers::{Servers, Started};

const SCRIPT: &str = include_str!("gateway.sql");
const MAPPING: &str = include_str!("mapping.sql");

/// Takes PUBLIC's mapping away.
pub const DROP: &str = include_str!("drop.sql");

/// Starts it in front of the remote; also what its superuser ran.
pub async fn start(servers: &mut Servers, remote: &Started) -> anyhow::Result<(Started, Script)> {
    let gateway = servers.start("gateway", &NAMES)?;
    let mut variables = vec![
        ("host", plain(remote.address.ip().to_string())),
        ("port", plain(remote.address.port().to_string())),
        ("guest", Value::Hidden(remote.password("guest")?)),
    ];
    for name in NAMES {
        variables.push((name, Value::Hidden(gateway.password(name)?)));
    }
    let script = Script::new(SCRIPT, &variables)?;
    gateway.superuser().await?.run(&script).await?;
    Ok((gateway, script))
}

/// A person tells the gateway their own account at the remote; also what they ran.
pub async fn map(person: &Person, client: &Client, remote: &Started) -> anyhow::Result<Script> {
    let service = person.served.as_ref().context("somebody without an account")?;
    let variables = [
        ("account", plain(service.account.to_owned())),
        ("password", Value::Hidden(remote.password(service.account)?)),
    ];
    let script = Script::new(MAPPING, &variables)?;
    client.run(&script).await?;
    Ok(script)
}

/// The superuser takes PUBLIC's mapping away.
pub async fn unmap_public(gateway: &Started) -> anyhow::Result<()> {
    gateway.superuser().await?.run(&Script::new(DROP, &[])?).await
}

fn plain(text: String) -> Value<'static> {
    Value::Plain(Cow::Owned(text))
}
