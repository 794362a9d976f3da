//! Kernels as DataFusion's functions: a call of one of PostgreSQL's functions, settled for the
//! types of its arguments.
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};
use datafusion::scalar::ScalarValue;
use medley_types::{PgType, Style, arrow_type};

use super::batch::{ColumnFn, column_kernel};
use super::datum::{Datum, Reader, Writer};
use crate::error::{Error, Result};
use crate::system::Session;

/// What of the session and the statement values depend on.
#[derive(Clone, Debug)]
pub struct Env {
    /// How values are read and written.
    pub style: Arc<Style>,
    /// The session, for functions that ask it.
    pub session: Session,
    /// The session as the system's relations list the catalog.
    pub listing: Session,
    /// `statement_timestamp()`: microseconds since 1970.
    pub statement_time: i64,
    /// `now()`: microseconds since 1970.
    pub transaction_time: i64,
}

/// What a kernel may ask of its call.
pub struct Frame<'a> {
    /// Session and statement.
    pub env: &'a Env,
    /// The arguments' types.
    pub arguments: &'a [PgType],
    /// The result's.
    pub result: PgType,
}

impl<'a> Frame<'a> {
    /// The session, for functions that ask it.
    pub fn session(&self) -> &'a Session {
        &self.env.session
    }
}

/// Computes one row.
pub type RowFn = for<'a> fn(&Frame<'_>, &[Datum<'a>]) -> Result<Datum<'a>>;
/// Computes a batch: columns in, a column out, of so many rows.
pub type BatchFn = dyn Fn(&Frame<'_>, &[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync;

/// How a function computes.
#[derive(Clone)]
pub enum Kernel {
    /// Row by row.
    Row(RowFn),
    /// Batch by batch.
    Batch(Arc<BatchFn>),
}

/// A function with the types of one call: what DataFusion runs.
pub struct Call {
    /// What PostgreSQL calls the code, and the types: unique among what computes differently.
    name: String,
    /// `pg_proc.prosrc`: what the deparser goes by.
    source: &'static str,
    kernel: Kernel,
    /// What does the work of a kernel of rows where it can.
    columns: Option<ColumnFn>,
    arguments: Vec<PgType>,
    result: PgType,
    strict: bool,
    signature: Signature,
    env: Arc<Env>,
}

impl Call {
    /// A call of a kernel with arguments of these types.
    pub fn new(
        source: &'static str,
        kernel: Kernel,
        arguments: Vec<PgType>,
        result: PgType,
        env: &Arc<Env>,
    ) -> Self {
        let types: Vec<_> = arguments.iter().map(unique_name).collect();
        Self {
            name: format!("{source}[{}]{}", types.join(","), unique_name(&result)),
            source,
            columns: match kernel {
                Kernel::Row(_) => column_kernel(source),
                Kernel::Batch(_) => None,
            },
            kernel,
            result,
            strict: true,
            signature: signature(&arguments, Volatility::Immutable),
            arguments,
            env: Arc::clone(env),
        }
    }

    /// The same call, which sees NULLs itself.
    pub fn not_strict(mut self) -> Self {
        self.strict = false;
        self.columns = None;
        self
    }

    /// The same call under another name: it computes something else with the same types.
    pub fn with_suffix(mut self, suffix: impl fmt::Display) -> Self {
        self.name = format!("{}#{suffix}", self.name);
        self
    }

    /// The same call, as often computed as it is met, if it is volatile.
    pub fn volatility(mut self, letter: char) -> Self {
        if letter == 'v' {
            self.signature = signature(&self.arguments, Volatility::Volatile);
        }
        self
    }

    /// The expression.
    pub fn on(self, arguments: Vec<Expr>) -> Expr {
        ScalarUDF::from(self).call(arguments)
    }

    /// `pg_proc.prosrc`.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The arguments' types.
    pub fn arguments(&self) -> &[PgType] {
        &self.arguments
    }

    /// The result's type.
    pub fn result(&self) -> PgType {
        self.result
    }

    fn run(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let frame = Frame { env: &self.env, arguments: &self.arguments, result: self.result };
        let at_once = self.columns.filter(|_| rows > 1);
        if let Some(column) = at_once.and_then(|kernel| kernel(&frame, columns, rows)) {
            return Ok(column);
        }
        match &self.kernel {
            Kernel::Row(row) => run_rows(*row, &frame, columns, rows, self.strict),
            Kernel::Batch(batch) => batch(&frame, columns, rows),
        }
    }
}

/// Applies a row's kernel to each row. Constants are read once.
pub fn run_rows(
    kernel: RowFn,
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    strict: bool,
) -> Result<ArrayRef> {
    let readers: Vec<_> = columns
        .iter()
        .zip(frame.arguments)
        .map(|(column, t)| Reader::new(*t, Arc::clone(column)))
        .collect();
    let mut writer = Writer::new(frame.result, rows);
    let mut datums = vec![Datum::Null; readers.len()];
    for row in 0..rows {
        for (datum, reader) in datums.iter_mut().zip(&readers) {
            if row == 0 || !reader.is_constant() {
                *datum = reader.get(row)?;
            }
        }
        if strict && datums.iter().any(Datum::is_null) {
            writer.push(&Datum::Null)?;
        } else {
            writer.push(&kernel(frame, &datums)?)?;
        }
    }
    writer.finish()
}

fn unique_name(t: &PgType) -> String {
    match t.typmod {
        -1 => t.info().map_or_else(|| t.oid.0.to_string(), |info| info.name.to_owned()),
        typmod => format!("{}:{typmod}", t.oid.0),
    }
}

/// Exactly these types: DataFusion is never to convert an argument on its own.
fn signature(arguments: &[PgType], volatility: Volatility) -> Signature {
    let types: Vec<DataType> = arguments.iter().map(|t| arrow_type(*t)).collect();
    let signature = match types.is_empty() {
        true => TypeSignature::Nullary,
        false => TypeSignature::Exact(types),
    };
    Signature::new(signature, volatility)
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.env, &other.env)
    }
}

impl Eq for Call {}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Call {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> PlanResult<DataType> {
        Ok(arrow_type(self.result))
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> PlanResult<FieldRef> {
        // Its type is known to the binder; metadata would only set it apart from literals.
        Ok(Arc::new(Field::new(self.name.clone(), arrow_type(self.result), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let volatile = self.signature.volatility == Volatility::Volatile;
        let rows = if constant && !volatile { 1 } else { args.number_rows };
        let columns = args.args.iter().map(column).collect::<PlanResult<Vec<_>>>()?;
        let result = self.run(&columns, rows)?;
        check_form(&result, self)?;
        match constant && !volatile {
            true => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)),
            false => Ok(ColumnarValue::Array(result)),
        }
    }
}

/// A scalar is a column of one row, which readers take for a constant.
fn column(value: &ColumnarValue) -> PlanResult<ArrayRef> {
    match value {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(scalar) => scalar.to_array(),
    }
}

fn check_form(result: &ArrayRef, call: &Call) -> Result<()> {
    let wanted = arrow_type(call.result);
    if result.data_type().equals_datatype(&wanted) {
        return Ok(());
    }
    Err(Error::Internal(format!("{} gave {} for {wanted}", call.name, result.data_type())))
}
