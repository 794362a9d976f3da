//! The statements that PostgreSQL has and Medley does not, as synopses.

/// Rules that synopses share.
pub(super) const RULES: &[(&str, &str)] = &[
    ("if_exists", "[ if exists ]"),
    ("if_not_exists", "[ if not exists ]"),
    ("behavior", "[ cascade | restrict ]"),
    ("names", "( <name> ,... )"),
    ("def_elem", "<label> [ = <def_arg> ]"),
    ("definition", "( <def_elem> ,... )"),
    ("signed", "<number>"),
    ("boolean_or_string", "{ true | false | on | <word> | <string> }"),
    // Functions, aggregates and operators by their arguments.
    ("arg_class", "{ in | out | inout | in out | variadic }"),
    (
        "arg",
        "{ <arg_class> <param_name> <func_type> | <param_name> <arg_class> <func_type> | \
         <param_name> <func_type> | <arg_class> <func_type> | <func_type> }",
    ),
    ("args", "( [ <arg> ,... ] )"),
    ("args_with_defaults", "( [ { <arg> [ { default | = } <expr> ] } ,... ] )"),
    ("function", "{ <func_name> <args> | <func_name> | <any_name> }"),
    ("functions", "<function> ,..."),
    (
        "aggr_args",
        "{ ( * ) | ( <arg> ,... ) | ( order by <arg> ,... ) | \
         ( <arg> ,... order by <arg> ,... ) }",
    ),
    ("aggregate", "<func_name> <aggr_args>"),
    ("oper_args", "( { <type> , <type> | none , <type> | <type> , none } )"),
    ("operator_with_args", "<operator> <oper_args>"),
    // What most kinds of object can be told.
    ("rename", "rename to <name>"),
    ("owner", "owner to <role>"),
    ("set_schema", "set schema <name>"),
    ("depends", "[ no ] depends on extension <name>"),
    // Sequences.
    (
        "seq_option",
        "{ as <type> | cache <number> | cycle | no cycle | increment [ by ] <number> | logged | \
         unlogged | maxvalue <number> | minvalue <number> | no maxvalue | no minvalue | \
         owned by <any_name> | sequence name <any_name> | start [ with ] <number> | restart | \
         restart [ with ] <number> }",
    ),
    // Functions.
    (
        "func_common_option",
        "{ called on null input | returns null on null input | strict | immutable | stable | \
         volatile | external security definer | external security invoker | security definer | \
         security invoker | leakproof | not leakproof | cost <number> | rows <number> | \
         support <any_name> | <set_or_reset> | parallel <name> }",
    ),
    (
        "func_option",
        "{ as <string> [ , <string> ] | language { <word> | <string> } | \
         transform { for type <type> } ,... | window | <func_common_option> }",
    ),
    (
        "func_body",
        "{ return <expr> | begin atomic [ { <statement> ; | return <expr> ; } ... ] end }",
    ),
    ("table_func_column", "<param_name> <func_type>"),
    // Tables.
    ("temp", "[ { local | global } { temp | temporary } | temp | temporary | unlogged ]"),
    ("elements", "( [ <element> ,... ] )"),
    ("typed_elements", "[ ( <typed_element> ,... ) ]"),
    (
        "partition_bound",
        "{ for values with <hash_bound> | for values in ( <expr> ,... ) | \
         for values from ( <expr> ,... ) to ( <expr> ,... ) | default }",
    ),
    ("table_with", "[ with <reloptions> | without oids ]"),
    ("on_commit", "[ on commit { drop | delete rows | preserve rows } ]"),
    ("table_access_method", "[ using <name> ]"),
    ("in_tablespace", "[ tablespace <name> ]"),
    ("table_tail", "<partition_by> <table_access_method> <table_with> <on_commit> <in_tablespace>"),
    ("with_data", "[ with data | with no data ]"),
    (
        "as_target",
        "<qualified> [ <names> ] <table_access_method> <table_with> <on_commit> <in_tablespace>",
    ),
    (
        "view_target",
        "<qualified> [ <names> ] <table_access_method> [ with <reloptions> ] <in_tablespace>",
    ),
    // Triggers and policies.
    ("trigger_event", "{ insert | delete | truncate | update | update of <name> ,... }"),
    ("trigger_events", "<trigger_event> [ { or <trigger_event> } ... ]"),
    ("trigger_referencing", "[ referencing { { new | old } { table | row } [ as ] <name> } ... ]"),
    ("trigger_for", "[ for [ each ] { row | statement } ]"),
    ("trigger_when", "[ when ( <expr> ) ]"),
    (
        "trigger_call",
        "execute { function | procedure } <func_name> ( [ { <number> | <string> | <label> } ,... ] )",
    ),
    (
        "constraint_attribute",
        "{ deferrable | not deferrable | initially immediate | initially deferred | not valid | \
         no inherit | enforced | not enforced }",
    ),
    ("policy_to", "[ to <role> ,... ]"),
    ("policy_using", "[ using ( <expr> ) ]"),
    ("policy_check", "[ with check ( <expr> ) ]"),
    // Domains.
    (
        "domain_constraint",
        "{ collate <any_name> | <constraint_attribute> | [ constraint <name> ] { not null | null | \
         check ( <expr> ) | default <b_expr> | unique | primary key } }",
    ),
    (
        "domain_table_constraint",
        "[ constraint <name> ] { check ( <expr> ) | not null } [ <constraint_attribute> ... ]",
    ),
    // Publications.
    (
        "publication_object",
        "{ table <relation> [ <names> ] [ where ( <expr> ) ] | \
         tables in schema { <name> | current_schema } | \
         <relation> [ <names> ] [ where ( <expr> ) ] | current_schema }",
    ),
    // Index and its kind.
    ("utility_value", "{ <boolean_or_string> | <number> }"),
    ("utility_option", "{ <word> | analyze | analyse } [ <utility_value> ]"),
    ("utility_options", "( <utility_option> ,... )"),
    // Rules.
    ("event", "{ select | update | delete | insert }"),
    ("notify", "notify <name> [ , <string> ]"),
    ("rule_action", "{ <statement> | <notify> }"),
    // Types and their attributes.
    ("type_attribute", "<name> <type> [ collate <any_name> ]"),
    (
        "type_action",
        "{ add attribute <type_attribute> <behavior> | \
         drop attribute <if_exists> <name> <behavior> | \
         alter attribute <name> [ set data ] type <type> [ collate <any_name> ] <behavior> }",
    ),
    (
        "opclass_item",
        "{ operator <int> <operator> [ <oper_args> ] [ for search | for order by <any_name> ] \
         [ recheck ] | function <int> [ ( <type> ,... ) ] <function> | storage <type> }",
    ),
    ("opclass_drop", "{ operator <int> ( <type> ,... ) | function <int> ( <type> ,... ) }"),
    ("text_search_kind", "{ configuration | dictionary | parser | template }"),
    (
        "index_alter",
        "{ alter [ column ] { <name> | <int> } set statistics { <number> | default } | \
         alter [ column ] { <name> | <int> } { set | reset } <reloptions> | \
         set <reloptions> | reset <reloptions> | set tablespace <name> | \
         attach partition <qualified> | set access method { <name> | default } | owner to <role> }",
    ),
    (
        "identity_option",
        "{ restart [ [ with ] <number> ] | set { <not_of_identity> | <seq_option> } | \
         set generated { always | by default } }",
    ),
];

