-- What tests/subplans/corpus.sql asks about: duplicates, NULLs, blanks at the end, nothing at all.
CREATE TABLE emp (id int PRIMARY KEY, dept int, boss int, name text, pay numeric(10,2), rate float8,
    hired date, code char(4), flag bool);
INSERT INTO emp VALUES
    (1, 1, NULL, 'Ada', 1000.00, 1.5, '2001-02-03', 'a', true),
    (2, 1, 1, 'bob', 800.50, 0.5, '2003-04-05', 'b', false),
    (3, 2, 1, 'Cy', 800.50, -0.0, '2003-04-05', 'a', NULL),
    (4, 2, 3, 'dee', NULL, 0.0, NULL, 'ab', true),
    (5, NULL, 3, 'Ada', 0.05, 2.25, '1999-12-31', NULL, false),
    (6, 9, 2, NULL, 800.50, NULL, '2010-10-10', 'b', true),
    (7, 3, 2, '', 12.10, 1e3, '2010-10-10', '', NULL),
    (8, 3, NULL, 'été', 99.99, 1.5, '2020-02-29', 'zz', true);
CREATE TABLE dept (id int, name varchar(20), city text);
INSERT INTO dept VALUES (1, 'tools', 'Rome'), (2, 'Toys', 'oslo'), (3, 'food', NULL), (4, 'none', 'Rome'),
    (NULL, 'null', 'Bonn'), (2, 'again', 'Oslo');
CREATE TABLE sale (id bigint, emp int, amount numeric, at timestamp, qty int);
INSERT INTO sale SELECT i, i % 10, (i * 1.25 - 7)::numeric, timestamp '2020-01-01' + i * interval '7 hours',
    NULLIF(i % 7, 3) FROM generate_series(1, 60) i;
INSERT INTO sale VALUES (61, NULL, NULL, NULL, NULL), (62, 1, 'NaN', '2021-01-01', 1);
CREATE TABLE empty (id int, x text, n numeric);
CREATE TABLE one (n int);
INSERT INTO one VALUES (1);
CREATE TABLE region (city text, zone int);
INSERT INTO region VALUES ('Rome', 1), ('Oslo', 2), ('oslo', 2), ('Bonn', NULL), (NULL, 3), ('Rome', 4);
