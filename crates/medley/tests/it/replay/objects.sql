-- One of everything that a dump of SQL/MED can have in it, but functions, inheritance and partitions.
-- Runs on PostgreSQL 15 and later, as a superuser called postgres, in a database of its own.

-- Roles, memberships and what is set for them.
CREATE ROLE dmp_owner LOGIN PASSWORD 'hers' CREATEDB CREATEROLE CONNECTION LIMIT 7 VALID UNTIL '2040-01-01 00:00:00+00';
CREATE ROLE dmp_group NOINHERIT;
CREATE ROLE dmp_reader LOGIN;
CREATE ROLE dmp_chain LOGIN BYPASSRLS;
CREATE ROLE "dmp Fun""ny 'name" LOGIN;
CREATE ROLE "DMP_Upper";
CREATE ROLE dmp_admin SUPERUSER;
COMMENT ON ROLE dmp_owner IS 'owns what is remote; says "it''s \\ here"';
COMMENT ON ROLE "dmp Fun""ny 'name" IS 'has a name to quote';
GRANT dmp_group TO dmp_owner WITH ADMIN OPTION;
GRANT dmp_group TO dmp_reader, "dmp Fun""ny 'name";
GRANT dmp_owner TO dmp_chain;
GRANT pg_read_all_data TO "DMP_Upper";
SET SESSION AUTHORIZATION dmp_owner;
GRANT dmp_group TO dmp_chain;
RESET SESSION AUTHORIZATION;
ALTER ROLE dmp_owner SET search_path TO public, "Odd schema";
ALTER ROLE dmp_owner SET statement_timeout TO '5min';
ALTER ROLE dmp_reader SET application_name TO 'it''s \ me';
ALTER ROLE dmp_reader IN DATABASE :"DBNAME" SET work_mem TO '8MB';
ALTER DATABASE :"DBNAME" SET search_path TO public, pg_catalog;
ALTER DATABASE :"DBNAME" SET "TimeZone" TO 'UTC';
COMMENT ON DATABASE :"DBNAME" IS 'what is remote';
GRANT CREATE, CONNECT ON DATABASE :"DBNAME" TO dmp_owner WITH GRANT OPTION;
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;

-- Schemas.
CREATE SCHEMA sc AUTHORIZATION dmp_owner;
CREATE SCHEMA "Odd schema";
CREATE SCHEMA empty AUTHORIZATION "dmp Fun""ny 'name";
COMMENT ON SCHEMA sc IS 'the schema';
COMMENT ON SCHEMA public IS 'not the standard one any more';
GRANT USAGE ON SCHEMA sc TO dmp_reader, PUBLIC;
GRANT USAGE, CREATE ON SCHEMA "Odd schema" TO dmp_group WITH GRANT OPTION;
GRANT CREATE ON SCHEMA public TO dmp_owner;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;

-- Wrappers.
CREATE EXTENSION postgres_fdw;
COMMENT ON EXTENSION postgres_fdw IS 'reaches others';
CREATE FOREIGN DATA WRAPPER w0 OPTIONS ("B c" E'it''s \\ x', a '1', empty '', long E'two\nlines');
CREATE FOREIGN DATA WRAPPER "W 1" VALIDATOR postgresql_fdw_validator;
CREATE FOREIGN DATA WRAPPER w2 NO HANDLER NO VALIDATOR;
ALTER FOREIGN DATA WRAPPER w2 OWNER TO dmp_admin;
COMMENT ON FOREIGN DATA WRAPPER w0 IS 'wrap';
COMMENT ON FOREIGN DATA WRAPPER "W 1" IS E'tab\tand\nnewline';
GRANT USAGE ON FOREIGN DATA WRAPPER w0 TO dmp_owner WITH GRANT OPTION;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO dmp_owner, dmp_reader;
SET SESSION AUTHORIZATION dmp_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER w0 TO dmp_reader, "dmp Fun""ny 'name";
RESET SESSION AUTHORIZATION;

-- Servers.
CREATE SERVER s1 TYPE 'ty' VERSION 'v1' FOREIGN DATA WRAPPER w0 OPTIONS (host 'h', "Port X" '1');
CREATE SERVER "S 2" TYPE E'o\\d''d' FOREIGN DATA WRAPPER w0;
CREATE SERVER s3 VERSION '' FOREIGN DATA WRAPPER w2;
CREATE SERVER pg FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '5432', dbname 'films',
    fetch_size '500', updatable 'false', use_remote_estimate 'true');
