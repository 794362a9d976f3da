//! Access control lists as values.
use datafusion::arrow::array::AsArray;
use medley_catalog::acl::{Acl, AclItem, AclKind, Privileges};
use medley_catalog::ids::{RoleOid, RoleOrPublic};
use medley_diagnostic::SqlState;
use medley_types::PgType;

use super::super::grants::explode;
use super::super::{Session, names, value};
use crate::error::{Error, Result};
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[
    ("makeaclitem", make),
    ("acldefault_sql", default),
    ("aclitem_eq", |_, args| Ok(Datum::Bool(args[0].text()? == args[1].text()?))),
];

pub const SET_FUNCTIONS: SetTable = &[SetFunction {
    source: "aclexplode",
    columns: &[
        ("grantor", PgType::OID),
        ("grantee", PgType::OID),
        ("privilege_type", PgType::TEXT),
        ("is_grantable", PgType::BOOL),
    ],
    rows: rows_of,
}];

/// `makeaclitem(grantee, grantor, privileges, grantable)`.
fn make<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let grantee = args[0].oid()?;
    let privileges = privileges(args[2].text()?)?;
    let item = AclItem {
        grantee: grantee_of(grantee),
        grantor: RoleOid(args[1].oid()?),
        privileges,
        grant_options: if args[3].bool()? { privileges } else { Privileges::NONE },
    };
    let snapshot = &frame.session().snapshot;
    let name = |role| snapshot.role(role).map(|role| role.name.clone());
    Ok(Datum::of_text(item.shown(name)))
}

fn grantee_of(oid: u32) -> RoleOrPublic {
    match oid {
        0 => RoleOrPublic::Public,
        oid => RoleOrPublic::Role(RoleOid(oid)),
    }
}

fn privileges(text: &str) -> Result<Privileges> {
    text.split(',').map(str::trim).try_fold(Privileges::NONE, |all, word| {
        let unrecognized =
            || Error::invalid_parameter(format!("unrecognized privilege type: \"{word}\""));
        Ok(all | Privileges::of_word(word).ok_or_else(unrecognized)?)
    })
}

/// `acldefault(kind, owner)`.
fn default<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let letter = args[0].text()?;
    let kind = letter.chars().next().and_then(AclKind::of_letter).ok_or_else(|| {
        Error::Internal(format!("unrecognized object type abbreviation: {letter}"))
    })?;
    let acl = Acl::default_for(kind, RoleOid(args[1].oid()?));
    value::acl(frame.session(), Some(&acl))
}

fn rows_of<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    if args[0].is_null() {
        return Ok(Vec::new());
    }
    let list = args[0].list()?;
    let texts = list.as_string_opt::<i32>().into_iter().flatten().flatten();
    let items = texts.map(|text| item(frame.session(), text)).collect::<Result<Vec<_>>>()?;
    let grants = explode(&items.into_iter().collect());
    Ok(grants
        .iter()
        .map(|grant| {
            vec![
                Datum::Oid(grant.grantor.0),
                Datum::Oid(grant.grantee.oid()),
                Datum::of_text(grant.word),
                Datum::Bool(grant.grantable),
            ]
        })
        .collect())
}

/// The input function of `aclitem`, whose values are kept as their text.
pub fn read<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let snapshot = &frame.session().snapshot;
    let item = item(frame.session(), args[0].text()?)?;
    Ok(Datum::of_text(item.shown(|role| snapshot.role(role).map(|role| role.name.clone()))))
}

fn malformed(message: impl Into<String>) -> Error {
    Error::at(SqlState::INVALID_TEXT_REPRESENTATION, message.into(), None)
}

/// Reads `grantee=U*/grantor`; without a grantor it is the bootstrap superuser.
fn item(session: &Session, text: &str) -> Result<AclItem> {
    let (mut grantee, mut rest) = identifier(text)?;
    if !rest.starts_with('=') {
        (grantee, rest) = after_key_word(&grantee, rest)?;
    }
    let rest = rest.strip_prefix('=').ok_or_else(|| malformed("missing \"=\" sign"))?;
    let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '*').unwrap_or(rest.len());
    let (privileges, grant_options) = read_letters(&rest[..end])?;
    let grantee = match grantee.as_str() {
        "" => RoleOrPublic::Public,
        name => RoleOrPublic::Role(role(session, name)?),
    };
    let (grantor, rest) = match rest[end..].strip_prefix('/') {
        Some(rest) => grantor(session, rest)?,
        None => (RoleOid::BOOTSTRAP, &rest[end..]),
    };
    match rest.trim_start() {
        "" => Ok(AclItem { grantee, grantor, privileges, grant_options }),
        _ => Err(malformed("extra garbage at the end of the ACL specification")),
    }
}

/// `group staff`, `user alice`.
fn after_key_word<'t>(word: &str, rest: &'t str) -> Result<(String, &'t str)> {
    if !["group", "user"].contains(&word) {
        let error = malformed(format!("unrecognized key word: \"{word}\""));
        return Err(error.with_hint("ACL key word must be \"group\" or \"user\"."));
    }
    match identifier(rest)? {
        (name, _) if name.is_empty() => {
            let hint = "A name must follow the \"group\" or \"user\" key word.";
            Err(malformed("missing name").with_hint(hint))
        }
        found => Ok(found),
    }
}

fn grantor<'t>(session: &Session, text: &'t str) -> Result<(RoleOid, &'t str)> {
    match identifier(text)? {
        (name, _) if name.is_empty() => Err(malformed("a name must follow the \"/\" sign")),
        (name, rest) => Ok((role(session, &name)?, rest)),
    }
}

/// A name, quoted or not, and what stands after it and after blanks.
fn identifier(text: &str) -> Result<(String, &str)> {
    const MAX_BYTES: usize = 63;
    let (mut name, mut quoted) = (String::new(), false);
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '"' if quoted && after.starts_with('"') => {
                name.push('"');
                rest = &after[1..];
                continue;
            }
            '"' => quoted = !quoted,
            c if quoted || c == '_' || c.is_alphanumeric() || !c.is_ascii() => name.push(c),
            _ => break,
        }
        rest = after;
    }
    if name.len() > MAX_BYTES {
        let error = Error::at(SqlState::NAME_TOO_LONG, "identifier too long", None);
        return Err(error.with_detail("Identifier must be less than 64 characters."));
    }
    Ok((name, rest.trim_start()))
}

fn read_letters(letters: &str) -> Result<(Privileges, Privileges)> {
    const LETTERS: &str = "arwdDxtXUCTcsAm";
    let (mut held, mut options) = (Privileges::NONE, Privileges::NONE);
    let mut last = Privileges::NONE;
    for letter in letters.chars() {
        if letter == '*' {
            options = options | last;
            continue;
        }
        let found = Privileges::TABLE.iter().find(|(_, known, _)| *known == letter);
        last = found
            .ok_or_else(|| {
                malformed(format!("invalid mode character: must be one of \"{LETTERS}\""))
            })?
            .0;
        held = held | last;
    }
    Ok((held, options))
}

/// A role that is gone shows as its oid.
fn role(session: &Session, name: &str) -> Result<RoleOid> {
    let known = session.snapshot.role_named(name).map(|role| role.oid);
    let known = known.or_else(|| name.parse().ok().map(RoleOid));
    known.ok_or_else(|| names::undefined("role", name))
}
