-- What the remote has that the corpus is asked of.
CREATE TABLE films (
    id int PRIMARY KEY, title text, year int, rating numeric, price numeric(8,2), tags text[],
    doc jsonb, released date, seen timestamptz, runtime interval, kind varchar(10), code char(3),
    "Odd ""Name" text, b bytea, f8 float8, ok bool
);
INSERT INTO films SELECT
    i, 'film ' || i, 1950 + (i * 7) % 70, i * 1.1, i * 0.5, array['t' || (i % 3), 'u' || (i % 5)],
    jsonb_build_object('a', i, 'b', jsonb_build_array(i, i + 1), 's', 'x' || (i % 4)),
    '2000-01-01'::date + i, '2020-01-01 00:00+00'::timestamptz + i * interval '1 hour',
    i * interval '1 minute', 'k' || (i % 4), 'c' || (i % 3), 'odd' || i,
    decode(lpad(to_hex(i), 4, '0'), 'hex'), i / 3.0, i % 2 = 0
FROM generate_series(1, 100) i;
CREATE TABLE people (id int PRIMARY KEY, name text, boss int, film int);
INSERT INTO people SELECT i, 'p' || i, nullif(i / 2, 0), (i * 3) % 100 + 1
FROM generate_series(1, 40) i;
