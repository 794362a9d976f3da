use crate::scanner::scan;
use crate::token::{Token, TokenKind};

/// What a masked literal reads.
pub(crate) const MASKED: &str = "'***'";

/// The text with every string literal masked and every comment gone, for those who must show a
/// statement; and so what looks like a password with a quote too few or too many. Where the text
/// stops being SQL, the rest is masked too.
pub fn mask_literals(text: &str) -> String {
    let scanned = scan(text);
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    let mut before = None;
    for token in &scanned.tokens {
        push_space(&mut masked, &text[end..token.span.start]);
        if before.is_some_and(|before| is_remainder(before, token)) {
            masked.push_str(MASKED);
            return masked;
        }
        let is_secret = token.is_literal() || before.is_some_and(|it| is_unquoted(it, token));
        let written = &text[token.span.clone()];
        match without_escape(token, written) {
            _ if is_secret => masked.push_str(MASKED),
            None => masked.push_str(written),
            Some(name) => masked.extend([name, " UESCAPE ", MASKED]),
        }
        end = token.span.end;
        before = Some(token);
    }
    if let Some((byte, _)) = scanned.failure {
        push_space(&mut masked, &text[end..byte.max(end)]);
        masked.push_str(MASKED);
    }
    masked
}

/// `U&"..."` before its UESCAPE, if it has one: that is a literal too.
fn without_escape<'t>(token: &Token, written: &'t str) -> Option<&'t str> {
    let quoted = matches!(token.kind, TokenKind::Ident { quoted: true, .. });
    let end = written.rfind('"').filter(|_| quoted && !written.ends_with('"'))?;
    Some(&written[..=end])
}

/// Whether it stands where a password should, and has no quotes.
fn is_unquoted(before: &Token, token: &Token) -> bool {
    before.is_word("password") && is_bare(token)
}

/// Whether it stands right behind a literal: a quote inside a password has ended that.
fn is_remainder(before: &Token, token: &Token) -> bool {
    before.is_literal() && before.span.end == token.span.start && is_bare(token)
}

fn is_bare(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Ident { .. } | TokenKind::Integer | TokenKind::Float)
}

/// What lies between tokens: a comment is one space.
fn push_space(masked: &mut String, between: &str) {
    let blank = between.chars().all(char::is_whitespace);
    masked.push_str(if blank { between } else { " " });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, masked: &str) {
        assert_eq!(mask_literals(text), masked);
    }

    #[test]
    fn no_literal_is_left() {
        check("select 'a', E'b\\'c', $x$d$x$, U&'e' f", "select '***', '***', '***', '***' f");
        check("create role r password 'x' -- it is 'x'\n", "create role r password '***' ");
        check("alter sorver s options(a 'x'\n'y')", "alter sorver s options(a '***')");
        check("password 'never ended", "password '***'");
        check("create role r password hunter2 login", "create role r password '***' login");
        check("create role r password 'it's hunter2'", "create role r password '***''***'");
        check("a /* never ended 'x'", "a '***'");
        check("U&\"a!0061\" uescape '!' b", "U&\"a!0061\" UESCAPE '***' b");
        check("é \"quoted 'name'\" 1", "é \"quoted 'name'\" 1");
    }
}
