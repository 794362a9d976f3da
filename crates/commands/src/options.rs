//! OPTIONS lists: the algebra of ADD, SET and DROP, the validator's word, and the sealing.
//!
//! Every value of a statement is a [`Secret`] when it gets here. What is none is declassified
//! here and nowhere else; what is one leaves as `Sealed`. A superuser may give a secret as
//! `medley dump --secrets sealed` prints it; it then is sealed anew, and is in clear nowhere here.
use medley_catalog::ids::{RelationOid, ServerOid, UserMappingOid, WrapperOid};
use medley_catalog::objects::{OptionValue, Options, Server, StoredReference, Wrapper};
use medley_diagnostic::Report;
use medley_fdw::{
    Actor, Declared, GivenOption, GivenValue, Handler, Kind, Registry, Scope, Wrapper as Validator,
    ours,
};
use medley_secret::{Binding, Place, Portable, Sealer, Secret};
use medley_sql::OptionItem;

use crate::error::{OptionError, Result};
use crate::references::References;
use crate::{Context, builtin_validator};

/// The options of an object as a statement leaves them, judged by nobody yet.
#[derive(Debug)]
pub(crate) struct Merged(Vec<(String, Value)>);

/// The same after the validator has agreed to them; a secret is still in clear.
#[derive(Debug)]
pub(crate) struct Checked(Vec<(String, Value)>);

#[derive(Debug)]
enum Value {
    /// Was there before, or is no secret.
    Storable(OptionValue),
    /// Given by this statement, and not yet known to be no secret.
    Given(Secret),
    /// Given by this statement as a dump has it.
    Carried(Box<Portable>),
    /// Given by this statement, and says where a secret is kept.
    Referring { text: String, by_prefix: bool },
}

/// Who says which options an object may have, and which of them are secrets.
pub(crate) struct Judge<'a> {
    validator: Option<&'a dyn Validator>,
    handler: Option<&'a Handler>,
    /// None where no reference can be set.
    references: Option<References>,
}

/// Whose options they are.
#[derive(Clone, Copy)]
pub(crate) enum Owner {
    Wrapper(WrapperOid),
    Server(ServerOid),
    UserMapping(UserMappingOid),
    Table(RelationOid),
    Column(RelationOid, i16),
}

/// What the catalog is to keep of an object's options after these items: merged with what it
/// has, agreed to by the wrapper's validator, sealed where secret.
pub(crate) fn settle(
    ctx: &mut Context<'_>,
    wrapper: &Wrapper,
    owner: Owner,
    stored: &Options,
    items: Vec<OptionItem>,
) -> Result<Options> {
    settle_under(ctx, wrapper, owner, None, stored, items)
}

/// The same where a superuser may have said which references the server's owner may set.
pub(crate) fn settle_under(
    ctx: &mut Context<'_>,
    wrapper: &Wrapper,
    owner: Owner,
    server: Option<&Server>,
    stored: &Options,
    items: Vec<OptionItem>,
) -> Result<Options> {
    let merged = merge(stored, items)?;
    let rights = References::of(ctx, server);
    let judge = Judge { references: Some(rights), ..Judge::of(ctx.registry, wrapper)? };
    let checked = judge.check(owner.scope(), merged, ctx.validator_actor(), ctx.notices)?;
    let server = server.filter(|_| matches!(owner, Owner::UserMapping(_)));
    let binding = server.and_then(|server| binding(ctx.registry, wrapper, server));
    checked.seal(ctx.sealer, owner, binding)
}

/// What a mapping's secrets are bound to, where its server says that they are.
fn binding(registry: &Registry, wrapper: &Wrapper, server: &Server) -> Option<Binding> {
    let plain = || {
        server.options.iter().filter_map(|(name, value)| match value {
            OptionValue::Plain(value) => Some((name, value.as_str())),
            OptionValue::Sealed(_) | OptionValue::Reference(_) => None,
        })
    };
    let handler = wrapper.handler.as_deref().and_then(|name| registry.handler(name));
    let bind = || medley_fdw::binding(handler.map(Handler::wrapper), plain());
    medley_fdw::binds_secrets(plain()).then(bind)
}

/// Applies the items to the stored list, strictly from left to right.
pub(crate) fn merge(stored: &Options, items: Vec<OptionItem>) -> Result<Merged> {
    let kept =
        |(name, value): (&str, &OptionValue)| (name.to_owned(), Value::Storable(value.clone()));
    let mut list: Vec<_> = stored.iter().map(kept).collect();
    items.into_iter().try_for_each(|item| apply(&mut list, item))?;
    match list.iter().find(|(name, _)| name.contains('=')) {
        Some((name, _)) => Err(OptionError::EqualsSign(name.clone()).into()),
        None => Ok(Merged(list)),
    }
}

