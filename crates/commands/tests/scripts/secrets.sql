-- Secrets are sealed and shown as a mask; the rules of postgres_fdw about passwords.
create role cmd_alice;
create extension postgres_fdw;
create foreign data wrapper plain;
create server p foreign data wrapper postgres_fdw options (host 'h');
create server d foreign data wrapper plain options (host 'h', api_key 'k', sslkey '/f', my_token 't', url 'http://h/', dburl 'x://u:p@h/');
-- show server d
create user mapping for public server d options (password 'p', "PASSWORD" 'q', user 'u');
-- show mapping public d
alter server d options (set api_key '********');
alter server d options (set host '********');
grant usage on foreign server p to cmd_alice;
set role cmd_alice;
create user mapping for cmd_alice server p options (user 'u', password 'x', nosuch 'y');
create user mapping for cmd_alice server p options (user 'u', pasword 'x');
create user mapping for cmd_alice server p options (usr 'u');
create user mapping for cmd_alice server p options ("User" 'u');
create user mapping for cmd_alice server p options (pass 'u');
create user mapping for cmd_alice server p options (host 'u');
create user mapping for cmd_alice server p options (password_required 'false');
create user mapping for cmd_alice server p options (sslcert 'c');
create user mapping for cmd_alice server p options (user 'u', password '********');
create user mapping for cmd_alice server p options (user 'u', password 'x');
reset role;
-- show mapping cmd_alice p
alter user mapping for cmd_alice server p options (set password '********');
alter user mapping for cmd_alice server p options (add password_required 'false');
set role cmd_alice;
alter user mapping for cmd_alice server p options (set user 'v');
alter user mapping for cmd_alice server p options (set password 'y', drop password_required);
alter user mapping for cmd_alice server p options (set user 'v');
reset role;
-- show mapping cmd_alice p
alter user mapping for cmd_alice server p options (add password_required '0');
alter user mapping for cmd_alice server p options (add password_required 'off');
set role cmd_alice;
drop user mapping for cmd_alice server p;
reset role;
create server hints foreign data wrapper postgres_fdw options (hst 'h');
create server hints foreign data wrapper postgres_fdw options (password 'h');
create server hints foreign data wrapper postgres_fdw options ("HOST" 'h');
create server hints foreign data wrapper postgres_fdw options (db 'h');
create server hints foreign data wrapper postgres_fdw options (sslcrt 'h');
create foreign data wrapper test validator postgresql_fdw_validator;
create server t foreign data wrapper test options (hst 'h');
create server t foreign data wrapper test options (host 'h');
create user mapping for public server t options (username 'u');
create user mapping for public server t options (user 'u', password 'p');
-- show mapping public t
create foreign table ft (a int options (x '1')) server t;
create foreign table ft (a int) server t options (x '1');
-- A verifier with rounds for hours is taken as it is, at once.
create role cmd_slow password 'SCRAM-SHA-256$4294967295:AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
