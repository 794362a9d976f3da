-- pg_user_mappings as postgres
SELECT srvname, usename, umoptions FROM pg_user_mappings ORDER BY srvname, usename

-- pg_user_mappings as alice
SELECT srvname, usename, umoptions FROM pg_user_mappings ORDER BY srvname, usename

-- pg_user_mappings as bob
SELECT srvname, usename, umoptions FROM pg_user_mappings ORDER BY srvname, usename

-- pg_user_mappings as carol
SELECT srvname, usename, umoptions FROM pg_user_mappings ORDER BY srvname, usename

-- pg_user_mapping as postgres
SELECT count(*) FROM pg_user_mapping

-- pg_user_mapping as bob
SELECT count(*) FROM pg_user_mapping

-- user_mappings as postgres
SELECT * FROM information_schema.user_mappings ORDER BY 1, 3

-- user_mappings as alice
SELECT * FROM information_schema.user_mappings ORDER BY 1, 3

-- user_mappings as bob
SELECT * FROM information_schema.user_mappings ORDER BY 1, 3

-- user_mappings as carol
SELECT * FROM information_schema.user_mappings ORDER BY 1, 3

-- user_mapping_options as postgres
SELECT * FROM information_schema.user_mapping_options ORDER BY 1, 3, 4

-- user_mapping_options as alice
SELECT * FROM information_schema.user_mapping_options ORDER BY 1, 3, 4

-- user_mapping_options as bob
SELECT * FROM information_schema.user_mapping_options ORDER BY 1, 3, 4

-- user_mapping_options as carol
SELECT * FROM information_schema.user_mapping_options ORDER BY 1, 3, 4

-- foreign_servers as postgres
SELECT * FROM information_schema.foreign_servers ORDER BY 2

-- foreign_servers as alice
SELECT * FROM information_schema.foreign_servers ORDER BY 2

-- foreign_servers as bob
SELECT * FROM information_schema.foreign_servers ORDER BY 2

-- foreign_servers as carol
SELECT * FROM information_schema.foreign_servers ORDER BY 2

-- foreign_server_options as postgres
SELECT * FROM information_schema.foreign_server_options ORDER BY 2, 3

-- foreign_server_options as alice
SELECT * FROM information_schema.foreign_server_options ORDER BY 2, 3

-- foreign_server_options as bob
SELECT * FROM information_schema.foreign_server_options ORDER BY 2, 3

-- foreign_server_options as carol
SELECT * FROM information_schema.foreign_server_options ORDER BY 2, 3

-- foreign_data_wrappers as postgres
SELECT * FROM information_schema.foreign_data_wrappers ORDER BY 2

-- foreign_data_wrappers as alice
SELECT * FROM information_schema.foreign_data_wrappers ORDER BY 2

-- foreign_data_wrappers as bob
SELECT * FROM information_schema.foreign_data_wrappers ORDER BY 2

-- foreign_data_wrappers as carol
SELECT * FROM information_schema.foreign_data_wrappers ORDER BY 2

-- foreign_data_wrapper_options as postgres
SELECT * FROM information_schema.foreign_data_wrapper_options ORDER BY 2, 3

-- foreign_data_wrapper_options as alice
SELECT * FROM information_schema.foreign_data_wrapper_options ORDER BY 2, 3

-- foreign_data_wrapper_options as bob
SELECT * FROM information_schema.foreign_data_wrapper_options ORDER BY 2, 3

-- foreign_data_wrapper_options as carol
SELECT * FROM information_schema.foreign_data_wrapper_options ORDER BY 2, 3

-- foreign_tables as postgres
SELECT * FROM information_schema.foreign_tables ORDER BY 3

-- foreign_tables as alice
SELECT * FROM information_schema.foreign_tables ORDER BY 3

-- foreign_tables as bob
SELECT * FROM information_schema.foreign_tables ORDER BY 3

-- foreign_tables as carol
SELECT * FROM information_schema.foreign_tables ORDER BY 3

-- foreign_table_options as postgres
SELECT * FROM information_schema.foreign_table_options ORDER BY 3, 4

-- foreign_table_options as alice
SELECT * FROM information_schema.foreign_table_options ORDER BY 3, 4

-- foreign_table_options as bob
SELECT * FROM information_schema.foreign_table_options ORDER BY 3, 4

-- foreign_table_options as carol
SELECT * FROM information_schema.foreign_table_options ORDER BY 3, 4

-- column_options as postgres
SELECT * FROM information_schema.column_options ORDER BY 4, 5

