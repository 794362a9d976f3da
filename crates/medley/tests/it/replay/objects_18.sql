-- What PostgreSQL has since 16, 17 or 18.
CREATE ROLE dmp_options;
GRANT dmp_group TO dmp_options WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
GRANT dmp_owner TO dmp_options WITH INHERIT TRUE, SET FALSE;
CREATE FOREIGN TABLE sc.named (
    a integer CONSTRAINT "not nothing" NOT NULL,
    b integer CONSTRAINT named_b_not_null NOT NULL NO INHERIT,
    c integer,
    CONSTRAINT unchecked CHECK (c > 0) NOT ENFORCED,
    CONSTRAINT later CHECK (c < 9)
) SERVER s1;
ALTER FOREIGN TABLE sc.named ADD CONSTRAINT "late" NOT NULL c NOT VALID;
ALTER FOREIGN TABLE sc.named ADD CONSTRAINT "too late" CHECK (a <> b) NOT VALID;
COMMENT ON CONSTRAINT "not nothing" ON sc.named IS 'there must be one';
GRANT MAINTAIN ON sc.named TO dmp_reader;
CREATE USER MAPPING FOR dmp_reader SERVER pg OPTIONS (use_scram_passthrough 'true');
CREATE VIEW sc.merged AS SELECT a, b, abs(b) > 1 AS r FROM sc.named ORDER BY a NULLS FIRST, b DESC;
CREATE FOREIGN TABLE sc.computed (
    a integer,
    "B b" integer GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL,
    c text OPTIONS (column_name 'x') GENERATED ALWAYS AS (a::text || 'x') VIRTUAL,
    d integer GENERATED ALWAYS AS (a + 1) STORED,
    CHECK ("B b" > 0)
) SERVER s1;
CREATE VIEW sc.over_computed WITH (security_barrier = true) AS SELECT "B b", c FROM sc.computed WHERE c <> 'y';
