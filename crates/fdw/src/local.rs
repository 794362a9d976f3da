//! Addresses that mean this machine, or what stands beside it: where a server that anybody may
//! point somewhere had better not lead.
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Address, Dialer, RemoteStream};

/// Services of clouds that tell whoever asks from a machine who the machine is, and are neither
/// loopback nor link-local.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Whether it is a loopback, link-local, metadata or unspecified address, in whichever form: an
/// IPv4 address inside an IPv6 one counts as itself.
pub fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_local_v4(address),
        IpAddr::V6(address) => is_local_v6(address) || within(address).is_some_and(is_local_v4),
    }
}

/// What begins with 0 is this host, as far as operating systems connect to it at all.
fn is_local_v4(address: Ipv4Addr) -> bool {
    address.is_loopback()
        || address.is_link_local()
        || address.octets()[0] == 0
        || METADATA_V4.contains(&address)
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || METADATA_V6.contains(&address)
}

/// The IPv4 address inside: mapped, compatible, translated (64:ff9b::/96), or of 6to4.
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// Reaches what another dialer reaches, but nothing local. The address that is dialed is the one
/// that is judged: a name is not looked up again in between.
pub struct NotLocal(pub Arc<dyn Dialer>);

#[async_trait]
impl Dialer for NotLocal {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.resolve(host, port).await
    }

    async fn dial(&self, address: &Address) -> io::Result<Box<dyn RemoteStream>> {
        if !self.admits(address) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, REFUSED));
        }
        self.0.dial(address).await
    }

    fn admits(&self, address: &Address) -> bool {
        match address {
            Address::Tcp(address) => {
                !is_local(address.ip()) && self.0.admits(&Address::Tcp(*address))
            }
            Address::Unix(_) => false,
        }
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.0.open(path)
    }

    fn runs_programs(&self) -> bool {
        self.0.runs_programs()
    }
}

const REFUSED: &str = "only a superuser's servers may be at a local address";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_are_told_in_every_form() {
        let check = |address: &str, expected: bool| {
            assert_eq!(is_local(address.parse().unwrap()), expected, "{address}");
        };
        for local in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.0.1",
            "168.63.129.16",
            "100.100.100.200",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            check(local, true);
        }
        for remote in [
            "10.0.0.1",
            "192.168.1.1",
            "8.8.8.8",
            "168.63.129.17",
            "2001:db8::1",
            "fd00:ec2::253",
            "::ffff:10.0.0.1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            check(remote, false);
        }
    }

    /// Whatever notation the operating system takes for an address is judged by what it means.
    #[tokio::test]
    async fn spellings_of_an_address_are_resolved_before_they_are_judged() {
        let dialer = NotLocal(Arc::new(crate::Network));
        for host in ["localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0"] {
            let Ok(addresses) = dialer.resolve(host, 1).await else { continue };
            assert!(!addresses.is_empty(), "{host}");
            for address in addresses {
                let dialed = dialer.dial(&Address::Tcp(address)).await.map(drop);
                let error = dialed.expect_err("refused");
                assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{host} {address}");
            }
        }
        let socket = Address::Unix("/run/postgresql/.s.PGSQL.5432".into());
        let error = dialer.dial(&socket).await.map(drop).expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
