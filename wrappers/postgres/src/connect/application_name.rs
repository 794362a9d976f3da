use medley_fdw::{Connect, Options};

/// What a connection is called whose server does not say it.
pub(crate) const FALLBACK: &str = "postgres_fdw";

/// Whether a server says what its sessions are called.
pub(crate) fn is_given(server: &Options) -> bool {
    server.text("application_name").is_some_and(|name| !name.is_empty())
}

/// The session's name at the remote, its escapes replaced; unknown ones vanish.
pub(super) fn application_name(connect: &Connect<'_>) -> String {
    let Some(template) = connect.server.text("application_name").filter(|name| !name.is_empty())
    else {
        return FALLBACK.to_owned();
    };
    let mut name = String::new();
    let mut chars = template.chars();
    while let Some(char) = chars.next() {
        match char {
            '%' => escape(chars.next(), connect, &mut name),
            char => name.push(char),
        }
    }
    name
}

/// There is no `cluster_name` here, so `%C` is empty.
fn escape(letter: Option<char>, connect: &Connect<'_>, name: &mut String) {
    match letter {
        Some('a') => name.push_str(connect.application_name),
        Some('c') => name.push_str(connect.session_id),
        Some('d') => name.push_str(connect.database),
        Some('p') => name.push_str(&std::process::id().to_string()),
        Some('u') => name.push_str(connect.session_user),
        Some('%') => name.push('%'),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medley_fdw::Network;
    use std::sync::Arc;

    #[test]
    fn escapes_are_replaced() {
        let check = |template: &str, expected: &str| {
            let mut server = Options::default();
            server.set("application_name", template);
            let connect = Connect {
                server_name: "s",
                server: &server,
                mapping: &Options::default(),
                role: "r",
                superuser: false,
                session_user: "bob",
                application_name: "psql",
                session_id: "1f.2",
                via: "",
                scram_keys: None,
                database: "medley",
                deadline: None,
                tls_roots: Arc::new(rustls::RootCertStore::empty()),
                dialer: Arc::new(Network),
            };
            assert_eq!(application_name(&connect), expected);
        };
        check("", "postgres_fdw");
        check("%u@%d 100%%", "bob@medley 100%");
        check("%a/%c/%C/%x", "psql/1f.2//");
        check("%", "");
        check("%p", &std::process::id().to_string());
    }
}
