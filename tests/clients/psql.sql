-- What psql shows of SQL/MED, as an administrator types it. psql.out is what psql 15 prints.
CREATE ROLE alice LOGIN;
CREATE ROLE staff;
GRANT staff TO alice;
COMMENT ON ROLE alice IS 'reads films';
CREATE SERVER cinema TYPE 'films' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host 'h', options 'it''s');
COMMENT ON SERVER cinema IS 'the films';
GRANT USAGE ON FOREIGN SERVER cinema TO alice;
CREATE USER MAPPING FOR alice SERVER cinema OPTIONS (user 'u', password 'never shown');
CREATE USER MAPPING FOR PUBLIC SERVER cinema;
CREATE SCHEMA archive AUTHORIZATION alice;
CREATE FOREIGN TABLE films (
    id integer OPTIONS (column_name 'No') NOT NULL,
    title text COLLATE "C",
    year integer DEFAULT 1900,
    CONSTRAINT positive CHECK (id > 0)
) SERVER cinema OPTIONS (table_name 'Films');
COMMENT ON FOREIGN TABLE films IS 'all of them';
COMMENT ON COLUMN films.id IS 'a number';
GRANT SELECT (id) ON films TO alice;
CREATE VIEW titles AS SELECT title FROM films;
\dew
\dew+
\des
\des+
\deu
\deu+
\det
\det+
\det+ public.f*
\d
\d films
\d+ films
\d titles
\d missing
\dt
\dE
\dv
\dn
\dn+
\du
\du+ alice
\dp
\l
\conninfo
SET ROLE alice;
\deu+
\d films
