//! No Debug of anything shows a value of OPTIONS or of PASSWORD.

fn check(text: &str) {
    assert!(text.contains("hunter2"));
    let script = medley_sql::parse(text).unwrap();
    let printed = format!("{script:?} {script:#?}");
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("[redacted]"));
    assert!(!medley_sql::mask_literals(text).contains("hunter2"));
}

#[test]
fn values_are_not_printed() {
    check("create user mapping for bob server s options (user 'hunter2', password E'hunter2\\n')");
    check(
        "alter user mapping for bob server s options (set password $x$hunter2$x$, add a 'hunter2')",
    );
    check("create server s foreign data wrapper w options (a U&'hunter2')");
    check("create foreign data wrapper w options (a 'hunter2')");
    check("create foreign table t (a int options (b 'hunter2')) server s options (c 'hunter2')");
    check("alter foreign table t alter a options (set b 'hunter2'), options (drop x, c 'hunter2')");
    check("import foreign schema a from server s into b options (c 'hunter2')");
    check("create role r password 'hunter2'");
    check("alter role r encrypted password 'hunter2'");
}

#[test]
fn errors_do_not_print_them_behind_the_error() {
    for text in [
        "create user mapping for bob sorver s options (password 'hunter2')",
        "create user mapping for bob server s options (password 'hunter2') foo",
        "create role r pasword 'hunter2'",
    ] {
        let error = medley_sql::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn errors_do_not_print_them_where_the_error_is() {
    for text in [
        "create user mapping for bob server s options (password 'x' 'hunter2')",
        "create user mapping for bob server s options (password 'hunter2",
        "create user mapping for bob server s options ('hunter2')",
        "create user mapping for bob server s options (password hunter2)",
        "create user mapping for bob server s options (password = 'hunter2')",
        "alter user mapping for bob server s options (set password hunter2)",
        "select 1; alter user mapping for bob server s options (set password $x$hunter2)",
        "alter server s options (add a E'hunter2\\ud83d')",
        "create role r password 'it's hunter2'",
        "create role r password 'it'hunter2 it''",
        "create role r password hunter2",
        "create role r password \"hunter2\"",
        "create role r 'hunter2'",
        "alter role r with encrypted password hunter2",
        "import foreign schema a from server s into b options (a 'b' 'hunter2')",
        "create role r password U&'hunter2' uescape 'hunter2'",
    ] {
        let error = medley_sql::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}: {error:?}");
    }
}