ALTER SERVER s1 OWNER TO dmp_owner;
ALTER SERVER pg OWNER TO dmp_owner;
COMMENT ON SERVER "S 2" IS 'srv';
COMMENT ON SERVER pg IS 'elsewhere';
GRANT USAGE ON FOREIGN SERVER s1 TO dmp_reader;
GRANT USAGE ON FOREIGN SERVER pg TO PUBLIC;
GRANT USAGE ON FOREIGN SERVER "S 2" TO dmp_owner WITH GRANT OPTION;
REVOKE ALL ON FOREIGN SERVER "S 2" FROM postgres;
REVOKE ALL ON FOREIGN SERVER s3 FROM dmp_admin, postgres;
SET SESSION AUTHORIZATION dmp_owner;
GRANT USAGE ON FOREIGN SERVER "S 2" TO dmp_reader WITH GRANT OPTION;
SET SESSION AUTHORIZATION dmp_reader;
GRANT USAGE ON FOREIGN SERVER "S 2" TO dmp_group;
RESET SESSION AUTHORIZATION;

-- User mappings.
CREATE USER MAPPING FOR dmp_owner SERVER s1;
CREATE USER MAPPING FOR PUBLIC SERVER s1 OPTIONS ("user" 'u', account 'it''s');
CREATE USER MAPPING FOR "dmp Fun""ny 'name" SERVER s1 OPTIONS ("user" E'a\\b', "With space" 'x');
CREATE USER MAPPING FOR "DMP_Upper" SERVER "S 2" OPTIONS (a 'b=c=d');
CREATE USER MAPPING FOR dmp_owner SERVER pg OPTIONS (user 'films_owner', password E'it''s \\ hers');
CREATE USER MAPPING FOR PUBLIC SERVER pg OPTIONS (user 'films_guest');
CREATE USER MAPPING FOR postgres SERVER pg OPTIONS (user 'films_admin', password_required 'false');

-- Foreign tables.
CREATE FOREIGN TABLE sc.ft1 (
    a integer OPTIONS (column_name 'A') NOT NULL,
    b text DEFAULT 'x' COLLATE "C",
    "Col C" varchar(20) COLLATE "POSIX" DEFAULT 'it''s',
    d numeric(10, 2) OPTIONS ("q r" E'b\\s', z '') DEFAULT -1.50,
    g integer GENERATED ALWAYS AS (a + 1) STORED,
    CONSTRAINT cc CHECK (a > 0),
    CONSTRAINT "Check 2" CHECK (b <> '' AND (a < 10 OR d IS NOT NULL)) NO INHERIT,
    CHECK (length(b) < 10)
) SERVER "S 2" OPTIONS (schema_name 'p', table_name 'T 1', "O x" '');
ALTER FOREIGN TABLE sc.ft1 OWNER TO dmp_owner;
COMMENT ON FOREIGN TABLE sc.ft1 IS 'ft';
COMMENT ON COLUMN sc.ft1.a IS 'col';
COMMENT ON COLUMN sc.ft1."Col C" IS 'it''s a column';
COMMENT ON CONSTRAINT cc ON sc.ft1 IS 'positive';
CREATE FOREIGN TABLE "Odd schema"."Odd ""table""" (
    "select" integer,
    "Ä" text COLLATE "C",
    c char(3), v varchar, bits bit(4), vb bit varying(7), ts timestamp(3) without time zone,
    tz timestamp with time zone DEFAULT now(), t time(0), ttz time with time zone, i interval day to second(2),
    u uuid, j json, jb jsonb, by bytea, arr integer[], arr2 text[][], n numeric, r real, dp double precision,
    bo boolean DEFAULT true, da date DEFAULT CURRENT_DATE, nm name, ch "char", o oid, rc regclass,
    inet inet, m money, x xml, sm smallint, bi bigint DEFAULT 9223372036854775807
) SERVER s1;
CREATE FOREIGN TABLE public.films (
    id integer NOT NULL,
    title varchar(200) OPTIONS (column_name 'name'),
    year integer,
    secret text
) SERVER pg OPTIONS (schema_name 'public', table_name 'films', fetch_size '10');
ALTER FOREIGN TABLE public.films OWNER TO dmp_owner;
ALTER FOREIGN TABLE public.films ALTER COLUMN title SET STATISTICS 50;
ALTER FOREIGN TABLE public.films ALTER COLUMN year SET (n_distinct = 5, n_distinct_inherited = -0.5);
ALTER FOREIGN TABLE public.films ALTER COLUMN secret SET STORAGE EXTERNAL;
ALTER FOREIGN TABLE public.films DROP COLUMN secret;
ALTER FOREIGN TABLE public.films ADD COLUMN added text DEFAULT upper('later') NOT NULL;
CREATE FOREIGN TABLE public.nothing () SERVER s3;
GRANT SELECT, INSERT ON public.films TO dmp_reader;
GRANT SELECT ON public.films TO PUBLIC;
GRANT SELECT (id, title), UPDATE (title) ON public.films TO dmp_group WITH GRANT OPTION;
GRANT ALL ON sc.ft1 TO dmp_reader WITH GRANT OPTION;
REVOKE DELETE ON sc.ft1 FROM dmp_owner;
GRANT INSERT ("Col C") ON sc.ft1 TO PUBLIC;
SET SESSION AUTHORIZATION dmp_reader;
GRANT SELECT ON sc.ft1 TO dmp_group;
GRANT REFERENCES (a) ON sc.ft1 TO dmp_chain;
RESET SESSION AUTHORIZATION;
REVOKE ALL ON public.nothing FROM postgres;