-- column_options as alice
SELECT * FROM information_schema.column_options ORDER BY 4, 5

-- column_options as bob
SELECT * FROM information_schema.column_options ORDER BY 4, 5

-- column_options as carol
SELECT * FROM information_schema.column_options ORDER BY 4, 5

-- enabled_roles as postgres
SELECT * FROM information_schema.enabled_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1

-- enabled_roles as alice
SELECT * FROM information_schema.enabled_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1

-- enabled_roles as bob
SELECT * FROM information_schema.enabled_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1

-- enabled_roles as carol
SELECT * FROM information_schema.enabled_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1

-- applicable_roles as postgres
SELECT * FROM information_schema.applicable_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- applicable_roles as alice
SELECT * FROM information_schema.applicable_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- applicable_roles as bob
SELECT * FROM information_schema.applicable_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- applicable_roles as carol
SELECT * FROM information_schema.applicable_roles WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- administrable_role_authorizations as postgres
SELECT * FROM information_schema.administrable_role_authorizations WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- administrable_role_authorizations as alice
SELECT * FROM information_schema.administrable_role_authorizations WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- administrable_role_authorizations as bob
SELECT * FROM information_schema.administrable_role_authorizations WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- administrable_role_authorizations as carol
SELECT * FROM information_schema.administrable_role_authorizations WHERE role_name NOT LIKE 'pg\_%' ORDER BY 1, 2

-- information_schema_catalog_name as postgres
SELECT * FROM information_schema.information_schema_catalog_name ORDER BY 1

-- information_schema_catalog_name as alice
SELECT * FROM information_schema.information_schema_catalog_name ORDER BY 1

-- information_schema_catalog_name as bob
SELECT * FROM information_schema.information_schema_catalog_name ORDER BY 1

-- information_schema_catalog_name as carol
SELECT * FROM information_schema.information_schema_catalog_name ORDER BY 1

-- usage_privileges as postgres
SELECT * FROM information_schema.usage_privileges WHERE object_type LIKE 'FOREIGN%' ORDER BY 1, 2, 5

-- usage_privileges as alice
SELECT * FROM information_schema.usage_privileges WHERE object_type LIKE 'FOREIGN%' ORDER BY 1, 2, 5

-- usage_privileges as bob
SELECT * FROM information_schema.usage_privileges WHERE object_type LIKE 'FOREIGN%' ORDER BY 1, 2, 5

-- usage_privileges as carol
SELECT * FROM information_schema.usage_privileges WHERE object_type LIKE 'FOREIGN%' ORDER BY 1, 2, 5

-- role_usage_grants as alice
SELECT * FROM information_schema.role_usage_grants WHERE object_type LIKE 'FOREIGN%' ORDER BY 1, 2, 5

-- role_usage_grants as carol
SELECT * FROM information_schema.role_usage_grants WHERE object_type LIKE 'FOREIGN%' ORDER BY 1, 2, 5

-- tables as postgres
SELECT * FROM information_schema.tables WHERE table_schema IN ('public', 'films') ORDER BY 3

-- tables as alice
SELECT * FROM information_schema.tables WHERE table_schema IN ('public', 'films') ORDER BY 3

-- tables as bob
SELECT * FROM information_schema.tables WHERE table_schema IN ('public', 'films') ORDER BY 3

-- tables as carol
SELECT * FROM information_schema.tables WHERE table_schema IN ('public', 'films') ORDER BY 3

-- columns as postgres
SELECT * FROM information_schema.columns WHERE table_name = 'ft' ORDER BY ordinal_position

-- columns as alice
SELECT * FROM information_schema.columns WHERE table_name = 'ft' ORDER BY ordinal_position

-- table_privileges as postgres
SELECT * FROM information_schema.table_privileges WHERE table_schema = 'public' ORDER BY 1, 2, 5, 6

-- table_privileges as bob
SELECT * FROM information_schema.table_privileges WHERE table_schema = 'public' ORDER BY 1, 2, 5, 6

-- column_privileges as alice
SELECT * FROM information_schema.column_privileges WHERE table_schema = 'public' ORDER BY 1, 2, 6, 7

-- column_privileges as bob
SELECT * FROM information_schema.column_privileges WHERE table_schema = 'public' ORDER BY 1, 2, 6, 7

-- role_column_grants as carol
SELECT * FROM information_schema.role_column_grants WHERE table_schema = 'public' ORDER BY 1, 2, 6, 7

