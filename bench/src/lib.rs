//! What the benchmarks share.
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use medley_catalog::ids::{RoleOid, RoleOrPublic, ServerOid, UserMappingOid};
use medley_catalog::objects::{OptionValue, Options, Role, Server, UserMapping};
use medley_catalog::{Backend, Bootstrap, BootstrapWrapper, Catalog, Transaction};
use medley_secret::{Keyring, MasterKey, Place, Sealed, Secret};

/// What a benchmark's main function returns.
pub type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// How many servers the large catalog has.
pub const SERVERS: u32 = 1_000;

/// How many roles it has; each has a mapping on each server.
pub const ROLES: u32 = 1_000;

/// Makes a catalog of a million user mappings, each with a user and a sealed password.
pub fn fill(folder: &Path) -> Result<()> {
    let master = MasterKey::generate();
    let data_keys = vec![Keyring::new_data_key(&master, 1)];
    let keyring = Keyring::open(Some(&master), &data_keys);
    // One sealed value for all: what matters here is its size.
    let place = Place { class: 1418, object: 0, column: 0, option: "password" };
    let sealed = keyring.sealer().seal(place, &Secret::new("a password of 24 letters".into()))?;
    let wrapper = BootstrapWrapper { name: "w".into(), handler: None, validator: None };
    let superuser = "postgres".into();
    let bootstrap = Bootstrap { superuser, password: None, data_keys, wrappers: vec![wrapper] };
    Catalog::create(folder, bootstrap)?;
    let catalog = Catalog::open(folder)?;
    let roles = commit(&catalog, |tx| (0..ROLES).map(|n| role(tx, n)).collect::<Result<Vec<_>>>())?;
    let servers =
        commit(&catalog, |tx| (0..SERVERS).map(|n| server(tx, n)).collect::<Result<Vec<_>>>())?;
    for servers in servers.chunks(100) {
        commit(&catalog, |tx| {
            for (server, role) in
                servers.iter().flat_map(|it| roles.iter().map(move |role| (it, role)))
            {
                mapping(tx, *role, *server, &sealed)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Runs in a transaction of its own.
pub fn commit<T>(
    catalog: &Arc<Catalog>,
    work: impl FnOnce(&mut Transaction) -> Result<T>,
) -> Result<T> {
    let mut tx = catalog.begin(Backend::default());
    let result = work(&mut tx)?;
    tx.commit()?;
    Ok(result)
}

/// Makes a role.
pub fn role(tx: &mut Transaction, number: u32) -> Result<RoleOid> {
    let oid = RoleOid(tx.allocate_oid()?);
    tx.create(Role::new(oid, format!("role_{number}")))?;
    Ok(oid)
}

fn server(tx: &mut Transaction, number: u32) -> Result<ServerOid> {
    let oid = ServerOid(tx.allocate_oid()?);
    let wrapper = tx.snapshot().find_wrapper("w")?.oid;
    tx.create(Server {
        oid,
        name: format!("server_{number}"),
        owner: RoleOid::BOOTSTRAP,
        wrapper,
        server_type: None,
        version: None,
        acl: None,
        options: [("host".to_owned(), OptionValue::Plain(format!("h{number}")))]
            .into_iter()
            .collect(),
        epoch: None,
    })?;
    Ok(oid)
}

/// Makes a mapping.
pub fn mapping(
    tx: &mut Transaction,
    role: RoleOid,
    server: ServerOid,
    sealed: &Sealed,
) -> Result<UserMappingOid> {
    let oid = UserMappingOid(tx.allocate_oid()?);
    let options: Options = [
        ("user".to_owned(), OptionValue::Plain("remote_account".to_owned())),
        ("password".to_owned(), OptionValue::Sealed(sealed.clone())),
    ]
    .into_iter()
    .collect();
    let user = RoleOrPublic::Role(role);
    tx.create(UserMapping { oid, server, user, epoch: None, accepted: true, options })?;
    Ok(oid)
}
