//! Where a secret can be stated. `#` stands for it.

/// Statements that succeed, and keep it.
pub const KEPT: &[&str] = &[
    "CREATE ROLE alice LOGIN PASSWORD '#'",
    "CREATE ROLE carol LOGIN PASSWORD '#'",
    "CREATE ROLE dora LOGIN PASSWORD '#'",
    "CREATE USER carla ENCRYPTED PASSWORD '#'",
    "ALTER ROLE alice WITH PASSWORD '#'",
    "CREATE FOREIGN DATA WRAPPER plain OPTIONS (password '#')",
    "CREATE SERVER guarded FOREIGN DATA WRAPPER plain OPTIONS (password '#', api_key '#')",
    "CREATE USER MAPPING FOR alice SERVER guarded OPTIONS (user 'u', password '#')",
    "ALTER USER MAPPING FOR alice SERVER guarded OPTIONS (SET password '#')",
    "ALTER SERVER guarded OPTIONS (SET password '#')",
    "CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'films_alice', password '#')",
    "CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user 'films_guest', password '#')",
    "CREATE USER MAPPING IF NOT EXISTS FOR alice SERVER cinema OPTIONS (password '#')",
    "CREATE USER MAPPING FOR carla SERVER cinema OPTIONS (user 'u', sslpassword '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (DROP password, ADD password '#')",
    "BEGIN; ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password '#'); ROLLBACK",
    "CREATE FOREIGN TABLE whoami (account text) SERVER cinema",
    "GRANT SELECT ON whoami TO alice, carol",
    "CREATE USER MAPPING FOR dora SERVER cinema OPTIONS (user 'u', password '#', password_next '#')",
    "ALTER USER MAPPING FOR dora SERVER cinema OPTIONS (SET password_next '#', ADD sslpassword '#')",
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER plain \
     OPTIONS (url 'https://u:#@example.com/', init_command 'SET p = #')",
    "CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (\"Password\" '#', passwd '#', pwd '#', \
     passphrase '#', \"API_KEY\" '#', aws_secret_key '#', session_token '#', x_secret '#', \
     y_token '#', z_key '#', pem_pwd '#', oauth_client_secret '#', connection_string 'h=1 p=#', \
     conn_string '#', pass '#', private_key_passphrase '#')",
    "CREATE FOREIGN TABLE kept (a text OPTIONS (api_key '#')) SERVER elsewhere OPTIONS (token '#')",
];

/// Statements that fail, whatever they say.
pub const REFUSED: &[&str] = &[
    "CREATE ROLE alice LOGIN PASSWORD '#'",
    "CREATE ROLE x PASSWORD '#' PASSWORD '#'",
    "CREATE ROLE x PASSWORD # LOGIN",
    "CREATE ROLE x PASSWORD \"#\"",
    "CREATE ROLE x UNENCRYPTED PASSWORD '#'",
    "ALTER ROLE alice PASSWORD '#' nonsense",
    "ALTER ROLE nobody PASSWORD '#'",
    "CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'u', password '#')",
    "CREATE USER MAPPING FOR nobody SERVER cinema OPTIONS (password '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (passwort '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#', password '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password_required '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#' oops)",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#', user)",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password = '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password \"#\")",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password E'#' 'x')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password N'#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password $$#$$, x)",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password $q$#",
    "CREATE USER MAPPING FOR carol SERVER cinema PASSWORD '#'",
    "CREATE USER MAPPING FOR carol SERVER '#' OPTIONS (password 'x')",
    "CREATE USER MAPING FOR carol SERVER cinema OPTIONS (password '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (ADD password '#')",
    "ALTER USER MAPPING FOR carol SERVER cinema OPTIONS (SET password '#')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (DROP password '#')",
    "CREATE SERVER c FOREIGN DATA WRAPPER postgres_fdw OPTIONS (password '#')",
    "CREATE FOREIGN TABLE t (a text OPTIONS (password '#')) SERVER cinema",
    "CREATE FOREIGN TABLE t (a text) SERVER cinema OPTIONS (password '#')",
    "IMPORT FOREIGN SCHEMA public FROM SERVER cinema INTO public OPTIONS (password '#')",
    "PREPARE p AS CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#')",
    "EXPLAIN CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#')",
    "BEGIN READ ONLY; ALTER ROLE alice PASSWORD '#'",
    "ALTER ROLE alice PASSWORD '#'; SELECT 1/0",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password_nxt '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password_next '#', password_next '#')",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#', valid_until 'never')",
    "DO $$ BEGIN PERFORM '#'; END $$",
    "DO LANGUAGE plpgsql '#'",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '#' $$",
    "CREATE SUBSCRIPTION s CONNECTION 'host=x password=#' PUBLICATION p",
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '#'); SELEC 1",
    "ALTER SYSTEM SET primary_conninfo = 'password=#'",
    "COPY whoami FROM PROGRAM 'echo #'",
    "SECURITY LABEL ON ROLE alice IS '#'",
    "CREATE TABLE t (a text DEFAULT '#')",
    "NOTIFY c, '#'",
    "LISTEN \"#\"",
    "CREATE ROLE x PASSWORD '#' VALID UNTIL 'nonsense'",
    "CREATE ROLE x ENCRYPTED PASSWORD '#' IN ROLE nobody",
    "ALTER USER alice PASSWORD '#' CONNECTION LIMIT 'x'",
    "CREATE GROUP g WITH PASSWORD '#' USER nobody",
    "ALTER SERVER guarded OPTIONS (ADD password '#')",
    "ALTER FOREIGN DATA WRAPPER plain OPTIONS (ADD password '#')",
    "CREATE FOREIGN DATA WRAPPER other HANDLER nothing OPTIONS (password '#')",
    "EXECUTE nothing('#')",
    "EXPLAIN (ANALYZE) ALTER ROLE alice PASSWORD '#'",
    "BEGIN; SELECT 1/0; ALTER ROLE alice PASSWORD '#'",
];

/// Statements of which PostgreSQL says a part back to who stated them, and to nobody else.
pub const OWN_WORDS: &[&str] = &[
    "SELECT '#'::integer",
    "SELECT 1 FROM \"#\"",
    "SELECT \"#\" FROM whoami",
    "SELECT '#'",
    "PREPARE own AS SELECT '#'::integer",
    "SET nonsense = '#'",
    "SHOW \"#\"",
    "SELECT date '#'",
    "SELECT * FROM medley_dump('#')",
    "SELECT current_setting('#')",
];

/// The same as a parameter.
pub const OWN_PARAMETERS: &[&str] = &["SELECT $1::integer", "SELECT 1 / (length($1) - length($1))"];

/// The marker that a secret is shown as.
pub const MARKED: &[&str] = &[
    "CREATE USER MAPPING FOR carol SERVER cinema OPTIONS (password '********')",
    "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password '********')",
    "CREATE USER MAPPING FOR carol SERVER guarded OPTIONS (api_key '********')",
    "ALTER SERVER guarded OPTIONS (SET password '********')",
    "ALTER FOREIGN DATA WRAPPER plain OPTIONS (SET password '********')",
];