-- schemata as postgres
SELECT * FROM information_schema.schemata WHERE schema_name IN ('public', 'films', 'pg_catalog') ORDER BY 2

-- schemata as alice
SELECT * FROM information_schema.schemata WHERE schema_name IN ('public', 'films', 'pg_catalog') ORDER BY 2

-- schemata as bob
SELECT * FROM information_schema.schemata WHERE schema_name IN ('public', 'films', 'pg_catalog') ORDER BY 2

-- schemata as carol
SELECT * FROM information_schema.schemata WHERE schema_name IN ('public', 'films', 'pg_catalog') ORDER BY 2

-- check_constraints as alice
SELECT constraint_name, check_clause FROM information_schema.check_constraints ORDER BY 1

-- pg_class as postgres
SELECT relname, relkind, relnatts, relchecks, relhasrules, relpersistence, relreplident, relispopulated, reltuples, relpages, relhasindex, relacl, reloptions FROM pg_class WHERE relname IN ('ft', 'hidden') ORDER BY 1

-- pg_attribute as postgres
SELECT attname, atttypid, attlen, attnum, atttypmod, attndims, attbyval, attalign, attstorage, attnotnull, atthasdef, attidentity, attgenerated, attisdropped, attislocal, attinhcount, attcollation, attacl, attfdwoptions FROM pg_attribute WHERE attrelid = '<OID>' ORDER BY attnum

-- pg_constraint as postgres
SELECT conname, contype, convalidated, conenforced, conkey, connoinherit, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '<OID>' AND contype = 'n' ORDER BY 1

-- pg_type as postgres
SELECT typname, typtype, typcategory, typlen, typalign, typstorage, typinput::oid, typoutput::oid, typreceive::oid, typsend::oid FROM pg_type WHERE typname IN ('ft', '_ft', 'int4', '_text', 'varchar') ORDER BY 1

-- pg_depend as postgres
SELECT pg_describe_object(classid, objid, objsubid), deptype FROM pg_depend WHERE refclassid = 1417 ORDER BY 1

-- describe as postgres
SELECT pg_describe_object(1259, '<OID>', 0), pg_describe_object(1259, '<OID>', 2), pg_describe_object(1247, 25, 0), pg_describe_object(1255, 2289, 0)

-- relations of the system as postgres
SELECT relname, relnamespace, relkind, relnatts, relisshared FROM pg_class WHERE relname IN ('pg_class', 'pg_authid', 'pg_user_mappings', 'pg_foreign_server') ORDER BY 1

-- columns of the system as postgres
SELECT c.relname, a.attname, a.attnum, a.atttypid, a.attlen, a.attnotnull, a.attcollation FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname IN ('pg_class', 'pg_user_mapping', 'pg_foreign_data_wrapper') ORDER BY 1, 3

-- registered types as postgres
SELECT '<OID>'::regclass::text, 'films.hidden'::regclass::text, 'bob'::regrole::text, 'films'::regnamespace::text, 'int4'::regtype::text, 'varchar(3)'::regtype::text, 'pg_options_to_table'::regproc::text, 'pg_options_to_table(text[])'::regprocedure::text, '0'::regclass::text, 'pg_class'::regclass::oid, '99999'::regclass::text

-- registered names that are missing as postgres
SELECT to_regclass('nosuch'), to_regrole('nosuch'), to_regnamespace('nosuch'), to_regtype('nosuch'), to_regproc('nosuch')

-- refused: regclass as postgres
SELECT 'nosuch'::regclass

-- refused: regrole as postgres
SELECT 'nosuch'::regrole

-- refused: regnamespace as postgres
SELECT 'nosuch'::regnamespace

-- refused: regtype as postgres
SELECT 'nosuch'::regtype

-- refused: regproc as postgres
SELECT 'now'::regproc

-- refused: server as postgres
SELECT has_server_privilege('nosuch', 'usage')

-- refused: wrapper as postgres
SELECT has_foreign_data_wrapper_privilege('nosuch', 'usage')

-- refused: word as postgres
SELECT has_server_privilege('s1', 'select')

-- refused: role as postgres
SELECT has_server_privilege('nosuch', 's1', 'usage')

-- refused: column as postgres
SELECT has_column_privilege('ft', 'nosuch', 'select')

-- refused: database as postgres
SELECT has_database_privilege('nosuch', 'connect')

-- refused: membership as postgres
SELECT pg_has_role('nosuch', 'usage')

