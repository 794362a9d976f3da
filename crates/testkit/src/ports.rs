use std::io;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::Result;

/// A port of 127.0.0.1 that nobody listened on a moment ago. Another program may take it before
/// the caller does.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Starts a server on a free port, and once more on another when the port was taken meanwhile.
pub(crate) fn on_a_free_port<T>(start: impl Fn(u16) -> Result<T>) -> Result<T> {
    match start(free_port()?) {
        Err(error) if error.to_string().contains("already in use") => start(free_port()?),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_listened_on() {
        let port = free_port().unwrap();
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }

    #[test]
    fn a_port_that_is_taken_meanwhile_is_not_the_end() {
        let ports = std::cell::RefCell::new(Vec::new());
        let port = on_a_free_port(|port| {
            ports.borrow_mut().push(port);
            anyhow::ensure!(ports.borrow().len() > 1, "bind: Address already in use");
            Ok(port)
        });
        assert_eq!(port.unwrap(), ports.borrow()[1]);
    }

    #[test]
    fn another_failure_is() {
        let tries = std::cell::Cell::new(0);
        let result: Result<()> = on_a_free_port(|_| {
            tries.set(tries.get() + 1);
            anyhow::bail!("no such option")
        });
        assert_eq!(result.unwrap_err().to_string(), "no such option");
        assert_eq!(tries.get(), 1);
    }
}
