use crate::scanner::scan;
use crate::token::{Token, TokenKind};

/// What a masked literal reads.
const MASKED: &str = "'***'";

/// The text with every string literal masked and every comment gone, for those who must show a
/// statement. Where the text stops being SQL, the rest is masked too.
pub fn mask_literals(text: &str) -> String {
    let scanned = scan(text);
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for token in &scanned.tokens {
        push_space(&mut masked, &text[end..token.span.start]);
        masked.push_str(if is_literal(token) { MASKED } else { &text[token.span.clone()] });
        end = token.span.end;
    }
    if let Some((byte, _)) = scanned.failure {
        push_space(&mut masked, &text[end..byte.max(end)]);
        masked.push_str(MASKED);
    }
    masked
}

fn is_literal(token: &Token) -> bool {
    matches!(token.kind, TokenKind::String(_) | TokenKind::Bits)
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
        check("a /* never ended 'x'", "a '***'");
        check("é \"quoted 'name'\" 1", "é \"quoted 'name'\" 1");
    }
}
