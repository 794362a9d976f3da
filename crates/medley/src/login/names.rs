//! What the machine is called that somebody comes from.
use std::net::IpAddr;

/// The name that DNS has for an address, if the name leads back to it: who owns an address may
/// call it what they like.
pub async fn of(address: IpAddr) -> Option<String> {
    let asked = tokio::task::spawn_blocking(move || confirmed(address.to_canonical())).await;
    asked.ok().flatten()
}

fn confirmed(address: IpAddr) -> Option<String> {
    let name = dns_lookup::lookup_addr(&address).ok()?;
    // Without a name, the address comes back.
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let mut addresses = dns_lookup::lookup_host(&name).ok()?;
    addresses.any(|found| found == address).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_machine_has_a_name_and_others_need_not() {
        assert_eq!(of("127.0.0.1".parse().unwrap()).await.as_deref(), Some("localhost"));
        assert_eq!(of("192.0.2.1".parse().unwrap()).await, None);
    }
}
