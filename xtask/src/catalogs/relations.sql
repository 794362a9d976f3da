-- Each relation, and indented under it its columns. The type of a column of a domain is the
-- domain's base, and the domain stands last.
WITH relation AS (
    SELECT n.nspname, c.relname, c.oid, relkind, reltype, relacl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v') AND n.nspname IN ('pg_catalog', 'information_schema')
), line AS (
    SELECT nspname, relname, 0 AS attnum, nspname AS field, relname AS name, c.oid AS number,
           relkind::text AS kind, reltype::text AS type,
           CASE WHEN EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0)
                THEN 'public' ELSE '-' END AS mark,
           '-' AS domain
    FROM relation c
    UNION ALL
    SELECT nspname, relname, attnum, '', attname,
           CASE typtype WHEN 'd' THEN typbasetype ELSE atttypid END,
           CASE typtype WHEN 'd' THEN typtypmod ELSE atttypmod END::text, attcollation::text,
           CASE WHEN attnotnull THEN 'nn' ELSE '-' END,
           CASE typtype WHEN 'd' THEN atttypid::text ELSE '-' END
    FROM relation c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    JOIN pg_type t ON t.oid = a.atttypid
)
SELECT field, name, number, kind, type, mark, domain
FROM line
ORDER BY nspname COLLATE "C", relname COLLATE "C", attnum
