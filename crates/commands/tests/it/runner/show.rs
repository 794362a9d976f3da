//! What the catalog has of an object, in a line or a few.
use std::fmt::Write;

use medley_catalog::Snapshot;
use medley_catalog::acl::Acl;
use medley_catalog::ids::{ObjectAddress, RoleOid, RoleOrPublic, SchemaOid};
use medley_catalog::objects::{Column, Options, Relation};

/// `fdw w`, `server s`, `mapping r s`, `table t`, `schema n`, `role r`, `members of r`,
/// `default acl`, `extension e`, `settings of r`.
pub fn show(catalog: &Snapshot, what: &str) -> String {
    let words: Vec<_> = what.split(' ').collect();
    let shown = match words.as_slice() {
        ["fdw", name] => fdw(catalog, name),
        ["server", name] => server(catalog, name),
        ["mapping", role, server] => mapping(catalog, role, server),
        ["table", name] => table(catalog, name),
        ["schema", name] => schema(catalog, name),
        ["role", name] => role(catalog, name),
        ["members", "of", name] => members(catalog, name),
        ["default", "acl"] => Some(default_acls(catalog)),
        ["settings", "of", name] => settings(catalog, name),
        ["extension", name] => extension(catalog, name),
        _ => panic!("nothing shows {what:?}"),
    };
    shown.unwrap_or_else(|| "none\n".to_owned())
}

fn list(items: Vec<String>) -> String {
    format!("{{{}}}", items.join(","))
}

fn acl(catalog: &Snapshot, acl: Option<&Acl>) -> String {
    let name = |role: RoleOid| Some(catalog.role(role)?.name.clone());
    acl.map_or_else(|| "NULL".to_owned(), |acl| list(acl.shown(name)))
}

fn options(options: &Options) -> String {
    match options.is_empty() {
        true => "NULL".to_owned(),
        false => list(options.shown()),
    }
}

fn comment(catalog: &Snapshot, on: ObjectAddress) -> String {
    catalog.comment(on).map(|text| format!(" comment={text}")).unwrap_or_default()
}

fn fdw(catalog: &Snapshot, name: &str) -> Option<String> {
    let it = catalog.wrapper_named(name)?;
    let function = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    Some(format!(
        "owner={} handler={} validator={} acl={} options={}{}\n",
        catalog.role_name(it.owner),
        function(&it.handler),
        function(&it.validator),
        acl(catalog, it.acl.as_ref()),
        options(&it.options),
        comment(catalog, it.oid.address()),
    ))
}

fn server(catalog: &Snapshot, name: &str) -> Option<String> {
    let it = catalog.server_named(name)?;
    let text = |text: &Option<String>| match text {
        Some(text) => format!("'{text}'"),
        None => "NULL".to_owned(),
    };
    Some(format!(
        "owner={} type={} version={} acl={} options={}{}\n",
        catalog.role_name(it.owner),
        text(&it.server_type),
        text(&it.version),
        acl(catalog, it.acl.as_ref()),
        options(&it.options),
        comment(catalog, it.oid.address()),
    ))
}

fn mapping(catalog: &Snapshot, role: &str, server: &str) -> Option<String> {
    let user = match role {
        "public" => RoleOrPublic::Public,
        role => RoleOrPublic::Role(catalog.role_named(role)?.oid),
    };
    let entry = catalog.mapping_for(catalog.server_named(server)?.oid, user)?;
    let mapping = catalog.user_mapping(entry.oid).unwrap()?;
    Some(format!("options={}\n", options(&mapping.options)))
}

fn table(catalog: &Snapshot, name: &str) -> Option<String> {
    let it = catalog.relations().find(|relation| relation.name == name)?;
    let mut shown = format!(
        "{} owner={} acl={}",
        it.noun(),
        catalog.role_name(it.owner),
        acl(catalog, it.acl.as_ref())
    );
    if let Some(table) = it.foreign_table() {
        write!(shown, " options={}", options(&table.options)).unwrap();
    }
    writeln!(shown, "{}", comment(catalog, it.oid.address())).unwrap();
    it.live_columns().for_each(|column| shown.push_str(&shown_column(catalog, it, column)));
    let mut checks: Vec<_> = it.checks.iter().collect();
    checks.sort_by_key(|check| &check.name);
    for check in checks {
        let not_valid = if check.validated { "" } else { " not valid" };
        writeln!(shown, "  check {}{not_valid}", check.name).unwrap();
    }
    Some(shown)
}

