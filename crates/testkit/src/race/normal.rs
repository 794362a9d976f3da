/// The first oid that is not a built-in object's: numbers from here on differ from run to run.
const FIRST_NORMAL_OID: u64 = 16384;

/// Words after which any number differs from run to run.
const BEFORE_NUMBERS: [&str; 4] = ["Process ", "process ", "transaction ", "database "];

/// What PostgreSQL says of where it kept a row, and nobody else can say.
const PHYSICAL: [&str; 3] = [
    "CONTEXT: while updating tuple (",
    "CONTEXT: while deleting tuple (",
    "CONTEXT: while inserting index tuple (",
];

/// Puts `<n>` in place of oids, process ids and transaction ids, and leaves places of rows out.
pub(super) fn normal(text: &str) -> String {
    let is_physical = |line: &&str| PHYSICAL.iter().any(|start| line.starts_with(start));
    let lines: Vec<_> = text.lines().filter(|line| !is_physical(line)).collect();
    without_numbers(&lines.join("\n"))
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        out.push_str(if is_code(&out, after) || !differs(&out, digits) { digits } else { "<n>" });
        rest = after;
    }
    out + rest
}

/// An SQLSTATE stands at the beginning of a line, or after a severity.
fn is_code(before: &str, after: &str) -> bool {
    let is_start = before.is_empty() || before.ends_with('\n') || before.ends_with("NOTICE ");
    is_start && after.starts_with(": ")
}

fn differs(before: &str, digits: &str) -> bool {
    let named = BEFORE_NUMBERS.iter().any(|word| before.ends_with(word));
    let is_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    named || (!is_word && digits.parse().is_ok_and(|it: u64| it >= FIRST_NORMAL_OID))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(normal(text), expected);
    }

    #[test]
    fn what_differs_from_run_to_run_is_hidden() {
        check(
            "23505: x\nDETAIL: Key (a)=(18647, 2200) is.",
            "23505: x\nDETAIL: Key (a)=(<n>, 2200) is.",
        );
        check("42704: role 18649 was", "42704: role <n> was");
        check(
            "Process 12 waits for ShareLock on transaction 740;",
            "Process <n> waits for ShareLock on transaction <n>;",
        );
        check(
            "on object 16400 of class 1417 of database 5",
            "on object <n> of class 1417 of database <n>",
        );
        check("55P03: x\nCONTEXT: while updating tuple (0,5) in relation \"a\"", "55P03: x");
        check("NOTICE 42710: server \"s99999\"", "NOTICE 42710: server \"s99999\"");
    }
}
