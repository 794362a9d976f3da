//! A session that is lent from statement to statement without a reset between them, because what
//! ran on it leaves nothing behind: each statement's name at the remote is told in its own round
//! trip, and in the same breath the remote says that the session still is what it was.
//!
//! Should something else have made another of it all the same (a table that has become a view, a
//! minute ago), no row of the statement is taken, and the session is closed.
use std::io;

use bytes::BytesMut;
use medley_fdw::Result;
use postgres_protocol::message::frontend;

use crate::protocol::{Body, bind_values, malformed};
use crate::session::Session;

/// What it is prepared as.
const NAME: &str = "medley_watch";

/// The name; then whose functions a name means, and as whom they run.
const SQL: &str = "SELECT CASE WHEN $1 IS NOT NULL \
                   THEN pg_catalog.set_config('application_name', $1, false) END, \
                   pg_catalog.current_setting('search_path'), \
                   pg_catalog.current_setting('role'), \
                   pg_catalog.current_setting('session_authorization')";

/// What a session was when it was new.
#[derive(Default)]
pub(crate) struct Watch {
    is_prepared: bool,
    baseline: Option<Vec<u8>>,
}

impl Watch {
    /// Writes the question ahead of a statement, in the same round trip.
    pub fn ask(&self, name: Option<&str>, out: &mut BytesMut) -> io::Result<()> {
        const TEXT: u32 = 25;
        if !self.is_prepared {
            frontend::parse(NAME, SQL, [TEXT], out)?;
        }
        bind_values("", NAME, [name].into_iter(), [0], out)?;
        frontend::execute("", 0, out)
    }

    /// Reads the answer; the session is lost if it is another than it was.
    pub async fn hear(&mut self, session: &mut Session) -> Result<()> {
        loop {
            let frame = session.event(SQL).await?;
            match frame.tag {
                b'1' => self.is_prepared = true,
                b'2' => {}
                b'D' => {
                    let state = state(&frame.body).ok_or_else(|| session.unexpected(&frame))?;
                    if *self.baseline.get_or_insert_with(|| state.to_vec()) != state {
                        return Err(session.lost(&malformed("session state")));
                    }
                }
                b'C' => return Ok(()),
                _ => return Err(session.unexpected(&frame)),
            }
        }
    }
}

/// What comes after the name.
fn state(row: &[u8]) -> Option<&[u8]> {
    let mut body = Body(row);
    body.i16()?;
    body.value()?;
    Some(body.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_what_comes_after_the_name() {
        assert_eq!(state(b"\0\x02\0\0\0\x01a\0\0\0\x01b"), Some(&b"\0\0\0\x01b"[..]));
        assert_eq!(state(b"\0\x02\xff\xff\xff\xffb"), Some(&b"b"[..]));
        assert_eq!(state(b"\0\x02\0\0\0\x09a"), None);
    }
}
