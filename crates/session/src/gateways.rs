//! By way of which other Medleys a session came, so that a chain of them that leads back to where
//! it began ends there.
//!
//! A gateway says so when it logs in (`medley_fdw`), and nobody can change it afterwards. Whoever
//! logs in can say what they like: it makes nobody's statement run, it only ends their own chain.
use std::sync::Arc;

use medley_diagnostic::{Report, SqlState};
use medley_fdw::VIA;

/// A chain longer than this is not meant.
const MOST: usize = 16;

/// What is told to the next: who this session came through, and this server.
pub(crate) fn via(server: u64, asked: &[(String, String)]) -> Result<Arc<str>, Report> {
    let came = asked.iter().rev().find(|(name, _)| name == VIA);
    let came = came.map_or("", |(_, value)| value.as_str());
    let mut gateways: Vec<_> = came.split(',').filter(|it| !it.is_empty()).collect();
    let own = format!("{server:016x}");
    if gateways.contains(&own.as_str()) {
        return Err(refused("foreign servers lead in a circle")
            .with_detail("This session came by way of the server that it has reached again."));
    }
    if !gateways.iter().all(|it| is_name(it)) {
        return Err(Report::fatal(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for parameter \"{VIA}\""),
        ));
    }
    if gateways.len() >= MOST {
        let detail = format!("A session may come by way of {MOST} others.");
        return Err(refused("too many foreign servers lead to each other").with_detail(detail));
    }
    gateways.push(&own);
    Ok(gateways.join(",").into())
}

/// What a Medley may be called: what is said here is kept with connections.
fn is_name(text: &str) -> bool {
    text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn refused(message: &str) -> Report {
    Report::fatal(SqlState::SQLSERVER_REJECTED_ESTABLISHMENT_OF_SQLCONNECTION, message)
        .with_hint("Look at the servers of medley_fdw on the way here.")
}

/// A setting that a client asks for when it logs in, and that is none.
pub(crate) fn is_said_by_gateways(name: &str) -> bool {
    name == VIA
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_ends_where_it_began() {
        let check = |asked: &str, expected: Result<&str, &str>| {
            let asked = [(VIA.to_owned(), asked.to_owned())];
            let found = via(0xab, &asked).map_err(|report| report.message);
            assert_eq!(found.as_deref().map_err(String::as_str), expected);
        };
        check("", Ok("00000000000000ab"));
        check("1,2", Ok("1,2,00000000000000ab"));
        check("1,00000000000000ab,2", Err("foreign servers lead in a circle"));
        check("1,x", Err("invalid value for parameter \"medley.via\""));
        check(&"1".repeat(17), Err("invalid value for parameter \"medley.via\""));
        check(&"1,".repeat(16), Err("too many foreign servers lead to each other"));
        assert_eq!(via(1, &[]).unwrap().as_ref(), "0000000000000001");
    }
}
