-- Where a secret is kept elsewhere: who may say so, and what may be said.
create extension postgres_fdw;
create role owner;
create role ann;
create role bob;
grant usage on foreign data wrapper postgres_fdw to owner;
create server s foreign data wrapper postgres_fdw options (allowed_refs 'vault:kv/team/ env:TEAM_ file:/run/team exec:team-db');
alter server s owner to owner;
grant usage on foreign server s to ann;
-- A superuser sets any; it is no secret, and shown.
create user mapping for ann server s options (user 'a', password_ref 'env:ANYTHING');
-- show mapping ann s
alter user mapping for ann server s options (set password_ref 'file:/etc/x');
-- Not both.
alter user mapping for ann server s options (add password 'x');
create user mapping for bob server s options (password_ref 'env:X', password 'x');
alter user mapping for ann server s options (drop password_ref, add password 'x');
-- show mapping ann s
alter user mapping for ann server s options (add password_ref 'env:X');
-- What is none.
create user mapping for bob server s options (password_ref 'plain');
create user mapping for bob server s options (password_ref 'file:/run/../etc/shadow');
create user mapping for bob server s options (password_ref 'env:{user}');
create user mapping for bob server s options (password_ref '');
create user mapping for bob server s options (sslcert_ref 'env:X');
create user mapping for bob server s options (password_ref_ref 'env:X');
create user mapping for bob server s options (Password_Ref 'env:X', "Password_ref" 'env:X');
-- A name comes from a field of that name.
create user mapping for bob server s options (user_ref 'vault:kv/a#password', password_ref 'vault:kv/a#password');
create user mapping for bob server s options (user_ref 'file:/run/x');
create user mapping for bob server s options (user_ref 'vault:kv/a#username', user 'x');
create user mapping for bob server s options (user_ref 'vault:kv/a#username', password_ref 'vault:kv/a#password', templates 'on');
drop user mapping for bob server s;
create user mapping for bob server s options (templates 'perhaps');
-- Names in braces mean something where the mapping says so, or has a reference.
create user mapping for bob server s options (user '{nobody}', templates 'on');
create user mapping for bob server s options (user '{role', password_ref 'env:X');
create user mapping for bob server s options (user '{role}_{session_user}', password_ref 'env:X');
alter user mapping for bob server s options (set user '{nobody}');
alter user mapping for bob server s options (set user '{nobody}', add templates 'off');
drop user mapping for bob server s;
create user mapping for bob server s options (user '{nobody}', password 'x');
drop user mapping for bob server s;
-- The server's owner sets what a superuser allowed, and nothing beside it.
set role owner;
create user mapping for bob server s options (password_ref 'vault:kv/team/bob#password');
alter user mapping for bob server s options (set password_ref 'vault:kv/team/{role}#password');
alter user mapping for bob server s options (set password_ref 'env:TEAM_X');
alter user mapping for bob server s options (set password_ref 'file:/run/team/x');
alter user mapping for bob server s options (set password_ref 'exec:team-db');
alter user mapping for bob server s options (set password_ref 'vault:kv/team#password');
alter user mapping for bob server s options (set password_ref 'vault:kv/teams/x#password');
alter user mapping for bob server s options (set password_ref 'vault:kv/Team/x#password');
alter user mapping for bob server s options (set password_ref 'vault:kv/team/../x#password');
alter user mapping for bob server s options (set password_ref 'vault:kv/team//x#password');
alter user mapping for bob server s options (set password_ref 'file:/run/team_x');
alter user mapping for bob server s options (set password_ref 'file:/run/team/../x');
alter user mapping for bob server s options (set password_ref 'file:/run/team/');
alter user mapping for bob server s options (set password_ref 'exec:team-db2');
alter user mapping for bob server s options (set password_ref 'env:TEAMX');
alter user mapping for bob server s options (set password_ref 'env:team_X');
-- What a superuser set stays, and may be taken away; it is not judged again.
alter user mapping for bob server s options (set password_ref 'env:TEAM_X', add user 'b');
reset role;
alter user mapping for bob server s options (set password_ref 'env:OTHER');
set role owner;
alter user mapping for bob server s options (set user 'b2');
-- show mapping bob s
alter user mapping for bob server s options (set password_ref 'env:OTHER');
alter user mapping for bob server s options (drop password_ref);
-- Nobody allows themselves.
alter server s options (set allowed_refs 'env:');
alter server s options (drop allowed_refs);
alter server s options (add allowed_refs 'env:');
create server s2 foreign data wrapper postgres_fdw options (allowed_refs 'env:');
create server s2 foreign data wrapper postgres_fdw;
create user mapping for bob server s2 options (password_ref 'env:TEAM_X');
reset role;
alter server s options (add allowed_refs 'env:TEAM_');
-- Whoever has but USAGE sets none, be it of their own mapping.
drop user mapping for ann server s;
set role ann;
create user mapping for ann server s options (user 'a', password_ref 'env:TEAM_X');
create user mapping for ann server s options (user 'a', password 'x');
alter user mapping for ann server s options (drop password, add password_ref 'env:TEAM_X');
reset role;
-- Prefixes.
alter server s options (set allowed_refs 'env:TEAM_ file:/a/../b');
alter server s options (set allowed_refs '*');
alter server s options (set allowed_refs '');
-- A wrapper without a validator has references all the same.
create foreign data wrapper bare handler postgres_fdw_handler;
grant usage on foreign data wrapper bare to owner;
create server b foreign data wrapper bare;
alter server b owner to owner;
set role owner;
create user mapping for bob server b options (password_ref 'env:X');
alter server b options (add allowed_refs 'env:X');
reset role;
create user mapping for bob server b options (password_ref 'env:X', password 'y');
create user mapping for bob server b options (password_ref 'x');
create user mapping for bob server b options (password_ref 'env:X');
-- Where there is nothing to log in to, there is nothing to refer to.
create foreign data wrapper nothing;
create server n foreign data wrapper nothing options (allowed_refs 'x');
create user mapping for bob server n options (password_ref 'x');
-- show mapping bob n
