//! The binary form of network addresses.
use std::net::IpAddr;

use bytes::{BufMut, BytesMut};

use crate::error::Result;
use crate::network::Network;

/// The families as PostgreSQL numbers them on every platform.
const IPV4: u8 = 2;
const IPV6: u8 = 3;

/// From the text that `inet` or `cidr` prints.
pub(super) fn binary(text: &str, cidr: bool, out: &mut BytesMut) -> Result<()> {
    let network = Network::parse(text, cidr)?;
    let (family, length) = if network.address.is_ipv4() { (IPV4, 4) } else { (IPV6, 16) };
    out.put_slice(&[family, network.bits, u8::from(cidr), length]);
    match network.address {
        IpAddr::V4(address) => out.put_slice(&address.octets()),
        IpAddr::V6(address) => out.put_slice(&address.octets()),
    }
    Ok(())
}
