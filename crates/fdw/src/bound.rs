//! What secrets are bound to where a server says `bind_secrets`: where it is, and how it proves
//! who it is.
use medley_secret::Binding;

use crate::ours::{BIND_SECRETS, OURS};
use crate::{Scope, Wrapper, check};

/// Whether a server's options say that secrets are bound.
pub fn binds_secrets<'a>(server: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    let said = server.into_iter().find(|(name, _)| *name == BIND_SECRETS);
    said.is_some_and(|(_, value)| check::parse_bool(value) == Some(true))
}

/// What a secret that is entered now for a server of these options is bound to.
pub fn binding<'a>(
    wrapper: Option<&dyn Wrapper>,
    server: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Binding {
    let endpoint = wrapper.and_then(Wrapper::endpoint_options);
    let is_ours = |name: &str| OURS.iter().any(|it| it.scope == Scope::Server && it.name == name);
    let counts = |(name, _): &(&str, &str)| match endpoint {
        Some(endpoint) => endpoint.contains(name),
        None => !is_ours(name),
    };
    Binding::to(wrapper.map_or("", Wrapper::name), server.into_iter().filter(counts))
}