fn apply(list: &mut Vec<(String, Value)>, item: OptionItem) -> Result<()> {
    let place = list.iter().position(|(name, _)| name == item.name());
    match (item, place) {
        (OptionItem::Add { name, value }, None) => list.push((name, Value::Given(value))),
        (OptionItem::Set { value, .. }, Some(place)) => list[place].1 = Value::Given(value),
        (OptionItem::Drop { .. }, Some(place)) => drop(list.remove(place)),
        (OptionItem::Add { name, .. }, Some(_)) => return Err(OptionError::Twice(name).into()),
        (OptionItem::Set { name, .. } | OptionItem::Drop { name }, None) => {
            return Err(OptionError::NotFound(name).into());
        }
    }
    Ok(())
}

/// The options of an IMPORT: later ones win, and they are stored nowhere.
pub(crate) fn last_wins(items: Vec<OptionItem>) -> Merged {
    let mut list: Vec<(String, Value)> = Vec::new();
    for item in items {
        if let OptionItem::Add { name, value } | OptionItem::Set { name, value } = item {
            list.retain(|(given, _)| *given != name);
            list.push((name, Value::Given(value)));
        }
    }
    Merged(list)
}

impl<'a> Judge<'a> {
    /// The judge of everything that stands on this wrapper.
    pub(crate) fn of(registry: &'a Registry, wrapper: &Wrapper) -> Result<Self> {
        let find = |name: &str| {
            let found = validator_named(registry, name);
            found.ok_or_else(|| OptionError::ValidatorGone(name.to_owned()))
        };
        let validator = wrapper.validator.as_deref().map(find).transpose()?;
        let handler = wrapper.handler.as_deref().and_then(|name| registry.handler(name));
        Ok(Self { validator, handler, references: None })
    }

    /// The judge of IMPORT's own options, which the handler takes.
    pub(crate) fn of_import(handler: &'a dyn Validator) -> Self {
        Self { validator: Some(handler), handler: None, references: None }
    }

    /// Says which values are secrets, refuses masks, and asks the validator.
    pub(crate) fn check(
        &self,
        scope: Scope,
        merged: Merged,
        actor: Actor,
        notices: &mut Vec<Report>,
    ) -> Result<Checked> {
        let classified = merged.0.into_iter().map(|(name, value)| {
            let value = self.classify(scope, &name, value, actor)?;
            Ok((name, value))
        });
        let list = classified.collect::<Result<Vec<_>>>()?;
        self.validate(scope, &list, actor, notices)?;
        Ok(Checked(list))
    }

    fn classify(&self, scope: Scope, name: &str, value: Value, actor: Actor) -> Result<Value> {
        let given = match value {
            Value::Given(given) => given,
            Value::Storable(_) | Value::Carried(_) | Value::Referring { .. } => return Ok(value),
        };
        match self.secrecy(scope, name) {
            Secrecy::None => {
                let text = declassify(given);
                let declared = self.declared(scope, name);
                let rights = self.references.as_ref();
                match rights.map(|it| it.check(declared, name, &text)).transpose()?.flatten() {
                    Some(by_prefix) => Ok(Value::Referring { text, by_prefix }),
                    None => Ok(Value::Storable(OptionValue::Plain(text))),
                }
            }
            _ if Portable::is_meant_by(&given) => carried(name, &given, actor),
            Secrecy::Secret if given.is_mask() => Err(OptionError::Mask(name.to_owned()).into()),
            Secrecy::Secret => Ok(Value::Given(given)),
            Secrecy::IfUserInfo => Ok(secret_if_user_info(given)),
        }
    }

    /// What is declared decides; where nothing is, the name does.
    fn secrecy(&self, scope: Scope, name: &str) -> Secrecy {
        match self.declared(scope, name) {
            Some(Declared::Own(spec) | Declared::Ours(spec)) if spec.kind == Kind::Secret => {
                Secrecy::Secret
            }
            Some(_) => Secrecy::None,
            None => secrecy_of_name(name),
        }
    }

    fn declared(&self, scope: Scope, name: &str) -> Option<Declared> {
        let declared = |wrapper: &dyn Validator| ours::declared(wrapper.options(), scope, name);
        let handler = || self.handler.and_then(|handler| declared(handler.wrapper()));
        self.validator.and_then(declared).or_else(handler)
    }

    fn validate(
        &self,
        scope: Scope,
        list: &[(String, Value)],
        actor: Actor,
        notices: &mut Vec<Report>,
    ) -> Result<()> {
        let given: Vec<_> = list.iter().map(|(name, value)| shown(name, value)).collect();
        let judged = match (self.validator, self.handler) {
            (Some(validator), _) => medley_fdw::check(validator, scope, &given, actor, notices),
            (None, Some(handler)) => {
                ours::check_undeclared(handler.wrapper().options(), scope, &given)
            }
            (None, None) => Ok(()),
        };
        Ok(judged.map_err(OptionError::from)?)
    }
}

