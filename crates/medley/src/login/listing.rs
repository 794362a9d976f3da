//! The two files as `pg_hba_file_rules` and `pg_ident_file_mappings` list them: as they are now,
//! which may not be what is in force.
use std::sync::atomic::Ordering;

use medley_engine::{LoginMap, LoginRule};
use medley_hba::{Address, BadFile, IdentLine, IdentMaps, Line, Place, Rule, Source};
use medley_session::Configuration;

use super::Logins;

impl Configuration for Logins {
    fn login_rules(&self) -> Vec<LoginRule> {
        listed(Source(self.files.rules.clone()).lines(), rule, |place, error| LoginRule {
            file: file(&place),
            line: line(&place),
            error: Some(error),
            ..LoginRule::default()
        })
    }

    fn login_maps(&self) -> Vec<LoginMap> {
        if !self.files.maps.exists() {
            return Vec::new();
        }
        listed(IdentMaps::lines(&self.files.maps), map, |place, error| LoginMap {
            file: file(&place),
            line: line(&place),
            error: Some(error),
            ..LoginMap::default()
        })
    }

    fn reload(&self) -> bool {
        self.wanted.notify_one();
        self.served.load(Ordering::Relaxed)
    }
}

/// Good lines are numbered.
fn listed<T, R>(
    lines: Result<Vec<Line<T>>, BadFile>,
    good: fn(i32, T) -> R,
    bad: fn(Place, String) -> R,
) -> Vec<R> {
    let mut number = 0;
    let mut row = |line| match line {
        Line::Good(line) => {
            number += 1;
            good(number, line)
        }
        Line::Bad(place, reason) => bad(place, reason),
    };
    match lines {
        Ok(lines) => lines.into_iter().map(&mut row).collect(),
        Err(BadFile::Unreadable { path, source }) => {
            let reason = format!("could not open file \"{}\": {source}", path.display());
            vec![bad(Place { file: path, line: 0 }, reason)]
        }
        Err(other) => vec![bad(Place { file: Default::default(), line: 0 }, other.to_string())],
    }
}

fn rule(number: i32, rule: Rule) -> LoginRule {
    let written = |names: &[(String, medley_hba::Pattern)]| {
        Some(names.iter().map(|(text, _)| text.clone()).collect())
    };
    let (address, mask) = match &rule.address {
        None => (None, None),
        Some(Address::All) => (Some("all".to_owned()), None),
        Some(Address::SameHost) => (Some("samehost".to_owned()), None),
        Some(Address::SameNet) => (Some("samenet".to_owned()), None),
        Some(Address::Name(name)) => (Some(name.as_str().to_owned()), None),
        Some(Address::Net { address, mask }) => (Some(address.to_string()), Some(mask.to_string())),
    };
    let options = rule.options.texts();
    LoginRule {
        number: Some(number),
        file: file(&rule.place),
        line: line(&rule.place),
        kind: Some(rule.kind.to_string()),
        databases: written(&rule.databases),
        roles: written(&rule.roles),
        address,
        mask,
        method: Some(rule.method.to_string()),
        options: (!options.is_empty()).then_some(options),
        error: None,
    }
}

fn map(number: i32, map: IdentLine) -> LoginMap {
    LoginMap {
        number: Some(number),
        file: file(&map.place),
        line: line(&map.place),
        map: Some(map.map),
        account: Some(map.account.0),
        role: Some(map.role.0),
        error: None,
    }
}

fn file(place: &Place) -> String {
    place.file.display().to_string()
}

fn line(place: &Place) -> i32 {
    i32::try_from(place.line).unwrap_or(i32::MAX)
}
