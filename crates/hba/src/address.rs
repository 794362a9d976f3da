//! Which addresses a rule is for.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::token::Token;

/// The addresses of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `all`.
    All,
    /// `samehost`: those of this machine.
    SameHost,
    /// `samenet`: those of the networks that this machine is in.
    SameNet,
    /// Those of machines that are called so, as DNS says both ways.
    Name(HostName),
    /// Those that begin as this one, under this mask.
    Net {
        /// The address as it was written.
        address: IpAddr,
        /// Ones, then zeros.
        mask: IpAddr,
    },
}

/// The name of a machine, or, after a dot, of all machines in a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(pub(crate) String);

impl HostName {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for the machine of this name. Case does not count.
    pub(crate) fn holds(&self, name: &str) -> bool {
        let same = |name: &[u8]| name.eq_ignore_ascii_case(self.0.as_bytes());
        match name.len().checked_sub(self.0.len()) {
            Some(before) if self.0.starts_with('.') => same(&name.as_bytes()[before..]),
            _ => same(name.as_bytes()),
        }
    }
}

impl Address {
    /// Whether this address is one of them; whether a name stands for it, DNS knows. An IPv4
    /// client is one on an IPv6 socket too.
    pub(crate) fn holds(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        match self {
            Self::All => true,
            Self::Name(_) => false,
            Self::SameHost => own().into_iter().any(|(address, _)| address == client),
            Self::SameNet => own().into_iter().any(|(own, mask)| same_net(own, mask, client)),
            Self::Net { address, mask } => same_net(*address, *mask, client),
        }
    }
}

/// The addresses of this machine with their masks.
fn own() -> Vec<(IpAddr, IpAddr)> {
    use if_addrs::IfAddr;
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let pair = |interface: if_addrs::Interface| match interface.addr {
        IfAddr::V4(v4) => (v4.ip.into(), v4.netmask.into()),
        IfAddr::V6(v6) => (v6.ip.into(), v6.netmask.into()),
    };
    interfaces.into_iter().map(pair).collect()
}

fn same_net(net: IpAddr, mask: IpAddr, client: IpAddr) -> bool {
    match (net, mask, client) {
        (IpAddr::V4(net), IpAddr::V4(mask), IpAddr::V4(client)) => net & mask == client & mask,
        (IpAddr::V6(net), IpAddr::V6(mask), IpAddr::V6(client)) => net & mask == client & mask,
        (IpAddr::V6(net), IpAddr::V6(mask), IpAddr::V4(client)) => {
            net & mask == client.to_ipv6_mapped() & mask && mapped(net, mask)
        }
        _ => false,
    }
}

/// Whether all of the net are IPv4 addresses in IPv6's clothes.
fn mapped(net: Ipv6Addr, mask: Ipv6Addr) -> bool {
    net.to_ipv4_mapped().is_some() && u128::from(mask).leading_ones() >= 96
}

/// Reads the address, and asks for the field of the mask where the address needs one.
pub(crate) fn parse<'t>(
    token: &Token,
    mask: impl FnOnce() -> Result<&'t Token, String>,
) -> Result<Address, String> {
    for (word, address) in
        [("all", Address::All), ("samehost", Address::SameHost), ("samenet", Address::SameNet)]
    {
        if token.is(word) {
            return Ok(address);
        }
    }
    let (host, bits) = match token.text.split_once('/') {
        Some((host, bits)) => (host, Some(bits)),
        None => (token.text.as_str(), None),
    };
    let Ok(address) = host.parse::<IpAddr>() else {
        return Err(match bits {
            Some(_) => {
                format!("specifying both host name and CIDR mask is invalid: \"{}\"", token.text)
            }
            None if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                format!("invalid IP address \"{host}\": Name or service not known")
            }
            None => return Ok(Address::Name(HostName(token.text.clone()))),
        });
    };
    let mask = match bits {
        Some(bits) => cidr_mask(address, bits)
            .ok_or_else(|| format!("invalid CIDR mask in address \"{}\"", token.text))?,
        None => written_mask(address, &mask()?.text)?,
    };
    Ok(Address::Net { address, mask })
}

fn cidr_mask(address: IpAddr, bits: &str) -> Option<IpAddr> {
    let bits: u32 = bits.parse().ok()?;
    Some(match address {
        IpAddr::V4(_) if bits <= 32 => {
            Ipv4Addr::from(u32::MAX.checked_shl(32 - bits).unwrap_or(0)).into()
        }
        IpAddr::V6(_) if bits <= 128 => {
            Ipv6Addr::from(u128::MAX.checked_shl(128 - bits).unwrap_or(0)).into()
        }
        _ => return None,
    })
}

fn written_mask(address: IpAddr, text: &str) -> Result<IpAddr, String> {
    let mask: IpAddr = text
        .parse()
        .map_err(|_| format!("invalid IP mask \"{text}\": Name or service not known"))?;
    match mask.is_ipv4() == address.is_ipv4() {
        true => Ok(mask),
        false => Err("IP address and mask do not match".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, mask: &str, client: &str, expected: bool) {
        let token = |text: &str| Token { text: text.to_owned(), quoted: false };
        let mask = token(mask);
        let address = parse(&token(address), || Ok(&mask)).unwrap();
        assert_eq!(address.holds(client.parse().unwrap()), expected, "{address:?} {client}");
    }

    #[test]
    fn nets() {
        check("10.0.0.0/8", "", "10.1.2.3", true);
        check("10.0.0.0/8", "", "11.1.2.3", false);
        check("0.0.0.0/0", "", "11.1.2.3", true);
        check("0.0.0.0/0", "", "::1", false);
        check("::/0", "", "::1", true);
        check("::/0", "", "127.0.0.1", false);
        check("::ffff:10.0.0.0/104", "", "10.1.2.3", true);
        check("10.0.0.0/8", "", "::ffff:10.1.2.3", true);
        check("127.0.0.1", "255.255.255.255", "127.0.0.1", true);
        check("127.0.0.1", "255.255.255.255", "127.0.0.2", false);
    }

    fn check_name(written: &str, name: &str, expected: bool) {
        assert_eq!(HostName(written.to_owned()).holds(name), expected, "{written} {name}");
    }

    #[test]
    fn names() {
        check_name("a.example.com", "A.example.COM", true);
        check_name("a.example.com", "b.a.example.com", false);
        check_name(".example.com", "a.example.com", true);
        check_name(".example.com", "aexample.com", false);
        check_name(".example.com", "example.com", false);
        check_name(".example.com", ".example.com", true);
    }

    #[test]
    fn this_machine() {
        check("samehost", "", "127.0.0.1", true);
        check("samehost", "", "192.0.2.1", false);
        check("samenet", "", "127.0.0.99", true);
        check("all", "", "192.0.2.1", true);
    }
}
