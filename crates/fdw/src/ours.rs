//! Options that a wrapper's objects have besides those that it declares: Medley's own, and one
//! for each secret, which says where the secret is kept instead of here.
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use medley_secret::{Reference, ReferenceError, Template, Who, is_prefix};
use medley_types::{ColumnBuilder, PgType, Style};

use crate::{Effect, Error, GivenOption, GivenValue, Kind, OptionSpec, Options, Result, Scope};

/// What a secret's option is called where it is a reference: `password_ref`.
pub const REFERENCE_SUFFIX: &str = "_ref";

/// Prefixes of references that the server's owner may set; superusers say so.
pub const ALLOWED_REFS: &str = "allowed_refs";

/// Whether `{role}` and `{session_user}` mean something in the remote user's name.
pub const TEMPLATES: &str = "templates";

/// Which mappings count for a role that has none of its own.
pub const MAPPING_RESOLUTION: &str = "mapping_resolution";

/// Whether a mapping counts only once its role has agreed to it.
pub const REQUIRE_CONSENT: &str = "require_consent";

/// Whether a mapping's secrets are for the server as it was when they were entered.
pub const BIND_SECRETS: &str = "bind_secrets";

/// Whether a server may be told of values that come from others.
pub const DYNAMIC_FILTERS: &str = "dynamic_filters";

/// Whether a server prepares its part of a transaction before it commits.
pub const TWO_PHASE: &str = "two_phase";

/// Until when a mapping may be used.
pub const VALID_UNTIL: &str = "valid_until";

/// The secret that another may take the place of.
pub const PASSWORD: &str = "password";

/// What the remote user's password is to be, or has just become.
pub const PASSWORD_NEXT: &str = "password_next";

/// What the remote user's option may be called, of which a reference may be set as of a secret.
pub const USER_OPTIONS: [&str; 2] = ["user", "username"];

/// The fields of Vault's answer that hold a remote user's name, and nothing else.
pub const USER_FIELDS: [&str; 2] = ["username", "user"];

/// Medley's own options, which every wrapper's objects have. A wrapper's option of the same name
/// counts instead.
#[rustfmt::skip]
pub const OURS: &[OptionSpec] = &[
    OptionSpec::new(Scope::Server, ALLOWED_REFS, Kind::Text, "Prefixes of references, separated by blanks, that the server's owner may set in its user mappings; superusers set it."),
    OptionSpec::new(Scope::Server, MAPPING_RESOLUTION, Kind::OneOf(&["exact", "inherit"]), "Whose mapping counts: exact is the role's own, else PUBLIC's; inherit is its own, else that of the nearest role whose privileges it has, else PUBLIC's.").default("exact"),
    OptionSpec::new(Scope::Server, REQUIRE_CONSENT, Kind::Bool, "Whether a mapping that somebody else has made for a role or changed is used only once the role accepts it with medley_accept_mapping; only superusers take it back.").default("false"),
    OptionSpec::new(Scope::Server, BIND_SECRETS, Kind::Bool, "Whether a secret of a mapping is used only as long as the server's endpoint and TLS options are those for which it was entered; afterwards, and where this is said later, it is to be entered again.").default("false"),
    OptionSpec::new(Scope::Server, DYNAMIC_FILTERS, Kind::Bool, "Whether scans of its tables are told which values the other side of a join has, which then stand in the remote's log.").default("true"),
    OptionSpec::new(Scope::Server, TWO_PHASE, Kind::Bool, "Whether its part of a transaction that changes rows on other servers too is prepared first (PREPARE TRANSACTION), and committed when all have; the account there must be allowed to, and max_prepared_transactions above 0.").default("false"),
    OptionSpec::new(Scope::UserMapping, VALID_UNTIL, Kind::Text, "Until when the mapping may be used: a date, a time and a zone, without one in UTC; or infinity.").default("infinity"),
    OptionSpec::new(Scope::UserMapping, PASSWORD_NEXT, Kind::Secret, "The password that the remote user is about to have, or just got: where the present one is refused it is tried, and once it logs in it takes the other's place."),
    OptionSpec::new(Scope::UserMapping, TEMPLATES, Kind::Bool, "Whether {role} and {session_user} in the remote user's name stand for who uses the mapping.").default("on where the mapping has a reference"),
];