/// Actions of ALTER TABLE that foreign tables do not have, and what messages call them.
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("SET TABLESPACE", "set tablespace <name>"),
    ("SET LOGGED", "set logged"),
    ("SET UNLOGGED", "set unlogged"),
    ("SET WITHOUT CLUSTER", "set without cluster"),
    ("SET ACCESS METHOD", "set access method { <name> | default }"),
    ("CLUSTER ON", "cluster on <name>"),
    ("ENABLE ROW SECURITY", "enable row level security"),
    ("DISABLE ROW SECURITY", "disable row level security"),
    ("FORCE ROW SECURITY", "force row level security"),
    ("NO FORCE ROW SECURITY", "no force row level security"),
    ("ENABLE RULE", "enable rule <name>"),
    ("ENABLE ALWAYS RULE", "enable always rule <name>"),
    ("ENABLE REPLICA RULE", "enable replica rule <name>"),
    ("DISABLE RULE", "disable rule <name>"),
    ("REPLICA IDENTITY", "replica identity { nothing | full | default | using index <name> }"),
    ("ALTER CONSTRAINT", "alter constraint <name> [ inherit | <constraint_attribute> ... ]"),
    ("NOT OF", "not of"),
    ("OF", "of <any_name>"),
    // Medley's own, as far as they tell where an error is.
    ("", "enable [ always | replica ] trigger"),
    ("", "disable trigger"),
    ("", "set { without oids | ( }"),
    ("", "no inherit"),
];

