//! Where the rows of each system relation come from.
use super::{Keys, RowSink, Session, information_schema as info, pg_catalog as pg};
use crate::error::Result;

/// Adds a relation's rows: all of them, or at least those that the keys admit.
pub type RowsFn = fn(&Session, &Keys, &mut RowSink) -> Result<()>;

/// Where a relation's rows come from.
#[derive(Clone, Copy)]
pub enum Source {
    /// They are made for each session.
    Rows(RowsFn),
    /// They are the same everywhere.
    Data(&'static str),
    /// What it lists is not there at all.
    Empty,
    /// What it lists is there, and cannot be told.
    Unsupported,
}

const PG_CATALOG: &[(&str, RowsFn)] = &[
    ("medley_audit", pg::medley_audit::rows),
    ("medley_in_doubt", pg::medley_in_doubt::rows),
    ("medley_incomplete_mappings", pg::medley_incomplete_mappings::rows),
    ("medley_mappings", pg::medley_mappings::rows),
    ("pg_attrdef", pg::pg_attrdef::rows),
    ("pg_attribute", pg::pg_attribute::rows),
    ("pg_auth_members", pg::pg_auth_members::rows),
    ("pg_authid", pg::pg_authid::rows),
    ("pg_available_extensions", pg::pg_available_extensions::rows),
    ("pg_cast", pg::pg_cast::rows),
    ("pg_class", pg::pg_class::rows),
    ("pg_constraint", pg::pg_constraint::rows),
    ("pg_cursors", pg::pg_cursors::rows),
    ("pg_database", pg::pg_database::rows),
    ("pg_db_role_setting", pg::pg_db_role_setting::rows),
    ("pg_default_acl", pg::pg_default_acl::rows),
    ("pg_depend", pg::pg_depend::rows),
    ("pg_description", pg::pg_description::rows),
    ("pg_extension", pg::pg_extension::rows),
    ("pg_foreign_data_wrapper", pg::pg_foreign_data_wrapper::rows),
    ("pg_foreign_server", pg::pg_foreign_server::rows),
    ("pg_foreign_table", pg::pg_foreign_table::rows),
    ("pg_group", pg::pg_group::rows),
    ("pg_hba_file_rules", pg::pg_hba_file_rules::rows),
    ("pg_ident_file_mappings", pg::pg_ident_file_mappings::rows),
    ("pg_language", pg::pg_language::rows),
    ("pg_namespace", pg::pg_namespace::rows),
    ("pg_operator", pg::pg_operator::rows),
    ("pg_prepared_statements", pg::pg_prepared_statements::rows),
    ("pg_proc", pg::pg_proc::rows),
    ("pg_rewrite", pg::pg_rewrite::rows),
    ("pg_roles", pg::pg_roles::rows),
    ("pg_settings", pg::pg_settings::rows),
    ("pg_shadow", pg::pg_shadow::rows),
    ("pg_shdepend", pg::pg_shdepend::rows),
    ("pg_shdescription", pg::pg_shdescription::rows),
    ("pg_stat_activity", pg::pg_stat_activity::rows),
    ("pg_tables", pg::pg_tables::rows),
    ("pg_type", pg::pg_type::rows),
    ("pg_user", pg::pg_user::rows),
    ("pg_user_mapping", pg::pg_user_mapping::rows),
    ("pg_user_mappings", pg::pg_user_mappings::rows),
    ("pg_views", pg::pg_views::rows),
];

const INFORMATION_SCHEMA: &[(&str, RowsFn)] = &[
    ("administrable_role_authorizations", info::administrable_role_authorizations::rows),
    ("applicable_roles", info::applicable_roles::rows),
    ("character_sets", info::character_sets::rows),
    ("check_constraints", info::check_constraints::rows),
    ("column_options", info::column_options::rows),
    ("column_privileges", info::column_privileges::rows),
    ("columns", info::columns::rows),
    ("enabled_roles", info::enabled_roles::rows),
    ("foreign_data_wrapper_options", info::foreign_data_wrapper_options::rows),
    ("foreign_data_wrappers", info::foreign_data_wrappers::rows),
    ("foreign_server_options", info::foreign_server_options::rows),
    ("foreign_servers", info::foreign_servers::rows),
    ("foreign_table_options", info::foreign_table_options::rows),
    ("foreign_tables", info::foreign_tables::rows),
    ("information_schema_catalog_name", info::information_schema_catalog_name::rows),
    ("role_column_grants", info::role_column_grants::rows),
    ("role_table_grants", info::role_table_grants::rows),
    ("role_usage_grants", info::role_usage_grants::rows),
    ("schemata", info::schemata::rows),
    ("table_privileges", info::table_privileges::rows),
    ("tables", info::tables::rows),
    ("usage_privileges", info::usage_privileges::rows),
    ("user_mapping_options", info::user_mapping_options::rows),
    ("user_mappings", info::user_mappings::rows),
    ("view_table_usage", info::view_table_usage::rows),
    ("views", info::views::rows),
];

const DATA: &[(&str, &str)] = &[
    ("pg_aggregate", include_str!("data/pg_aggregate.tsv")),
    ("pg_collation", include_str!("data/pg_collation.tsv")),
    ("pg_range", include_str!("data/pg_range.tsv")),
    ("pg_tablespace", include_str!("data/pg_tablespace.tsv")),
];

/// Medley has no indexes, triggers, policies, partitions, publications, text search, large
/// objects, sequences, statistics, replication or types of one's own.
const EMPTY: &[&str] = &[
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_conversion",
    "pg_enum",
    "pg_event_trigger",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_init_privs",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_matviews",
    "pg_opclass",
    "pg_opfamily",
    "pg_parameter_acl",
    "pg_partitioned_table",
    "pg_policies",
    "pg_policy",
    "pg_prepared_xacts",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_publication_tables",
    "pg_replication_origin",
    "pg_replication_slots",
    "pg_rules",
    "pg_seclabel",
    "pg_seclabels",
    "pg_sequence",
    "pg_sequences",
    "pg_shseclabel",
    "pg_stat_progress_analyze",
    "pg_stat_progress_basebackup",
    "pg_stat_progress_cluster",
    "pg_stat_progress_copy",
    "pg_stat_progress_create_index",
    "pg_stat_progress_vacuum",
    "pg_stat_replication",
    "pg_stat_subscription",
    "pg_stat_user_functions",
    "pg_stat_user_indexes",
    "pg_stat_user_tables",
    "pg_stat_wal_receiver",
    "pg_stat_xact_user_functions",
    "pg_stat_xact_user_tables",
    "pg_statio_user_indexes",
    "pg_statio_user_sequences",
    "pg_statio_user_tables",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
    "pg_subscription",
    "pg_subscription_rel",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "attributes",
    "check_constraint_routine_usage",
    "column_domain_usage",
    "constraint_table_usage",
    "domain_constraints",
    "domain_udt_usage",
    "domains",
    "key_column_usage",
    "referential_constraints",
    "routine_column_usage",
    "routine_routine_usage",
    "routine_sequence_usage",
    "routine_table_usage",
    "sequences",
    "table_constraints",
    "transforms",
    "triggered_update_columns",
    "triggers",
    "user_defined_types",
];

/// Where this relation's rows come from.
pub fn source(schema: &str, name: &str) -> Source {
    let made = if schema == "pg_catalog" { PG_CATALOG } else { INFORMATION_SCHEMA };
    if let Some((_, rows)) = made.iter().find(|(known, _)| *known == name) {
        return Source::Rows(*rows);
    }
    if let Some((_, text)) = DATA.iter().find(|(known, _)| *known == name) {
        return Source::Data(text);
    }
    match EMPTY.contains(&name) {
        true => Source::Empty,
        false => Source::Unsupported,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SystemRelation, declared};
    use super::*;

    #[test]
    fn every_source_is_of_a_declared_relation() {
        let listed = |tables: &[(&'static str, RowsFn)]| {
            tables.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let data = DATA.iter().map(|(name, _)| *name);
        let catalog = listed(PG_CATALOG).into_iter().chain(data);
        let info = listed(INFORMATION_SCHEMA).into_iter();
        for name in catalog.chain(info).chain(EMPTY.iter().copied()) {
            let schemas = ["pg_catalog", "information_schema"];
            let declared: Vec<_> =
                schemas.iter().filter_map(|schema| declared::by_name(schema, name)).collect();
            assert_eq!(declared.len(), 1, "{name}");
            assert!(!declared[0].columns().is_empty(), "{name}");
        }
    }
}
