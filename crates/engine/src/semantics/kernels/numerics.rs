//! `numeric`.
use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::Datum;
use crate::semantics::numeric::Numeric;

pub const KERNELS: Table = &[
    ("numeric_add", |_, a| binary(a, Numeric::add)),
    ("numeric_sub", |_, a| binary(a, Numeric::subtract)),
    ("numeric_mul", |_, a| binary(a, Numeric::multiply)),
    ("numeric_div", |_, a| binary(a, Numeric::divide)),
    ("numeric_mod", |_, a| binary(a, Numeric::remainder)),
    ("numeric_div_trunc", |_, a| binary(a, Numeric::integer_quotient)),
    ("numeric_uminus", |_, a| Ok(Datum::Numeric(a[0].numeric()?.negate()))),
    ("numeric_uplus", |_, a| Ok(a[0].clone())),
    ("numeric_abs", |_, a| Ok(Datum::Numeric(a[0].numeric()?.abs()))),
    ("numeric_sign", |_, a| Ok(Datum::Numeric(a[0].numeric()?.sign()))),
    ("numeric_floor", |_, a| Ok(Datum::Numeric(a[0].numeric()?.floor()?))),
    ("numeric_ceil", |_, a| Ok(Datum::Numeric(a[0].numeric()?.ceil()?))),
    ("numeric_round", |_, a| Ok(Datum::Numeric(a[0].numeric()?.round(a[1].int4()?)?))),
    ("numeric_trunc", |_, a| Ok(Datum::Numeric(a[0].numeric()?.truncate(a[1].int4()?)?))),
    ("round.sql", |_, a| Ok(Datum::Numeric(a[0].numeric()?.round(0)?))),
    ("trunc.sql", |_, a| Ok(Datum::Numeric(a[0].numeric()?.truncate(0)?))),
    ("numeric_scale", scale),
];

fn binary<'a>(
    args: &[Datum<'a>],
    operation: fn(&Numeric, &Numeric) -> Result<Numeric>,
) -> Result<Datum<'a>> {
    operation(&args[0].numeric()?, &args[1].numeric()?).map(Datum::Numeric)
}

fn scale<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(match args[0].numeric()? {
        Numeric::Finite { scale, .. } => {
            let scale = i32::try_from(scale).map_err(|_| Error::out_of_range("integer"))?;
            Datum::Int4(scale)
        }
        _ => Datum::Null,
    })
}