-- Views.
CREATE VIEW public.recent AS SELECT id, title FROM films WHERE year > 1990;
ALTER VIEW public.recent OWNER TO dmp_owner;
CREATE VIEW sc.invoked WITH (security_invoker = true) AS SELECT f.id AS "Id", f.title || '!' AS shout FROM public.films f;
CREATE VIEW sc.barrier (x, y) WITH (security_barrier) AS SELECT a, b FROM sc.ft1 WHERE a IN (1, 2, 3);
CREATE VIEW "Odd schema"."View 3" AS SELECT r.title, count(*) AS n FROM public.recent r LEFT JOIN sc.ft1 t ON t.a = r.id
    GROUP BY r.title HAVING count(*) > 1 ORDER BY n DESC LIMIT 10;
CREATE VIEW public.checked AS SELECT id, title, year FROM films WHERE year > 1900 WITH CASCADED CHECK OPTION;
CREATE VIEW public.checked_local WITH (check_option = local, security_barrier = false) AS SELECT id, title FROM films WHERE id > 0;
CREATE VIEW public.no_table AS SELECT 1 AS one, 'text'::text AS t, NULL::integer AS i;
ALTER VIEW public.recent ALTER COLUMN title SET DEFAULT 'untitled';
COMMENT ON VIEW public.recent IS 'since 1990';
COMMENT ON COLUMN public.recent.title IS 'as released';
GRANT SELECT ON public.recent TO dmp_reader;
GRANT SELECT (title) ON public.recent TO dmp_group;

-- Default privileges.
ALTER DEFAULT PRIVILEGES IN SCHEMA sc GRANT SELECT ON TABLES TO dmp_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE dmp_owner GRANT INSERT, SELECT ON TABLES TO dmp_group WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE dmp_owner REVOKE ALL ON TABLES FROM dmp_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE dmp_owner GRANT USAGE ON SCHEMAS TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Odd schema" GRANT USAGE ON SEQUENCES TO dmp_reader;
GRANT EXECUTE ON FUNCTION postgres_fdw_handler() TO dmp_reader;
REVOKE EXECUTE ON FUNCTION postgres_fdw_validator(text[], oid) FROM PUBLIC;
GRANT ALL ON FUNCTION postgres_fdw_validator TO dmp_owner WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO dmp_reader;
REVOKE ALL ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.sum(integer), pg_catalog.row_number(), pg_catalog.format(text, VARIADIC "any") TO dmp_reader;
REVOKE USAGE ON TYPE pg_catalog.box FROM PUBLIC;
GRANT USAGE ON TYPE pg_catalog.float8, pg_catalog."char" TO dmp_reader WITH GRANT OPTION;
GRANT USAGE ON LANGUAGE sql TO dmp_reader;
REVOKE ALL ON LANGUAGE sql FROM PUBLIC;
