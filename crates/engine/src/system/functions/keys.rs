//! `medley_keys(action)`: data keys and what they seal, for `medley key`. It is for superusers, and
//! for whom they grant it to: who may is the function's ACL's to say.
use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};

pub const SET_FUNCTIONS: SetTable =
    &[SetFunction { source: "medley_keys", columns: &[], rows: keys }];

fn keys<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let lines = frame.session().facts.keys(args[0].text()?)?;
    Ok(lines.into_iter().map(|line| vec![Datum::of_text(line)]).collect())
}
