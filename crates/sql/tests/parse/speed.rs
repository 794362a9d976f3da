//! A text twice as long takes twice as long.
use std::time::Duration;

/// What a dump is made of.
fn dump(statements: usize) -> String {
    let mut text = String::new();
    for n in 0..statements {
        text += &format!(
            "CREATE FOREIGN TABLE public.t{n} (id integer NOT NULL, name text DEFAULT 'x'::text, \
             CONSTRAINT c CHECK ((id > 0))) SERVER s OPTIONS (table_name 't{n}');\n\
             ALTER FOREIGN TABLE public.t{n} OWNER TO postgres;\n\
             COMMENT ON TABLE public.t{n} IS 'the table {n}';\n\
             GRANT SELECT ON TABLE public.t{n} TO PUBLIC;\n\
             CREATE VIEW public.v{n} AS SELECT t.id, t.name FROM public.t{n} t WHERE (t.id > {n});\n"
        );
    }
    text
}

/// What this thread has had of the processor, so that others on the machine do not count.
fn used() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
}

/// The least of three times.
fn time(text: &str) -> Duration {
    let once = || {
        let before = used();
        let _ = medley_sql::parse(text);
        drop(medley_sql::mask_literals(text));
        used() - before
    };
    (0..3).map(|_| once()).min().unwrap()
}

/// Eight times the text takes as much longer, give or take.
#[track_caller]
fn check(short: &str, long: &str) {
    let (shorter, longer) = (time(short), time(long));
    assert!(longer < shorter * 24, "{:.60}: {shorter:?}, {longer:?}", long);
}

#[test]
fn dumps_are_read_in_linear_time() {
    let short = dump(300);
    assert!(medley_sql::parse(&short).is_ok());
    check(&short, &dump(2_400));
}

/// Statements of many rows, names, columns or actions, and one with an error at its end.
#[test]
fn long_statements_are_read_in_linear_time() {
    for (begin, more) in [
        ("INSERT INTO t VALUES (1)", ", (1, 'a', 2.5)"),
        ("GRANT SELECT ON a", ", b"),
        ("SELECT a IN (1", ", 2"),
        ("CREATE TABLE t (a int", ", b text DEFAULT 'x'"),
        ("CREATE FOREIGN TABLE t (a int", ", b text DEFAULT 'x'"),
        ("ALTER FOREIGN TABLE t ADD a int", ", ENABLE TRIGGER x"),
    ] {
        let text = |count: usize| format!("{begin}{}", more.repeat(count));
        check(&text(2_000), &text(16_000));
    }
}