-- privileges on a server as postgres
SELECT has_server_privilege('s1', 'usage'), has_server_privilege('bob', 's1', 'USAGE WITH GRANT OPTION'), has_server_privilege('public', 's1', 'usage'), has_server_privilege(10, 's1', 'usage'), has_server_privilege(999999, 'usage')

-- privileges on a server as alice
SELECT has_server_privilege('s1', 'usage'), has_server_privilege('bob', 's1', 'USAGE WITH GRANT OPTION'), has_server_privilege('public', 's1', 'usage'), has_server_privilege(10, 's1', 'usage'), has_server_privilege(999999, 'usage')

-- privileges on a server as bob
SELECT has_server_privilege('s1', 'usage'), has_server_privilege('bob', 's1', 'USAGE WITH GRANT OPTION'), has_server_privilege('public', 's1', 'usage'), has_server_privilege(10, 's1', 'usage'), has_server_privilege(999999, 'usage')

-- privileges on a server as carol
SELECT has_server_privilege('s1', 'usage'), has_server_privilege('bob', 's1', 'USAGE WITH GRANT OPTION'), has_server_privilege('public', 's1', 'usage'), has_server_privilege(10, 's1', 'usage'), has_server_privilege(999999, 'usage')

-- privileges on a wrapper as postgres
SELECT has_foreign_data_wrapper_privilege('dummy', 'usage'), has_foreign_data_wrapper_privilege('dummy', 'usage with grant option')

-- privileges on a wrapper as alice
SELECT has_foreign_data_wrapper_privilege('dummy', 'usage'), has_foreign_data_wrapper_privilege('dummy', 'usage with grant option')

-- privileges on a wrapper as bob
SELECT has_foreign_data_wrapper_privilege('dummy', 'usage'), has_foreign_data_wrapper_privilege('dummy', 'usage with grant option')

-- privileges on a wrapper as carol
SELECT has_foreign_data_wrapper_privilege('dummy', 'usage'), has_foreign_data_wrapper_privilege('dummy', 'usage with grant option')

-- privileges on a table as postgres
SELECT has_table_privilege('ft', 'select'), has_table_privilege('ft', 'insert, update'), has_any_column_privilege('ft', 'select'), has_column_privilege('ft', 'a', 'select'), has_column_privilege('ft', 2::int2, 'insert'), has_table_privilege('pg_authid', 'select'), has_table_privilege('pg_class', 'select')

-- privileges on a table as alice
SELECT has_table_privilege('ft', 'select'), has_table_privilege('ft', 'insert, update'), has_any_column_privilege('ft', 'select'), has_column_privilege('ft', 'a', 'select'), has_column_privilege('ft', 2::int2, 'insert'), has_table_privilege('pg_authid', 'select'), has_table_privilege('pg_class', 'select')

-- privileges on a table as bob
SELECT has_table_privilege('ft', 'select'), has_table_privilege('ft', 'insert, update'), has_any_column_privilege('ft', 'select'), has_column_privilege('ft', 'a', 'select'), has_column_privilege('ft', 2::int2, 'insert'), has_table_privilege('pg_authid', 'select'), has_table_privilege('pg_class', 'select')

-- privileges on a table as carol
SELECT has_table_privilege('ft', 'select'), has_table_privilege('ft', 'insert, update'), has_any_column_privilege('ft', 'select'), has_column_privilege('ft', 'a', 'select'), has_column_privilege('ft', 2::int2, 'insert'), has_table_privilege('pg_authid', 'select'), has_table_privilege('pg_class', 'select')

-- other privileges as postgres
SELECT has_schema_privilege('films', 'usage'), has_schema_privilege('films', 'create'), has_schema_privilege('public', 'create'), has_database_privilege('medley', 'connect'), has_database_privilege('medley', 'create'), has_function_privilege('now()', 'execute'), has_type_privilege('int4', 'usage'), has_language_privilege('sql', 'usage'), has_tablespace_privilege('pg_default', 'create')

-- other privileges as alice
SELECT has_schema_privilege('films', 'usage'), has_schema_privilege('films', 'create'), has_schema_privilege('public', 'create'), has_database_privilege('medley', 'connect'), has_database_privilege('medley', 'create'), has_function_privilege('now()', 'execute'), has_type_privilege('int4', 'usage'), has_language_privilege('sql', 'usage'), has_tablespace_privilege('pg_default', 'create')

-- other privileges as bob
SELECT has_schema_privilege('films', 'usage'), has_schema_privilege('films', 'create'), has_schema_privilege('public', 'create'), has_database_privilege('medley', 'connect'), has_database_privilege('medley', 'create'), has_function_privilege('now()', 'execute'), has_type_privilege('int4', 'usage'), has_language_privilege('sql', 'usage'), has_tablespace_privilege('pg_default', 'create')

