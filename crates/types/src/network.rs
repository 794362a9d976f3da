//! `inet` and `cidr`: an address and the width of its mask.
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result};

/// A value of `inet` or `cidr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) bits: u8,
    pub(crate) cidr: bool,
}

impl Network {
    /// Reads what PostgreSQL's input functions read.
    pub(crate) fn parse(text: &str, cidr: bool) -> Result<Self> {
        let type_name = if cidr { "cidr" } else { "inet" };
        let invalid =
            || Error::InvalidText { type_name: type_name.to_owned(), input: text.to_owned() };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(width(bits).ok_or_else(invalid)?)),
            None => (text, None),
        };
        let (address, given) = read_address(address, cidr).ok_or_else(invalid)?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.or(given).unwrap_or(widest);
        if bits > widest {
            return Err(invalid());
        }
        let network = Self { address, bits, cidr };
        if cidr && network.has_host_bits() {
            return Err(Error::InvalidCidr(text.to_owned()));
        }
        Ok(network)
    }

    fn has_host_bits(&self) -> bool {
        match self.address {
            IpAddr::V4(a) => a.to_bits().checked_shl(self.bits.into()).unwrap_or(0) != 0,
            IpAddr::V6(a) => a.to_bits().checked_shl(self.bits.into()).unwrap_or(0) != 0,
        }
    }

    /// Reads the binary form: family, bits, whether it is a cidr, length, address.
    pub(crate) fn from_binary(bytes: &[u8], cidr: bool) -> Option<Self> {
        let (address, bits) = match bytes {
            [2, bits @ 0..=32, _, 4, address @ ..] => {
                (IpAddr::from(<[u8; 4]>::try_from(address).ok()?), *bits)
            }
            [3, bits @ 0..=128, _, 16, address @ ..] => {
                (IpAddr::from(<[u8; 16]>::try_from(address).ok()?), *bits)
            }
            _ => return None,
        };
        let network = Self { address, bits, cidr };
        (!cidr || !network.has_host_bits()).then_some(network)
    }
}

fn width(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// An address; a `cidr` may leave out IPv4's last octets, which then tell its width.
fn read_address(text: &str, cidr: bool) -> Option<(IpAddr, Option<u8>)> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(|address| (address.into(), None));
    }
    let mut octets = [0; 4];
    let mut count = 0;
    for part in text.split('.') {
        *octets.get_mut(count)? = octet(part)?;
        count += 1;
    }
    if count < 4 && !cidr {
        return None;
    }
    let given = (cidr && count < 4).then(|| classful(octets[0]).max(count as u8 * 8));
    Some((Ipv4Addr::from(octets).into(), given))
}

fn octet(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// The width of the class that an address was in, before there were widths.
fn classful(first: u8) -> u8 {
    match first {
        240.. => 32,
        224.. => 8,
        192.. => 24,
        128.. => 16,
        _ => 8,
    }
}

/// As the output functions print it: `inet` without the width of a single host.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = if self.address.is_ipv4() { 32 } else { 128 };
        match self.address {
            IpAddr::V4(address) => write!(f, "{address}")?,
            IpAddr::V6(address) => match address.segments() {
                // An IPv4 address after nothing but zeros is written as one.
                [0, 0, 0, 0, 0, 0, high, low] if high > 0 => {
                    write!(f, "::{}", Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))?;
                }
                _ => write!(f, "{address}")?,
            },
        }
        if self.cidr || self.bits != widest {
            write!(f, "/{}", self.bits)?;
        }
        Ok(())
    }
}
