-- What psql's commands are shown on: SQL/MED with all that it can have.
CREATE EXTENSION postgres_fdw SCHEMA pg_catalog;
CREATE ROLE alice LOGIN;
CREATE ROLE bob LOGIN CREATEROLE CONNECTION LIMIT 3 VALID UNTIL '2030-01-02 03:04:05+00';
CREATE ROLE staff NOINHERIT;
CREATE ROLE "The Boss" SUPERUSER CREATEDB REPLICATION BYPASSRLS CONNECTION LIMIT 0;
CREATE ROLE reader NOLOGIN CONNECTION LIMIT 1;
GRANT staff TO alice;
GRANT reader TO bob WITH ADMIN OPTION;
GRANT reader TO alice WITH INHERIT FALSE, SET FALSE;
GRANT staff TO bob WITH INHERIT TRUE;
GRANT reader TO staff GRANTED BY bob;
COMMENT ON ROLE alice IS 'reads films';
ALTER ROLE alice SET search_path = archive, public;
ALTER ROLE alice SET work_mem = '1MB';
ALTER ROLE bob IN DATABASE medley SET search_path = public;

CREATE FOREIGN DATA WRAPPER empty;
CREATE FOREIGN DATA WRAPPER other HANDLER postgres_fdw_handler;
COMMENT ON FOREIGN DATA WRAPPER other IS 'has a handler';
GRANT USAGE ON FOREIGN DATA WRAPPER other TO alice WITH GRANT OPTION;
ALTER FOREIGN DATA WRAPPER empty OPTIONS (ADD "Quoted" 'it''s', plain 'a b');
ALTER FOREIGN DATA WRAPPER empty OWNER TO "The Boss";

CREATE SERVER cinema TYPE 'films' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host 'h', options 'it''s');
COMMENT ON SERVER cinema IS 'the films';
CREATE SERVER "Old Server" FOREIGN DATA WRAPPER empty;
CREATE SERVER third VERSION '' FOREIGN DATA WRAPPER other OPTIONS ("a b" '\x', c '');
GRANT USAGE ON FOREIGN SERVER cinema TO alice, PUBLIC;
GRANT USAGE ON FOREIGN SERVER cinema TO staff WITH GRANT OPTION;
ALTER SERVER third OWNER TO "The Boss";
CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'u');
CREATE USER MAPPING FOR bob SERVER cinema OPTIONS (user 'b', password 'bob''s own');
CREATE USER MAPPING FOR PUBLIC SERVER cinema;
CREATE USER MAPPING FOR "The Boss" SERVER third OPTIONS ("a ""b" 'c');

CREATE SCHEMA archive AUTHORIZATION alice;
CREATE SCHEMA "Mixed Case";
COMMENT ON SCHEMA archive IS 'of old';
GRANT USAGE ON SCHEMA archive TO staff;

CREATE FOREIGN TABLE films (
    id integer OPTIONS (column_name 'No') NOT NULL,
    title text COLLATE "C",
    year integer DEFAULT 1900,
    price numeric(10, 2),
    tags text[],
    shown timestamp(3) with time zone,
    CONSTRAINT positive CHECK (id > 0)
) SERVER cinema OPTIONS (table_name 'Films');
COMMENT ON FOREIGN TABLE films IS 'all of them';
COMMENT ON COLUMN films.id IS 'a number';
COMMENT ON CONSTRAINT positive ON films IS 'not zero';
GRANT SELECT (id), UPDATE (id, title) ON films TO alice;
GRANT SELECT ON films TO staff WITH GRANT OPTION;
GRANT ALL ON films TO PUBLIC;
CREATE FOREIGN TABLE "Mixed Case"."Big Table" ("A" varchar(5), b char(3), c bit(4), d interval day)
    SERVER "Old Server";
CREATE FOREIGN TABLE archive.films (name name, "when" date) SERVER third OPTIONS (x 'y');
CREATE FOREIGN TABLE bare () SERVER third;
CREATE FOREIGN TABLE dropped (a int, b text, c int) SERVER third;
ALTER FOREIGN TABLE dropped DROP COLUMN b;
ALTER FOREIGN TABLE dropped ALTER COLUMN a SET STATISTICS 50;
ALTER FOREIGN TABLE dropped ALTER COLUMN c SET STORAGE PLAIN;
ALTER FOREIGN TABLE archive.films OWNER TO alice;
REVOKE ALL ON archive.films FROM alice;

CREATE VIEW titles AS SELECT title FROM films;
COMMENT ON VIEW titles IS 'what they are called';
COMMENT ON COLUMN titles.title IS 'one of them';
CREATE VIEW secure WITH (security_invoker = true, security_barrier) AS SELECT id, year FROM films;
GRANT SELECT ON titles TO alice;
CREATE VIEW archive.old AS SELECT name FROM archive.films;

ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO alice;
ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA archive GRANT ALL ON TABLES TO staff WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT USAGE ON SCHEMAS TO alice;
ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT USAGE ON TYPES TO alice;
