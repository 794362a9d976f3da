-- 11: statements as pg_dump and pg_dumpall write them
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_transaction_read_only = off;
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;
CREATE ROLE dmp_own;
ALTER ROLE dmp_own WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5 PASSWORD 'SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$ZkE1LIQUrAMsjWZkBFnYOR6ieWvBa0aR0mJ6w0K3h6c=:UxYcUQFGiVnzL0B0g1Ie6iXcPZYwFv1zXlhWkQj9nLA=' VALID UNTIL '2030-01-01 00:00:00+00';
CREATE ROLE dmp_usr;
ALTER ROLE dmp_usr WITH NOSUPERUSER NOINHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE dmp_usr IS 'a role';
GRANT dmp_usr TO dmp_own WITH INHERIT TRUE GRANTED BY postgres;
GRANT dmp_usr TO dmp_own WITH ADMIN OPTION, INHERIT FALSE, SET FALSE GRANTED BY postgres;
ALTER ROLE dmp_own SET work_mem TO '64MB';
ALTER ROLE dmp_own IN DATABASE medley SET search_path TO 'a', 'B c';
CREATE SCHEMA sc;
ALTER SCHEMA sc OWNER TO dmp_own;
COMMENT ON SCHEMA sc IS 'a schema';
CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA public;
COMMENT ON EXTENSION postgres_fdw IS 'foreign-data wrapper for remote PostgreSQL servers';
CREATE FOREIGN DATA WRAPPER w0 OPTIONS (
    "B c" E'it''s \\ x',
    a '1'
);
CREATE FOREIGN DATA WRAPPER wv VALIDATOR pg_catalog.postgresql_fdw_validator;
ALTER FOREIGN DATA WRAPPER w0 OWNER TO postgres;
COMMENT ON FOREIGN DATA WRAPPER w0 IS 'wrap';
CREATE SERVER s1 TYPE 'ty' VERSION 'v1' FOREIGN DATA WRAPPER w0 OPTIONS (
    "Port X" '1',
    host 'h'
);
ALTER SERVER s1 OWNER TO dmp_own;
CREATE SERVER "S 2" FOREIGN DATA WRAPPER w0;
ALTER SERVER "S 2" OWNER TO postgres;
COMMENT ON SERVER "S 2" IS 'srv';
CREATE USER MAPPING FOR dmp_own SERVER s1;
CREATE USER MAPPING FOR public SERVER s1 OPTIONS (
    password 'it''s',
    "user" 'u'
);
CREATE USER MAPPING FOR "public" SERVER "S 2";
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE FOREIGN TABLE sc.ft1 (
    a integer NOT NULL,
    b text DEFAULT 'x'::text COLLATE pg_catalog."C",
    g integer GENERATED ALWAYS AS ((a + 1)) STORED,
    CONSTRAINT cc CHECK ((a > 0))
)
SERVER "S 2"
OPTIONS (
    schema_name 'p',
    table_name 'T 1'
);
ALTER FOREIGN TABLE sc.ft1 ALTER COLUMN a OPTIONS (
    column_name 'A'
);
ALTER FOREIGN TABLE ONLY sc.ft1 ALTER COLUMN b SET STATISTICS 50;
ALTER FOREIGN TABLE ONLY sc.ft1 ALTER COLUMN b SET (n_distinct=5);
ALTER FOREIGN TABLE sc.ft1 OWNER TO dmp_own;
COMMENT ON FOREIGN TABLE sc.ft1 IS 'ft';
COMMENT ON COLUMN sc.ft1.a IS 'col';
CREATE FOREIGN TABLE public."Quoted" (
    "A b" integer CONSTRAINT nn NOT NULL,
    c character varying(5)[],
    d timestamp(3) without time zone DEFAULT now(),
    e numeric(10,2) DEFAULT 1.50
)
SERVER s1;
ALTER FOREIGN TABLE public."Quoted" OWNER TO postgres;
CREATE VIEW sc.v AS
 SELECT a,
    b
   FROM sc.ft1
  WHERE (a > 1);
ALTER VIEW sc.v OWNER TO dmp_own;
COMMENT ON VIEW sc.v IS 'a view';
GRANT ALL ON FOREIGN DATA WRAPPER w0 TO dmp_own WITH GRANT OPTION;
REVOKE ALL ON FOREIGN SERVER "S 2" FROM postgres;
GRANT ALL ON FOREIGN SERVER s1 TO dmp_usr;
GRANT ALL ON SCHEMA sc TO dmp_usr;
GRANT SELECT ON TABLE sc.ft1 TO dmp_usr;
GRANT UPDATE(a) ON TABLE sc.ft1 TO dmp_usr;
GRANT SELECT(a),INSERT(b) ON TABLE sc.ft1 TO dmp_usr;
GRANT ALL ON TABLE sc.v TO dmp_usr WITH GRANT OPTION;
SET SESSION AUTHORIZATION dmp_own;
GRANT ALL ON FOREIGN SERVER s1 TO PUBLIC;
RESET SESSION AUTHORIZATION;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA sc GRANT SELECT ON TABLES TO dmp_usr;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE ALL ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE ALL ON FUNCTIONS FROM PUBLIC;
\des+
\deu+
\det+ *.*
\d+ sc.ft1
\d+ public."Quoted"
\d+ sc.v
\ddp
\drds
\dn+ sc
DROP VIEW IF EXISTS sc.v;
DROP FOREIGN TABLE IF EXISTS public."Quoted";
DROP FOREIGN TABLE IF EXISTS sc.ft1;
DROP USER MAPPING IF EXISTS FOR public SERVER s1;
DROP USER MAPPING IF EXISTS FOR public SERVER "S 2";
DROP USER MAPPING IF EXISTS FOR dmp_own SERVER s1;
DROP SERVER IF EXISTS "S 2";
DROP SERVER IF EXISTS s1;
DROP FOREIGN DATA WRAPPER IF EXISTS wv;
DROP FOREIGN DATA WRAPPER IF EXISTS w0;
DROP EXTENSION IF EXISTS postgres_fdw;
DROP SCHEMA IF EXISTS sc;
