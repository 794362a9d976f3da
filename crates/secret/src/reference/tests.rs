use super::*;

const ANN: Who<&str> = Who { role: "ann", session_user: "bob" };

fn parsed(text: &str) -> String {
    match Reference::parse(text) {
        Ok(reference) => format!("{:?}", reference.source(ANN).unwrap()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn four_forms_are_references() {
    let check = |text, expected: &str| assert_eq!(parsed(text), expected, "{text}");
    check("env:DB_PASSWORD", "Variable(\"DB_PASSWORD\")");
    check("env:DB_{role}", "Variable(\"DB_ann\")");
    check("file:/run/secrets/db", "File(\"/run/secrets/db\")");
    check("file:/run/{session_user}/{role}", "File(\"/run/bob/ann\")");
    check("exec:lookup-{role}", "Command(\"lookup-ann\")");
    check("vault:secret/data/app/{role}#password", "Vault(\"secret/data/app/ann\")");
}

#[test]
fn what_is_none_is_refused() {
    for text in [
        "",
        "x",
        "env:",
        "ENV:X",
        "env:1X",
        "env:A B",
        "env:A=B",
        "file:relative",
        "file:",
        "file:~/x",
        "exec:",
        "exec:/bin/sh",
        "exec:a b",
        "exec:a;b",
        "vault:a/b",
        "vault:#f",
        "vault:/a#f",
        "vault:a#",
        "vault:a#b c",
        "vault:a#b#c",
        "http://x",
        "env:A\0",
        "file:/a\nb",
    ] {
        let refused = Reference::parse(text).unwrap_err();
        assert!(
            matches!(refused, ReferenceError::Malformed | ReferenceError::Path(_)),
            "{text}: {refused}"
        );
    }
    for text in [
        "file:/a/../b",
        "file:/a//b",
        "file:/a/",
        "file:/./a",
        "vault:a/../b#f",
        "vault:a//b#f",
        "vault:a/#f",
        "file:/..",
    ] {
        assert!(matches!(Reference::parse(text), Err(ReferenceError::Path(_))), "{text}");
    }
    for text in ["env:{user}", "file:/{role", "file:/role}", "vault:{{role}}#f", "exec:{}"] {
        assert!(matches!(Reference::parse(text), Err(ReferenceError::Template)), "{text}");
    }
    let long = format!("file:/{}", "x".repeat(2000));
    assert!(Reference::parse(&long).is_err());
}

#[test]
fn a_roles_name_leads_nowhere_else() {
    for role in ["../x", "a/b", "..", ".", "a b", "a.b", "jos\u{e9}", "a\0", "a%2Fb", "", "$(id)"] {
        let who = Who { role, session_user: "bob" };
        for text in ["env:P_{role}", "file:/run/{role}", "exec:c-{role}"] {
            let refused = Reference::parse(text).unwrap().source(who).unwrap_err();
            assert!(matches!(refused, ReferenceError::RoleName { .. }), "{role} in {text}");
        }
    }
}

#[test]
fn a_roles_name_is_one_part_of_a_vault_path() {
    let check = |role, expected: &str| {
        let who = Who { role, session_user: "bob" };
        let source = Reference::parse("vault:kv/{role}/x#f").unwrap().source(who).unwrap();
        assert_eq!(source, Source::Vault(format!("kv/{expected}/x")), "{role}");
    };
    check("ann", "ann");
    check("a@b.c d", "a@b.c d");
    check("a/b", "a%2Fb");
    check("a%2Fb", "a%252Fb");
    check("..", "%2E%2E");
    check(".", "%2E");
    check("a#b?c", "a%23b%3Fc");
    check("jos\u{e9}", "jos\u{e9}");
}

#[test]
fn a_prefix_ends_where_a_name_does() {
    let check = |text: &str, prefix, expected: bool| {
        assert_eq!(Reference::parse(text).unwrap().is_under(prefix), expected, "{text} {prefix}");
    };
    check("file:/run/a/x", "file:/run/a", true);
    check("file:/run/a/x", "file:/run/a/", true);
    check("file:/run/a", "file:/run/a", true);
    check("file:/run/ab/x", "file:/run/a", false);
    check("file:/run/A/x", "file:/run/a", false);
    check("vault:kv/a#p", "vault:kv/a", true);
    check("vault:kv/a/b#p", "vault:kv/a", true);
    check("vault:kv/ab#p", "vault:kv/a", false);
    check("vault:kv/a#password", "vault:kv/a#pass", false);
    check("vault:kv/a#p", "vault:", true);
    check("env:APP_X", "env:APP_", true);
    check("env:APPX", "env:APP", false);
    check("env:APP_X", "env:APP", false);
    check("env:app_X", "env:APP_", false);
    check("env:APP", "env:APP", true);
    check("exec:app-x", "exec:app-", true);
    check("file:/run/x", "vault:", false);
    check("file:/run/x", "", false);
}

#[test]
fn a_prefix_is_as_plain_as_what_it_allows() {
    for good in [
        "env:",
        "env:APP_",
        "file:/",
        "file:/run/a",
        "file:/run/a/",
        "exec:x",
        "vault:",
        "vault:kv/a",
        "vault:kv/a/",
        "vault:kv/a#p",
        "vault:kv/{role}/",
    ] {
        assert!(is_prefix(good), "{good}");
    }
    for bad in [
        "",
        "x",
        "file:",
        "file:run",
        "file:/a/../b",
        "vault:/a",
        "vault:a//b",
        "http:",
        "env:a/b",
        "*",
    ] {
        assert!(!is_prefix(bad), "{bad}");
    }
}