/// What stands in place of all actions of ALTER TABLE.
pub(super) const PARTITIONS: &[(&str, &str)] = &[
    ("ATTACH PARTITION", "attach partition <qualified> <partition_bound>"),
    ("DETACH PARTITION", "detach partition <qualified> [ concurrently | finalize ]"),
];

/// Parts of Medley's own statements that nothing is kept of.
pub(super) const PARTS: &[(&str, &str)] = &[
    ("arguments", "<args>"),
    ("partition bound", "<partition_bound>"),
    ("sequence options", "( <seq_option> ... )"),
];

/// Kinds of object that Medley does not have, as COMMENT and others name one.
pub(super) const OBJECTS: &[(&str, &str)] = &[
    ("ACCESS METHOD", "access method <name>"),
    ("AGGREGATE", "aggregate <aggregate>"),
    ("CAST", "cast ( <type> as <type> )"),
    ("COLLATION", "collation <any_name>"),
    ("CONVERSION", "conversion <any_name>"),
    ("DOMAIN", "domain <type>"),
    ("EVENT TRIGGER", "event trigger <name>"),
    ("FUNCTION", "function <function>"),
    ("LANGUAGE", "[ procedural ] language <name>"),
    ("LARGE OBJECT", "large object <number>"),
    ("OPERATOR CLASS", "operator class <any_name> using <name>"),
    ("OPERATOR FAMILY", "operator family <any_name> using <name>"),
    ("OPERATOR", "operator <operator_with_args>"),
    ("POLICY", "policy <name> on <any_name>"),
    ("PROCEDURE", "procedure <function>"),
    ("PUBLICATION", "publication <name>"),
    ("ROUTINE", "routine <function>"),
    ("RULE", "rule <name> on <any_name>"),
    ("STATISTICS", "statistics <any_name>"),
    ("SUBSCRIPTION", "subscription <name>"),
    ("TABLESPACE", "tablespace <name>"),
    ("TEXT SEARCH CONFIGURATION", "text search configuration <any_name>"),
    ("TEXT SEARCH DICTIONARY", "text search dictionary <any_name>"),
    ("TEXT SEARCH PARSER", "text search parser <any_name>"),
    ("TEXT SEARCH TEMPLATE", "text search template <any_name>"),
    ("TRANSFORM", "transform for <type> language <name>"),
    ("TRIGGER", "trigger <name> on <any_name>"),
    ("TYPE", "type <type>"),
    // Medley's own, as far as they tell where an error is.
    ("", "foreign { table | data wrapper }"),
    ("", "materialized view"),
];

/// The same for a column, behind ALTER [COLUMN] name.
pub(super) const COLUMN_ACTIONS: &[(&str, &str)] = &[
    ("ALTER COLUMN ... SET COMPRESSION", "set compression { <name> | default }"),
    ("ALTER COLUMN ... DROP EXPRESSION", "drop expression [ if exists ]"),
    (
        "ALTER COLUMN ... ADD IDENTITY",
        "add generated { always | by default } as identity [ ( <seq_option> ... ) ]",
    ),
    ("ALTER COLUMN ... SET", "<identity_option> ..."),
    ("ALTER COLUMN ... DROP IDENTITY", "drop identity [ if exists ]"),
    // Medley's own, as far as they tell where an error is.
    ("", "set { default | expression as ( | not null | statistics | storage | ( | data type }"),
    ("", "drop { default | not null }"),
];