fn shown_column(catalog: &Snapshot, relation: &Relation, column: &Column) -> String {
    let mut shown = format!("  {} {}", column.name, column.pg_type);
    let is_default = column.pg_type.collation.0 == 100 || column.pg_type.collation.0 == 0;
    if !is_default {
        write!(shown, " collation={}", column.pg_type.collation.0).unwrap();
    }
    if column.not_null.is_some() {
        shown.push_str(" not null");
    }
    match &column.default {
        Some(default) if default.is_generated() => shown.push_str(" generated"),
        Some(_) => shown.push_str(" default"),
        None => {}
    }
    if !column.options.is_empty() {
        write!(shown, " options={}", options(&column.options)).unwrap();
    }
    if column.acl.is_some() {
        write!(shown, " acl={}", acl(catalog, column.acl.as_ref())).unwrap();
    }
    shown.push_str(&comment(catalog, relation.oid.address().column(column.number)));
    shown.push('\n');
    shown
}

fn schema(catalog: &Snapshot, name: &str) -> Option<String> {
    let it = catalog.schema_named(name)?;
    let (owner, acl) = (catalog.role_name(it.owner), acl(catalog, it.acl.as_ref()));
    Some(format!("owner={owner} acl={acl}{}\n", comment(catalog, it.oid.address())))
}

fn role(catalog: &Snapshot, name: &str) -> Option<String> {
    let it = catalog.role_named(name)?;
    let attributes = [
        ("superuser", it.superuser),
        ("inherit", it.inherit),
        ("createrole", it.create_role),
        ("createdb", it.create_db),
        ("login", it.can_login),
        ("replication", it.replication),
        ("bypassrls", it.bypass_rls),
        ("password", it.password.is_some()),
    ];
    let held: Vec<_> = attributes.iter().filter(|it| it.1).map(|it| it.0).collect();
    let until = it.valid_until.map(|moment| format!(" until={moment}")).unwrap_or_default();
    let limit = it.connection_limit;
    let comment = comment(catalog, it.oid.address());
    Some(format!("{} limit={limit}{until}{comment}\n", held.join(" ")))
}

fn members(catalog: &Snapshot, name: &str) -> Option<String> {
    let role = catalog.role_named(name)?.oid;
    let line = |grant: &std::sync::Arc<medley_catalog::objects::Membership>| {
        let (member, grantor) = (catalog.role_name(grant.member), catalog.role_name(grant.grantor));
        let (admin, inherit, set) = (grant.admin, grant.inherit, grant.set);
        format!("{member} by {grantor} admin={admin} inherit={inherit} set={set}\n")
    };
    let mut lines: Vec<_> = catalog.memberships_in_role(role).map(line).collect();
    lines.sort();
    (!lines.is_empty()).then(|| lines.concat())
}

fn default_acls(catalog: &Snapshot) -> String {
    let line = |it: &std::sync::Arc<medley_catalog::objects::DefaultAcl>| {
        let schema = it.schema.and_then(|schema: SchemaOid| catalog.schema(schema));
        let schema = schema.map_or("-", |schema| schema.name.as_str());
        let acl = acl(catalog, Some(&it.acl));
        format!("{} {schema} {} {acl}\n", catalog.role_name(it.role), it.kind.letter())
    };
    catalog.default_acls().map(line).collect()
}

fn extension(catalog: &Snapshot, name: &str) -> Option<String> {
    let it = catalog.extension_named(name)?;
    let (owner, schema) = (catalog.role_name(it.owner), catalog.schema(it.schema)?);
    let comment = comment(catalog, it.oid.address());
    Some(format!("owner={owner} schema={} version={}{comment}\n", schema.name, it.version))
}

fn settings(catalog: &Snapshot, name: &str) -> Option<String> {
    let role = match name {
        "all" => None,
        name => Some(catalog.role_named(name)?.oid),
    };
    let of_role = catalog.settings().filter(|setting| setting.scope.role == role);
    let database = |setting: &medley_catalog::objects::Setting| match setting.scope.database {
        Some(_) => "here",
        None => "anywhere",
    };
    let lines = of_role.map(|it| format!("{} {}\n", database(it), list(it.shown())));
    let lines: String = lines.collect();
    (!lines.is_empty()).then_some(lines)
}
