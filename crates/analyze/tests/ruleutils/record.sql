-- What a PostgreSQL makes of a view's query, or of an expression: see record.sh.
SET client_min_messages = warning;
SET TimeZone = 'UTC';

-- Names c1, c2 ... are given where the query's own do not differ.
CREATE FUNCTION golden_view(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    names text := '';
    result text;
    pretty text;
    wrapped text;
BEGIN
    FOR i IN 0..60 LOOP
        BEGIN
            IF i > 0 THEN names := names || CASE WHEN i > 1 THEN ', ' ELSE '' END || 'c' || i; END IF;
            EXECUTE format('CREATE VIEW golden%s AS %s', CASE WHEN i > 0 THEN ' (' || names || ')' ELSE '' END, query);
            EXIT;
        EXCEPTION WHEN duplicate_column THEN
            IF i = 60 THEN RAISE; END IF;
        END;
    END LOOP;
    IF names <> '' THEN
        -- All columns get one.
        names := (SELECT string_agg('c' || i, ', ') FROM generate_series(1, (SELECT count(*) FROM pg_attribute WHERE attrelid = 'golden'::regclass)) i);
        DROP VIEW golden;
        EXECUTE format('CREATE VIEW golden (%s) AS %s', names, query);
    END IF;
    result := pg_get_viewdef('golden'::regclass);
    pretty := pg_get_viewdef('golden'::regclass, true);
    wrapped := pg_get_viewdef('golden'::regclass, 60);
    IF pretty <> result THEN result := result || E'\n--- pretty\n' || pretty; END IF;
    IF wrapped <> pretty THEN result := result || E'\n--- wrap\n' || wrapped; END IF;
    result := result || E'\n--- columns\n' || (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'golden'::regclass);
    result := result || coalesce(E'\n--- depends\n' || (SELECT string_agg(d, ', ' ORDER BY d) FROM (SELECT DISTINCT replace(pg_describe_object(refclassid, refobjid, refobjsubid), ' of foreign table ', ' of ') d FROM pg_depend WHERE classid = 'pg_rewrite'::regclass AND objid = (SELECT oid FROM pg_rewrite WHERE ev_class = 'golden'::regclass) AND deptype = 'n') x), '');
    DROP VIEW golden;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN 'ERROR:  ' || SQLSTATE || ': ' || SQLERRM;
END
$$;

-- 'DEFAULT type: expression', 'CHECK: expression', 'GENERATED type: expression'.
CREATE FUNCTION golden_expression(line text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    kind text := split_part(split_part(line, ':', 1), ' ', 1);
    type text := substr(split_part(line, ': ', 1), length(kind) + 2);
    expression text := substr(line, length(split_part(line, ': ', 1)) + 3);
    result text;
    pretty text;
BEGIN
    IF kind = 'CHECK' THEN
        EXECUTE format('ALTER FOREIGN TABLE t ADD CONSTRAINT golden CHECK (%s)', expression);
        SELECT pg_get_expr(conbin, conrelid), pg_get_expr(conbin, conrelid, true) INTO result, pretty FROM pg_constraint WHERE conname = 'golden';
        IF pretty <> result THEN result := result || E'\n--- pretty\n' || pretty; END IF;
        result := result || E'\n--- constraint\n' || (SELECT pg_get_constraintdef(oid) || E'\n' || pg_get_constraintdef(oid, true) FROM pg_constraint WHERE conname = 'golden');
        ALTER FOREIGN TABLE t DROP CONSTRAINT golden;
    ELSE
        EXECUTE format('ALTER FOREIGN TABLE t ADD COLUMN golden %s %s', type,
            CASE kind WHEN 'DEFAULT' THEN 'DEFAULT ' || expression ELSE 'GENERATED ALWAYS AS (' || expression || ') STORED' END);
        SELECT pg_get_expr(adbin, adrelid), pg_get_expr(adbin, adrelid, true) INTO result, pretty FROM pg_attrdef WHERE adrelid = 't'::regclass;
        result := coalesce(result, '(none)');
        IF pretty <> result THEN result := result || E'\n--- pretty\n' || pretty; END IF;
        ALTER FOREIGN TABLE t DROP COLUMN golden;
    END IF;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN 'ERROR:  ' || SQLSTATE || ': ' || SQLERRM;
END
$$;