-- other privileges as carol
SELECT has_schema_privilege('films', 'usage'), has_schema_privilege('films', 'create'), has_schema_privilege('public', 'create'), has_database_privilege('medley', 'connect'), has_database_privilege('medley', 'create'), has_function_privilege('now()', 'execute'), has_type_privilege('int4', 'usage'), has_language_privilege('sql', 'usage'), has_tablespace_privilege('pg_default', 'create')

-- membership as postgres
SELECT pg_has_role('staff', 'usage'), pg_has_role('staff', 'member'), pg_has_role('staff', 'set'), pg_has_role('staff', 'member with admin option'), pg_has_role('alice', 'staff', 'usage'), pg_has_role('bob', 'staff', 'usage')

-- membership as alice
SELECT pg_has_role('staff', 'usage'), pg_has_role('staff', 'member'), pg_has_role('staff', 'set'), pg_has_role('staff', 'member with admin option'), pg_has_role('alice', 'staff', 'usage'), pg_has_role('bob', 'staff', 'usage')

-- membership as bob
SELECT pg_has_role('staff', 'usage'), pg_has_role('staff', 'member'), pg_has_role('staff', 'set'), pg_has_role('staff', 'member with admin option'), pg_has_role('alice', 'staff', 'usage'), pg_has_role('bob', 'staff', 'usage')

-- membership as carol
SELECT pg_has_role('staff', 'usage'), pg_has_role('staff', 'member'), pg_has_role('staff', 'set'), pg_has_role('staff', 'member with admin option'), pg_has_role('alice', 'staff', 'usage'), pg_has_role('bob', 'staff', 'usage')

-- acls as postgres
SELECT acldefault('S', 10), acldefault('n', 10), makeaclitem(10, 10, 'USAGE', true), makeaclitem(0, 10, 'SELECT,INSERT', false)

-- aclexplode as postgres
SELECT pg_get_userbyid(a.grantor), pg_get_userbyid(a.grantee), a.privilege_type, a.is_grantable FROM aclexplode((SELECT fdwacl FROM pg_foreign_data_wrapper)) a ORDER BY 1, 2, 3

-- comments as postgres
SELECT obj_description('<OID>'::oid, 'pg_class'), col_description('<OID>'::oid, 2), obj_description(2200, 'pg_namespace'), col_description('<OID>'::oid, 1)

-- types as postgres
SELECT format_type(1043, 14), format_type(1043, NULL), format_type(1042, -1), format_type(1042, NULL), format_type(1700, 655366), format_type(1231, NULL), format_type(0, NULL), format_type(999999, NULL), format_type(NULL, NULL)

-- visibility as postgres
SELECT pg_table_is_visible('<OID>'::oid), pg_table_is_visible('films.hidden'::regclass), pg_table_is_visible(999999), pg_type_is_visible(23), pg_function_is_visible(2289)

-- settings of the session as postgres
SELECT current_database(), current_user, session_user, current_schema(), current_schemas(true), current_schemas(false), pg_is_in_recovery(), pg_my_temp_schema(), pg_encoding_to_char(6), pg_char_to_encoding('utf-8')

-- functions as postgres
SELECT pg_get_function_arguments(2289), pg_get_function_identity_arguments(2289), pg_get_function_result(2289), pg_get_function_result(1299)

-- sizes as postgres
SELECT pg_table_size('<OID>'), pg_size_pretty(10239::bigint), pg_size_pretty(10240::bigint), pg_size_pretty(123456789012::bigint), pg_relation_is_publishable('<OID>'), pg_relation_is_updatable('<OID>', false)

-- no such oids as postgres
SELECT pg_get_userbyid(999999), pg_get_viewdef(999999), pg_get_constraintdef(999999), pg_get_indexdef(999999), pg_get_ruledef(999999), has_table_privilege(999999, 'select')

-- quoting as postgres
SELECT quote_ident('a b'), quote_ident('user'), quote_literal('it''s'), quote_literal(E'a\\b'), quote_nullable(NULL)

-- pg_shdepend as postgres
SELECT pg_describe_object(classid, objid, objsubid), pg_get_userbyid(refobjid), deptype FROM pg_shdepend WHERE classid IN (1259, 1417, 1418, 2328, 2615) AND refobjid > 16383 ORDER BY 1, 2, 3
