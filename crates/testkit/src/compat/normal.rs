use std::collections::HashMap;

/// The first oid that is not PostgreSQL's own.
const FIRST_OID: u64 = 16384;

/// Makes equal what must differ between two servers: the oids that they hand out, where they
/// keep their files, where a remote listens, what they call a session's schema of temporary
/// relations, and at which line of its source PostgreSQL found an error.
#[derive(Debug)]
pub struct Normal<'a> {
    script: &'a str,
    folder: &'a str,
    remote: Option<String>,
    oids: HashMap<u64, usize>,
}

impl<'a> Normal<'a> {
    /// For what a server in `folder` answers to `script`; numbers of the script are no oids.
    pub fn new(script: &'a str, folder: &'a str, remote_port: Option<u16>) -> Self {
        let remote = remote_port.map(|port| port.to_string());
        Self { script, folder, remote, oids: HashMap::new() }
    }

    /// The answer to the next statement.
    pub fn answer(&mut self, printed: &str) -> String {
        let mut answer = String::new();
        for line in printed.lines().filter(|line| !line.starts_with("LOCATION:  ")) {
            let line = line.replace(self.folder, "<folder>");
            let (head, rest) = line.split_at(head_length(&line));
            answer.push_str(head);
            answer.push_str(&self.oids_of(rest));
            answer.push('\n');
        }
        answer.truncate(answer.trim_end().len());
        answer
    }

    /// Numbers the oids in the order in which they come.
    fn oids_of(&mut self, line: &str) -> String {
        let mut made = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if self.remote.as_deref() == Some(word) {
                made.push_str("<remote port>");
            } else if let Some(number) = self.oid(word) {
                made.push_str(&format!("<oid {number}>"));
            } else if is_temp_schema(word) {
                made.push_str("pg_temp_<session>");
            } else {
                made.push_str(word);
            }
            let gap = after.find(is_word).unwrap_or(after.len());
            made.push_str(&after[..gap]);
            rest = &after[gap..];
        }
        made
    }

    fn oid(&mut self, word: &str) -> Option<usize> {
        let oid =
            word.parse().ok().filter(|oid| (FIRST_OID..=u64::from(u32::MAX)).contains(oid))?;
        if self.script.contains(word) {
            return None;
        }
        let next = self.oids.len() + 1;
        Some(*self.oids.entry(oid).or_insert(next))
    }
}

fn is_temp_schema(word: &str) -> bool {
    word.strip_prefix("pg_temp_").is_some_and(|number| number.parse::<u32>().is_ok())
}

/// How long `ERROR:  42601: ` is: an SQLSTATE is no oid.
fn head_length(line: &str) -> usize {
    const SEVERITIES: &[&str] = &["DEBUG", "LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL"];
    let head = line.split_once(":  ").filter(|(severity, _)| SEVERITIES.contains(severity));
    head.and_then(|(severity, rest)| Some(severity.len() + 3 + rest.find(':')?)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_differ_is_made_equal() {
        let mut normal = Normal::new("port '55432'", "/tmp/x", Some(40001));
        let check = |normal: &mut Normal<'_>, printed: &str, expected: &str| {
            assert_eq!(normal.answer(printed), expected);
        };
        check(&mut normal, "Key (a, b)=(16400, 16390).\n", "Key (a, b)=(<oid 1>, <oid 2>).");
        check(&mut normal, "16390 2200 55432 a16400", "<oid 2> 2200 55432 a16400");
        check(&mut normal, "ERROR:  42601: 42602", "ERROR:  42601: <oid 3>");
        check(&mut normal, "{pg_temp_48,pg_temp_x}", "{pg_temp_<session>,pg_temp_x}");
        check(&mut normal, "port=40001", "port=<remote port>");
        check(&mut normal, "ERROR:  x\nLOCATION:  f, a.c:16500\n", "ERROR:  x");
        check(
            &mut normal,
            "LINE 1: é(\n         ^\nno /tmp/x/data\n",
            "LINE 1: é(\n         ^\nno <folder>/data",
        );
    }
}