/// What an option is to a wrapper's object.
#[derive(Clone, Copy, Debug)]
pub enum Declared {
    /// The wrapper declares it.
    Own(&'static OptionSpec),
    /// Medley declares it for every wrapper.
    Ours(&'static OptionSpec),
    /// It says where the value of this one is kept.
    Reference(&'static OptionSpec),
}

/// What an option of this name is, if it is one.
pub fn declared(options: &'static [OptionSpec], scope: Scope, name: &str) -> Option<Declared> {
    let own = find(options, scope, name).map(Declared::Own);
    let ours = || ours(options).find(|spec| is(spec, scope, name)).map(Declared::Ours);
    own.or_else(ours).or_else(|| referenced(options, scope, name).map(Declared::Reference))
}

/// The option whose value is kept where the option of this name says.
pub fn referenced(
    options: &'static [OptionSpec],
    scope: Scope,
    name: &str,
) -> Option<&'static OptionSpec> {
    let name = name.strip_suffix(REFERENCE_SUFFIX)?;
    let spec =
        find(options, scope, name).or_else(|| ours(options).find(|spec| is(spec, scope, name)))?;
    is_referable(spec).then_some(spec)
}

/// Whether an option's value may be kept elsewhere.
pub fn is_referable(spec: &OptionSpec) -> bool {
    match spec.scope {
        Scope::UserMapping => spec.kind == Kind::Secret || is_user(spec),
        Scope::Server => spec.kind == Kind::Secret,
        // Nothing of these is given to a remote that logs somebody in.
        Scope::Wrapper | Scope::Table | Scope::Column | Scope::Import => false,
    }
}

/// Whether it is the name of the remote user.
pub fn is_user(spec: &OptionSpec) -> bool {
    spec.scope == Scope::UserMapping && USER_OPTIONS.contains(&spec.name)
}

fn find(options: &'static [OptionSpec], scope: Scope, name: &str) -> Option<&'static OptionSpec> {
    options.iter().find(|spec| is(spec, scope, name))
}

fn is(spec: &OptionSpec, scope: Scope, name: &str) -> bool {
    spec.scope == scope && spec.name == name
}

/// Medley's own options of a wrapper's objects: none where there is nobody to log in as.
pub fn ours(options: &'static [OptionSpec]) -> impl Iterator<Item = &'static OptionSpec> {
    let of_mappings = || options.iter().filter(|spec| spec.scope == Scope::UserMapping);
    let has_mappings = of_mappings().next().is_some();
    let has_password = of_mappings().any(|spec| spec.name == PASSWORD && spec.kind == Kind::Secret);
    OURS.iter().filter(move |spec| has_mappings && (spec.name != PASSWORD_NEXT || has_password))
}

/// Whether an option of this name is one of Medley's own, and none that the wrapper declares.
pub fn ours_is(options: &'static [OptionSpec], scope: Scope, name: &str) -> bool {
    matches!(declared(options, scope, name), Some(Declared::Ours(_)))
}

/// Whether a Boolean option's value says yes.
pub fn is_on(value: &str) -> bool {
    crate::check::parse_bool(value).unwrap_or(false)
}

/// When `valid_until` is: microseconds since 1970, the greatest for infinity. Words that mean
/// another moment each day are none.
pub fn valid_until(text: &str) -> Result<i64> {
    let invalid = || Error::ValidUntil;
    let trimmed = text.trim();
    if trimmed.eq_ignore_ascii_case("infinity") {
        return Ok(i64::MAX);
    }
    if !trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(invalid());
    }
    let mut moments = ColumnBuilder::new(PgType::TIMESTAMPTZ, 1);
    moments.append_text(trimmed, &Style::default()).map_err(|_| invalid())?;
    let moments = moments.finish();
    let moment = moments.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(invalid)?;
    Ok(moment.value(0))
}

/// All options of a wrapper's objects of one kind, for who lists them: the wrapper's own, then
/// Medley's; each that may be kept elsewhere is followed by the reference to it, which has its
/// name and its effect.
pub fn all(
    options: &'static [OptionSpec],
    scope: Scope,
) -> impl Iterator<Item = (&'static OptionSpec, Option<String>)> {
    let here = options.iter().chain(ours(options)).filter(move |spec| spec.scope == scope);
    here.map(|spec| (spec, is_referable(spec).then(|| reference_name(spec.name))))
}

/// What a reference is for, of whichever option.
pub const REFERENCE_DOC: &str = "Where that is kept instead: env:NAME, file:/path, exec:name or \
     vault:path#field; superusers set it, and the server's owner within allowed_refs.";

/// The prefixes that `allowed_refs` lists.
pub fn allowed_prefixes(list: &str) -> impl Iterator<Item = &str> {
    list.split_whitespace()
}

/// Judges a reference by its form.
pub fn check_reference(spec: &OptionSpec, value: &str) -> Result<Reference> {
    let refused = |why| Error::Reference { option: reference_name(spec.name), why };
    let reference = Reference::parse(value).map_err(|error| refused(error.into()))?;
    // What is a name is shown to the remote, and by it: nothing else must come to be one.
    let holds_name = reference.field().is_some_and(|field| USER_FIELDS.contains(&field));
    match is_user(spec) && !holds_name {
        true => Err(refused(WrongReference::NoName)),
        false => Ok(reference),
    }
}

/// Why a reference cannot be one of this option.
#[derive(Debug, thiserror::Error)]
pub enum WrongReference {
    /// Its form.
    #[error(transparent)]
    Form(#[from] ReferenceError),
    /// A user's name comes from a field of that name only.
    #[error("a remote user's name is kept in a field \"username\" or \"user\" of Vault only")]
    NoName,
}

/// What the reference to this option's value is called.
pub fn reference_name(option: &str) -> String {
    format!("{option}{REFERENCE_SUFFIX}")
}

/// Judges one of Medley's own options.
pub(crate) fn check_ours(spec: &OptionSpec, value: &str) -> Result<()> {
    match spec.name {
        ALLOWED_REFS => match allowed_prefixes(value).find(|prefix| !is_prefix(prefix)) {
            Some(_) => Err(Error::NotAPrefix),
            None => Ok(()),
        },
        VALID_UNTIL => valid_until(value).map(drop),
        _ => Ok(()),
    }
}

/// A value and a reference to it cannot both count.
pub(crate) fn check_pairs(
    declared: &'static [OptionSpec],
    scope: Scope,
    given: &[GivenOption<'_>],
) -> Result<()> {
    let mut references = given.iter().filter_map(|it| referenced(declared, scope, it.name));
    match references.find(|spec| given.iter().any(|it| it.name == spec.name)) {
        Some(spec) => Err(Error::ValueAndReference(spec.name)),
        None => check_user(declared, scope, given),
    }
}

/// The remote user's name is a template, where it is one.
fn check_user(
    declared: &'static [OptionSpec],
    scope: Scope,
    given: &[GivenOption<'_>],
) -> Result<()> {
    let text = |name: &str| match given.iter().find(|it| it.name == name)?.value {
        GivenValue::Plain(value) => Some(value),
        GivenValue::Secret => None,
    };
    let refers = given.iter().any(|it| fetched(declared, scope, it.name).is_some());
    match scope {
        Scope::UserMapping => user_template(text, refers).map(drop).map_err(|why| {
            let option = USER_OPTIONS.into_iter().find(|name| text(name).is_some());
            Error::Reference { option: option.unwrap_or_default().to_owned(), why: why.into() }
        }),
        _ => Ok(()),
    }
}

/// The option whose value is fetched from where the option of this name says: what does nothing
/// need not be fetched.
pub fn fetched(
    options: &'static [OptionSpec],
    scope: Scope,
    name: &str,
) -> Option<&'static OptionSpec> {
    referenced(options, scope, name).filter(|spec| spec.effect == Effect::Honoured)
}

/// The remote user's option and its template, where people's names stand in it. They count where
/// the mapping says so, or has a reference: in PostgreSQL `{role}` is a name like any other, and
/// there is no reference.
pub fn user_template<'a>(
    text: impl Fn(&str) -> Option<&'a str>,
    refers: bool,
) -> Result<Option<(&'static str, Template)>, ReferenceError> {
    if !text(TEMPLATES).map_or(refers, is_on) {
        return Ok(None);
    }
    let named = |name: &'static str| Some((name, text(name)?));
    let Some((name, text)) = USER_OPTIONS.into_iter().find_map(named) else {
        return Ok(None);
    };
    let template = Template::parse(text)?;
    Ok((template.uses() != Who::default()).then_some((name, template)))
}

/// Judges what no wrapper declares: for objects of a wrapper without a validator, whose own
/// options nobody looks at.
pub fn check_undeclared(
    options: &'static [OptionSpec],
    scope: Scope,
    given: &[GivenOption<'_>],
) -> Result<()> {
    for option in given {
        let GivenValue::Plain(value) = option.value else { continue };
        match declared(options, scope, option.name) {
            Some(declared @ (Declared::Ours(_) | Declared::Reference(_))) => {
                crate::check::check_declared(declared, value)?;
            }
            Some(Declared::Own(_)) | None => {}
        }
    }
    check_pairs(options, scope, given)
}

impl Options {
    /// Takes out Medley's own options and all references, which no wrapper is told of.
    pub fn take_undeclared(
        &mut self,
        declared_by: &'static [OptionSpec],
        scope: Scope,
    ) -> Vec<(String, String)> {
        let is_ours = |name: &str| {
            let declared = declared(declared_by, scope, name);
            matches!(declared, Some(Declared::Ours(_) | Declared::Reference(_)))
        };
        self.extract(is_ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_ends_at_a_moment_that_stays() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(valid_until(text).ok(), expected, "{text}");
        };
        check("2030-01-01 00:00:00+00", Some(1_893_456_000_000_000));
        check("2030-01-01", Some(1_893_456_000_000_000));
        check(" 2030-01-01 01:00+01 ", Some(1_893_456_000_000_000));
        check("Infinity", Some(i64::MAX));
        check("tomorrow", None);
        check("now", None);
        check("-infinity", None);
        check("2030-02-30", None);
        check("", None);
    }

    #[test]
    fn a_next_password_needs_a_password() {
        const PASSWORD_OF: &[OptionSpec] =
            &[OptionSpec::new(Scope::UserMapping, PASSWORD, Kind::Secret, "")];
        const TOKEN_OF: &[OptionSpec] =
            &[OptionSpec::new(Scope::UserMapping, "token", Kind::Secret, "")];
        let check = |options, name, expected: bool| {
            assert_eq!(declared(options, Scope::UserMapping, name).is_some(), expected, "{name}");
        };
        check(PASSWORD_OF, PASSWORD_NEXT, true);
        check(PASSWORD_OF, "password_next_ref", true);
        check(TOKEN_OF, PASSWORD_NEXT, false);
        check(TOKEN_OF, VALID_UNTIL, true);
        check(&[], VALID_UNTIL, false);
    }
}
