//! What happens, in order.
use super::client::{Answer, Client};
use super::people::{ACCOUNTS, GUEST, MAPPED, NAMES, Person, STRANGER};
use super::progress::Step;
use super::script::Script;
use super::servers::{Servers, Started};
use super::{database, gateway, remote, show};

/// What everybody runs.
pub const SELECT: &str = include_str!("select.sql");

/// Both servers, for who wants to try them.
pub struct Stage {
    /// Has the accounts.
    pub remote: Started,
    /// Has the people.
    pub gateway: Started,
}

/// Somebody, and what they were told.
pub struct Told {
    /// Who asked.
    pub person: Person,
    /// What came.
    pub answer: Answer,
}

/// Starts both servers, has everybody ask, shows what they were told, and checks it.
pub async fn tell(servers: &mut Servers) -> anyhow::Result<Stage> {
    show::title()?;
    let (remote, at_remote) = start_remote(servers).await?;
    let (gateway, at_gateway) = start_gateway(servers, &remote).await?;
    let stage = Stage { remote, gateway };
    let step = Step::begin("logging in four people")?;
    let (mut told, mappings) = ask_mapped(&stage).await?;
    told.push(ask(&stage, GUEST).await?);
    gateway::unmap_public(&stage.gateway).await?;
    told.push(ask(&stage, STRANGER).await?);
    step.done("four people logged in by SCRAM and asked")?;
    show::remote_script(&at_remote)?;
    show::gateway_script(&at_gateway)?;
    show::mappings(&mappings)?;
    show::answers(&told)?;
    told.iter().try_for_each(|told| told.person.check(&told.answer))?;
    show::moral()?;
    Ok(stage)
}

async fn start_remote(servers: &mut Servers) -> anyhow::Result<(Started, Script)> {
    let step = Step::begin("starting the remote")?;
    let (remote, script) = remote::start(servers).await?;
    let (address, films) = (remote.address, database::film_count());
    let accounts = ACCOUNTS.join(", ");
    step.done(&format!("remote on {address}: accounts {accounts}; {films} films in SQLite"))?;
    Ok((remote, script))
}

async fn start_gateway(
    servers: &mut Servers,
    remote: &Started,
) -> anyhow::Result<(Started, Script)> {
    let step = Step::begin("starting the gateway")?;
    let (gateway, script) = gateway::start(servers, remote).await?;
    step.done(&format!("gateway on {}: roles {}", gateway.address, NAMES.join(", ")))?;
    Ok((gateway, script))
}

/// Those who have mappings of their own make them and ask, in one session each.
async fn ask_mapped(stage: &Stage) -> anyhow::Result<(Vec<Told>, Vec<(&'static str, Script)>)> {
    let (mut told, mut mappings) = (Vec::new(), Vec::new());
    for person in MAPPED {
        let client = stage.log_in(&person).await?;
        mappings.push((person.name, gateway::map(&person, &client, &stage.remote).await?));
        told.push(Told { answer: client.select(SELECT).await?, person });
    }
    Ok((told, mappings))
}

async fn ask(stage: &Stage, person: Person) -> anyhow::Result<Told> {
    let client = stage.log_in(&person).await?;
    Ok(Told { answer: client.select(SELECT).await?, person })
}

impl Stage {
    async fn log_in(&self, person: &Person) -> anyhow::Result<Client> {
        Client::connect(&self.gateway.login(person.name)?).await
    }
}