/// By the name that errors call them; what has no name is Medley's too, and only tells where an
/// error is. `<@>` is the relation that a statement is about.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
    (
        "CREATE ACCESS METHOD",
        "create access method <name> type { index | table } handler <any_name>",
    ),
    (
        "CREATE AGGREGATE",
        "create [ or replace ] aggregate <func_name> { <aggr_args> <definition> | \
         ( { <ident> = <def_arg> } ,... ) }",
    ),
    (
        "CREATE CAST",
        "create cast ( <type> as <type> ) { with function <function> | without function | \
         with inout } [ as implicit | as assignment ]",
    ),
    (
        "CREATE COLLATION",
        "create collation <if_not_exists> <any_name> { <definition> | from <any_name> }",
    ),
    (
        "CREATE CONVERSION",
        "create [ default ] conversion <any_name> for <string> to <string> from <any_name>",
    ),
    ("CREATE DOMAIN", "create domain <any_name> [ as ] <type> [ <domain_constraint> ... ]"),
    (
        "CREATE EVENT TRIGGER",
        "create event trigger <name> on <label> [ when { <name> in ( <string> ,... ) } \
         [ { and <name> in ( <string> ,... ) } ... ] ] execute { function | procedure } \
         <func_name> ( )",
    ),
    (
        "CREATE FUNCTION",
        "create [ or replace ] function <func_name> <args_with_defaults> [ returns <func_type> | \
         returns table ( <table_func_column> ,... ) ] [ <func_option> ... ] [ <func_body> ]",
    ),
    (
        "CREATE PROCEDURE",
        "create [ or replace ] procedure <func_name> <args_with_defaults> [ <func_option> ... ] \
         [ <func_body> ]",
    ),
    (
        "CREATE INDEX",
        "create [ unique ] index [ concurrently ] [ <name> | if not exists <name> ] on \
         { <@> | only <@> | only ( <@> ) | <@> * } [ using <name> ] ( <index_elem> ,... ) \
         [ include ( <index_elem> ,... ) ] [ nulls distinct | nulls not distinct ] \
         [ with <reloptions> ] <in_tablespace> [ where <expr> ]",
    ),
    (
        "CREATE LANGUAGE",
        "create [ or replace ] [ trusted ] [ procedural ] language <name> \
         [ handler <any_name> [ inline <any_name> ] [ validator <any_name> | no validator ] ]",
    ),
    (
        "CREATE MATERIALIZED VIEW",
        "create [ unlogged ] materialized view <if_not_exists> <view_target> as <query> <with_data>",
    ),
    (
        "CREATE OPERATOR CLASS",
        "create operator class <any_name> [ default ] for type <type> using <name> \
         [ family <any_name> ] as <opclass_item> ,...",
    ),
    ("CREATE OPERATOR FAMILY", "create operator family <any_name> using <name>"),
    ("CREATE OPERATOR", "create operator <operator> <definition>"),
    (
        "CREATE POLICY",
        "create policy <name> on <@> [ as <ident> ] \
         [ for { all | select | insert | update | delete } ] <policy_to> <policy_using> \
         <policy_check>",
    ),
    (
        "CREATE PUBLICATION",
        "create publication <name> [ for all tables | for <publication_object> ,... ] \
         [ with <definition> ]",
    ),
    (
        "CREATE RULE",
        "create [ or replace ] rule <name> as on <event> to <@> [ where <expr> ] do \
         [ instead | also ] { nothing | <rule_action> | \
         ( [ <rule_action> ] [ { ; [ <rule_action> ] } ... ] ) }",
    ),
    ("CREATE SEQUENCE", "create <temp> sequence <if_not_exists> <qualified> [ <seq_option> ... ]"),
    (
        "CREATE STATISTICS",
        "create statistics [ <if_not_exists> <any_name> ] [ <names> ] on \
         <stats_elem> ,... from { <@> | <tables> }",
    ),
    (
        "CREATE SUBSCRIPTION",
        "create subscription <name> connection <secret> publication <name> ,... \
         [ with <definition> ]",
    ),
    (
        "CREATE TABLE",
        "create <temp> table <if_not_exists> <qualified> { <elements> \
         [ inherits ( <qualified> ,... ) ] | of <any_name> <typed_elements> | \
         partition of <qualified> <typed_elements> <partition_bound> } <table_tail>",
    ),
    (
        "CREATE TABLE AS",
        "create <temp> table <if_not_exists> <as_target> as { <query> | <execute> } <with_data>",
    ),
    (
        "CREATE TABLESPACE",
        "create tablespace <name> [ owner <role> ] location <string> [ with <reloptions> ]",
    ),
    (
        "CREATE TEXT SEARCH CONFIGURATION",
        "create text search configuration <any_name> <definition>",
    ),
    ("CREATE TEXT SEARCH DICTIONARY", "create text search dictionary <any_name> <definition>"),
    ("CREATE TEXT SEARCH PARSER", "create text search parser <any_name> <definition>"),
    ("CREATE TEXT SEARCH TEMPLATE", "create text search template <any_name> <definition>"),
    (
        "CREATE TRANSFORM",
        "create [ or replace ] transform for <type> language <name> ( { from sql with function \
         <function> , to sql with function <function> | to sql with function <function> , \
         from sql with function <function> | from sql with function <function> | \
         to sql with function <function> } )",
    ),
    (
        "CREATE TRIGGER",
        "create [ or replace ] trigger <name> { before | after | instead of } <trigger_events> \
         on <@> <trigger_referencing> <trigger_for> <trigger_when> <trigger_call>",
    ),
    (
        "CREATE TRIGGER",
        "create [ or replace ] constraint trigger <name> after <trigger_events> on <@> \
         [ from <qualified> ] [ <constraint_attribute> ... ] for each row <trigger_when> \
         <trigger_call>",
    ),
    (
        "CREATE TYPE",
        "create type <any_name> [ <definition> | as ( [ <type_attribute> ,... ] ) | \
         as enum ( [ <string> ,... ] ) | as range <definition> ]",
    ),
    ("ALTER AGGREGATE", "alter aggregate <aggregate> { <rename> | <owner> | <set_schema> }"),
    (
        "ALTER COLLATION",
        "alter collation <any_name> { refresh version | <rename> | <owner> | <set_schema> }",
    ),
    ("ALTER CONVERSION", "alter conversion <any_name> { <rename> | <owner> | <set_schema> }"),
    (
        "ALTER DOMAIN",
        "alter domain <any_name> { set default <expr> | drop default | set not null | \
         drop not null | add <domain_table_constraint> | \
         drop constraint <if_exists> <name> <behavior> | validate constraint <name> | <rename> | \
         rename constraint <name> to <name> | <owner> | <set_schema> }",
    ),
    (
        "ALTER EVENT TRIGGER",
        "alter event trigger <name> { enable | enable replica | enable always | disable | \
         <owner> | <rename> }",
    ),
    (
        "ALTER FUNCTION",
        "alter function <function> { <func_common_option> ... [ restrict ] | <rename> | <owner> | \
         <set_schema> | <depends> }",
    ),
    (
        "ALTER PROCEDURE",
        "alter procedure <function> { <func_common_option> ... [ restrict ] | <rename> | \
         <owner> | <set_schema> | <depends> }",
    ),
    (
        "ALTER ROUTINE",
        "alter routine <function> { <func_common_option> ... [ restrict ] | <rename> | <owner> | \
         <set_schema> | <depends> }",
    ),
    (
        "ALTER INDEX",
        "alter index <if_exists> <qualified> { <index_alter> ,... | <rename> | <set_schema> }",
    ),
    ("ALTER INDEX", "alter index <qualified> <depends>"),
    (
        "ALTER INDEX",
        "alter index all in tablespace <name> [ owned by <role> ,... ] set tablespace <name> \
         [ nowait ]",
    ),
    ("ALTER LANGUAGE", "alter [ procedural ] language <name> { <rename> | <owner> }"),
    ("ALTER LARGE OBJECT", "alter large object <number> <owner>"),
    (
        "ALTER MATERIALIZED VIEW",
        "alter materialized view <if_exists> <qualified> { <table_actions> | <rename> | \
         <set_schema> | rename [ column ] <name> to <name> }",
    ),
    ("ALTER MATERIALIZED VIEW", "alter materialized view <qualified> <depends>"),
    (
        "ALTER MATERIALIZED VIEW",
        "alter materialized view all in tablespace <name> [ owned by <role> ,... ] \
         set tablespace <name> [ nowait ]",
    ),
    (
        "ALTER OPERATOR CLASS",
        "alter operator class <any_name> using <name> { <rename> | <owner> | <set_schema> }",
    ),
    (
        "ALTER OPERATOR FAMILY",
        "alter operator family <any_name> using <name> { <rename> | <owner> | <set_schema> | \
         add <opclass_item> ,... | drop <opclass_drop> ,... }",
    ),
    (
        "ALTER OPERATOR",
        "alter operator <operator_with_args> { <owner> | <set_schema> | \
         set ( { <label> [ = { <def_arg> | none } ] } ,... ) }",
    ),
    (
        "ALTER POLICY",
        "alter policy { <name> on <qualified> <policy_to> <policy_using> <policy_check> | \
         <if_exists> <name> on <qualified> rename to <name> }",
    ),
    (
        "ALTER PUBLICATION",
        "alter publication <name> { set <definition> | { add | set | drop } \
         <publication_object> ,... | <rename> | <owner> }",
    ),
    ("ALTER RULE", "alter rule <name> on <qualified> rename to <name>"),
    (
        "ALTER SEQUENCE",
        "alter sequence <if_exists> <qualified> { <seq_option> ... | <rename> | <set_schema> | \
         <table_actions> }",
    ),
    (
        "ALTER STATISTICS",
        "alter statistics { <if_exists> <any_name> set statistics { <number> | default } | \
         <any_name> { <rename> | <owner> | <set_schema> } }",
    ),
    (
        "ALTER SUBSCRIPTION",
        "alter subscription <name> { set <definition> | connection <secret> | \
         refresh publication [ with <definition> ] | \
         { add | drop | set } publication <name> ,... [ with <definition> ] | enable | disable | \
         skip <definition> | <rename> | <owner> }",
    ),
    ("ALTER SYSTEM", "alter system { set <setting> | reset { all | <any_name> } }"),
    (
        "ALTER TABLE",
        "alter table all in tablespace <name> [ owned by <role> ,... ] set tablespace <name> \
         [ nowait ]",
    ),
    (
        "ALTER TABLESPACE",
        "alter tablespace <name> { <rename> | <owner> | { set | reset } <reloptions> }",
    ),
    (
        "ALTER TEXT SEARCH CONFIGURATION",
        "alter text search configuration <any_name> { <rename> | <owner> | <set_schema> | \
         add mapping for <name> ,... with <any_name> ,... | \
         alter mapping for <name> ,... with <any_name> ,... | \
         alter mapping replace <any_name> with <any_name> | \
         alter mapping for <name> ,... replace <any_name> with <any_name> | \
         drop mapping <if_exists> for <name> ,... }",
    ),
    (
        "ALTER TEXT SEARCH DICTIONARY",
        "alter text search dictionary <any_name> { <definition> | <rename> | <owner> | \
         <set_schema> }",
    ),
    ("ALTER TEXT SEARCH PARSER", "alter text search parser <any_name> { <rename> | <set_schema> }"),
    (
        "ALTER TEXT SEARCH TEMPLATE",
        "alter text search template <any_name> { <rename> | <set_schema> }",
    ),
    ("ALTER TRIGGER", "alter trigger <name> on <qualified> { rename to <name> | <depends> }"),
    (
        "ALTER TYPE",
        "alter type <any_name> { <type_action> ,... | \
         add value <if_not_exists> <string> [ before <string> | after <string> ] | \
         rename value <string> to <string> | drop value <string> | <rename> | \
         rename attribute <name> to <name> <behavior> | <owner> | <set_schema> | \
         set <definition> }",
    ),
    ("DROP ACCESS METHOD", "drop access method <if_exists> <name> ,... <behavior>"),
    ("DROP AGGREGATE", "drop aggregate <if_exists> <aggregate> ,... <behavior>"),
    ("DROP CAST", "drop cast <if_exists> ( <type> as <type> ) <behavior>"),
    ("DROP COLLATION", "drop collation <if_exists> <any_name> ,... <behavior>"),
    ("DROP CONVERSION", "drop conversion <if_exists> <any_name> ,... <behavior>"),
    ("DROP DOMAIN", "drop domain <if_exists> <type> ,... <behavior>"),
    ("DROP EVENT TRIGGER", "drop event trigger <if_exists> <name> ,... <behavior>"),
    ("DROP FUNCTION", "drop function <if_exists> <functions> <behavior>"),
    ("DROP LANGUAGE", "drop [ procedural ] language <if_exists> <name> ,... <behavior>"),
    ("DROP OPERATOR CLASS", "drop operator class <if_exists> <any_name> using <name> <behavior>"),
    ("DROP OPERATOR FAMILY", "drop operator family <if_exists> <any_name> using <name> <behavior>"),
    ("DROP OPERATOR", "drop operator <if_exists> <operator_with_args> ,... <behavior>"),
    ("DROP POLICY", "drop policy <if_exists> <name> on <any_name> <behavior>"),
    ("DROP PROCEDURE", "drop procedure <if_exists> <functions> <behavior>"),
    ("DROP PUBLICATION", "drop publication <if_exists> <name> ,... <behavior>"),
    ("DROP ROUTINE", "drop routine <if_exists> <functions> <behavior>"),
    ("DROP RULE", "drop rule <if_exists> <name> on <any_name> <behavior>"),
    ("DROP STATISTICS", "drop statistics <if_exists> <any_name> ,... <behavior>"),
    ("DROP SUBSCRIPTION", "drop subscription <if_exists> <name> <behavior>"),
    ("DROP TABLESPACE", "drop tablespace <if_exists> <name>"),
    (
        "DROP TEXT SEARCH CONFIGURATION",
        "drop text search configuration <if_exists> <any_name> ,... <behavior>",
    ),
    (
        "DROP TEXT SEARCH DICTIONARY",
        "drop text search dictionary <if_exists> <any_name> ,... <behavior>",
    ),
    ("DROP TEXT SEARCH PARSER", "drop text search parser <if_exists> <any_name> ,... <behavior>"),
    (
        "DROP TEXT SEARCH TEMPLATE",
        "drop text search template <if_exists> <any_name> ,... <behavior>",
    ),
    ("DROP TRANSFORM", "drop transform <if_exists> for <type> language <name> <behavior>"),
    ("DROP TRIGGER", "drop trigger <if_exists> <name> on <any_name> <behavior>"),
    ("DROP TYPE", "drop type <if_exists> <type> ,... <behavior>"),
    ("CALL", "call <call>"),
    ("DO", "do { <string> | language { <word> | <string> } } ..."),
    ("LOAD", "load <string>"),
    ("CLUSTER", "cluster [ verbose | <utility_options> ] [ <@> [ using <name> ] ]"),
    ("CLUSTER", "cluster [ verbose ] <name> on <@>"),
    ("REINDEX", "reindex [ <utility_options> ] { index | table } [ concurrently ] <@>"),
    (
        "REINDEX",
        "reindex [ <utility_options> ] { schema [ concurrently ] <name> | \
         { system | database } [ concurrently ] [ <name> ] }",
    ),
    (
        "REFRESH MATERIALIZED VIEW",
        "refresh materialized view [ concurrently ] <qualified> <with_data>",
    ),
    // Medley's own, as far as they tell where an error is.
    ("", "create or replace view"),
    ("", "create [ or replace ] <temp> recursive view"),
    ("", "create [ or replace ] <temp> view"),
    ("", "create { schema | database | server | extension | role | group }"),
    ("", "create user mapping"),
    ("", "create foreign { table | data wrapper }"),
    ("", "alter { schema | database | server | extension | role | group | user mapping | view }"),
    ("", "alter { table | foreign table | foreign data wrapper | default privileges }"),
    ("", "drop { schema | database | server | extension | role | user | group | owned }"),
    ("", "drop { table | view | index | sequence | materialized view }"),
    ("", "drop { foreign table | foreign data wrapper | user mapping }"),
];
