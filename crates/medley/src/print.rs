//! Writing to the terminal, for a program whose reader may go away.
use std::io::{self, Write};

/// Writes to standard output. A reader who has seen enough is no error.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Writes a line to standard error, as far as somebody reads it.
pub fn say(line: &str) {
    // Nobody to tell, if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