fn shown<'a>(name: &'a str, value: &'a Value) -> GivenOption<'a> {
    let value = match value {
        Value::Storable(OptionValue::Plain(text)) | Value::Referring { text, .. } => {
            GivenValue::Plain(text)
        }
        Value::Storable(OptionValue::Reference(reference)) => GivenValue::Plain(&reference.text),
        Value::Storable(OptionValue::Sealed(_)) | Value::Given(_) | Value::Carried(_) => {
            GivenValue::Secret
        }
    };
    GivenOption { name, value }
}

/// What a dump has instead of a secret is for superusers to state; nobody's password looks so.
fn carried(name: &str, given: &Secret, actor: Actor) -> Result<Value> {
    if !actor.superuser {
        return Err(OptionError::SealedByOthers(name.to_owned()).into());
    }
    let refused = |source| OptionError::Sealed { option: name.to_owned(), source };
    Ok(Value::Carried(Box::new(Portable::parse(given).map_err(refused)?)))
}

/// The validator of this name: a wrapper's, or the one that is built in.
pub(crate) fn validator_named<'a>(registry: &'a Registry, name: &str) -> Option<&'a dyn Validator> {
    match name {
        builtin_validator::NAME => Some(&builtin_validator::PostgresqlFdwValidator),
        name => registry.validator(name),
    }
}

impl Checked {
    /// What the catalog keeps of an object: secrets are sealed for their place in it.
    pub(crate) fn seal(
        self,
        sealer: &Sealer,
        owner: Owner,
        binding: Option<Binding>,
    ) -> Result<Options> {
        let seal = |(name, value): (String, Value)| {
            let value = match value {
                Value::Storable(value) => value,
                Value::Referring { text, by_prefix } => {
                    OptionValue::Reference(StoredReference { text, binding, by_prefix })
                }
                Value::Given(secret) => {
                    OptionValue::Sealed(sealer.seal_bound(owner.place(&name), binding, &secret)?)
                }
                Value::Carried(from) => {
                    let sealed = sealer.reseal(&from, owner.place(&name), binding);
                    let refused = |source| OptionError::Sealed { option: name.clone(), source };
                    OptionValue::Sealed(sealed.map_err(refused)?)
                }
            };
            Ok((name, value))
        };
        self.0.into_iter().map(seal).collect()
    }

    /// The values that are no secrets.
    pub(crate) fn plain(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| match value {
            Value::Storable(OptionValue::Plain(value)) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
    }
}

impl Owner {
    fn scope(self) -> Scope {
        match self {
            Self::Wrapper(_) => Scope::Wrapper,
            Self::Server(_) => Scope::Server,
            Self::UserMapping(_) => Scope::UserMapping,
            Self::Table(_) => Scope::Table,
            Self::Column(..) => Scope::Column,
        }
    }

    fn place(self, option: &str) -> Place<'_> {
        let (address, column) = match self {
            Self::Wrapper(oid) => (oid.address(), 0),
            Self::Server(oid) => (oid.address(), 0),
            Self::UserMapping(oid) => (oid.address(), 0),
            Self::Table(oid) => (oid.address(), 0),
            Self::Column(oid, number) => (oid.address(), number),
        };
        Place { class: address.class.oid(), object: address.oid, column, option }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Secrecy {
    None,
    Secret,
    /// A URL, which is a secret if it names a user.
    IfUserInfo,
}

/// Names that mean a secret wherever nobody declares what they mean.
const SECRET_NAMES: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "sslpassword",
    "pem_pwd",
    "secret",
    "secret_key",
    "session_token",
    "token",
    "api_key",
    "oauth_client_secret",
    "connection_string",
    "conn_string",
];
const SECRET_SUFFIXES: [&str; 6] =
    ["_password", "_passphrase", "_pwd", "_secret", "_token", "_key"];

fn secrecy_of_name(name: &str) -> Secrecy {
    let name = name.to_ascii_lowercase();
    let ends_secret = || SECRET_SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
    match name.as_str() {
        // Paths of files.
        "ssl_key" | "sslkey" => Secrecy::None,
        "url" | "dburl" => Secrecy::IfUserInfo,
        // It is SQL, and may hold a password.
        "init_command" => Secrecy::Secret,
        name if SECRET_NAMES.contains(&name) || ends_secret() => Secrecy::Secret,
        _ => Secrecy::None,
    }
}

fn secret_if_user_info(given: Secret) -> Value {
    let url = declassify(given);
    let authority = url.split_once("//").map_or(url.as_str(), |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        Value::Given(Secret::new(url))
    } else {
        Value::Storable(OptionValue::Plain(url))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where options are told apart")]
fn declassify(given: Secret) -> String {
    given.declassify()
}
