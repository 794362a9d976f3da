//! What goes wrong with a query.
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use medley_diagnostic::{Diagnostic, Report, SqlState};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a query may end with instead of rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A mistake in the query, or a value that it cannot compute with: said in full.
    #[error(transparent)]
    Refused(Box<Report>),
    /// A value that is none, or that cannot be held.
    #[error(transparent)]
    Value(#[from] medley_types::Error),
    /// A query that means nothing.
    #[error(transparent)]
    Analysis(#[from] medley_analyze::Error),
    /// What the road to a remote, or the remote, said.
    #[error(transparent)]
    Foreign(#[from] medley_foreign::Error),
    /// The statement was cancelled.
    #[error("canceling statement due to user request")]
    Cancelled,
    /// The statement wants more memory than there is for it.
    #[error("out of memory")]
    OutOfMemory,
    /// A plan that the query engine does not make.
    #[error("this kind of query is not supported")]
    Unplannable,
    /// The query engine failed while it ran a plan.
    #[error("the query could not be computed")]
    Uncomputable,
    /// Something that cannot be has happened.
    #[error("{0}")]
    Internal(String),
}

impl From<Report> for Error {
    fn from(report: Report) -> Self {
        Self::Refused(Box::new(report))
    }
}

impl Error {
    /// A mistake at a place of the text, if the place is known.
    pub fn at(state: SqlState, message: impl Into<String>, position: Option<usize>) -> Self {
        let mut report = Report::error(state, message);
        report.position = position;
        report.into()
    }

    /// `0A000`, naming what is not supported.
    pub fn unsupported(what: impl std::fmt::Display) -> Self {
        Report::unsupported(what).into()
    }

    /// `22012`.
    pub fn division_by_zero() -> Self {
        Self::at(SqlState::DIVISION_BY_ZERO, "division by zero", None)
    }

    /// `22003` of an integer type.
    pub fn out_of_range(type_name: &str) -> Self {
        Self::numeric_overflow(format!("{type_name} out of range"))
    }

    /// `22003`.
    pub fn numeric_overflow(message: impl Into<String>) -> Self {
        Self::at(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message, None)
    }

    /// `22003` of a numeric with a declared precision.
    pub fn field_overflow(detail: String) -> Self {
        Report::error(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow")
            .with_detail(detail)
            .into()
    }

    /// A number that a type has no place for.
    pub fn unsupported_conversion(value: &str, type_name: &str) -> Self {
        let message = format!("cannot convert {value} to {type_name}");
        Self::at(SqlState::FEATURE_NOT_SUPPORTED, message, None)
    }

    /// `22023`.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::at(SqlState::INVALID_PARAMETER_VALUE, message, None)
    }

    /// The same error, with a hint.
    pub fn with_hint(self, hint: &str) -> Self {
        self.report().with_hint(hint).into()
    }

    /// The same error, with a detail.
    pub fn with_detail(self, detail: &str) -> Self {
        self.report().with_detail(detail).into()
    }

    /// The same error, with a place in the text unless it has one.
    pub fn or_at(self, position: Option<usize>) -> Self {
        let mut report = self.report();
        if report.position.is_some() || position.is_none() {
            return self;
        }
        report.position = position;
        report.into()
    }

    /// The same error, said of no place in a text.
    pub fn without_position(self) -> Self {
        let mut report = self.report();
        report.position = None;
        report.into()
    }

    fn code(&self) -> SqlState {
        match self {
            Self::Refused(report) => report.sqlstate,
            Self::Value(error) => error.sqlstate(),
            Self::Analysis(error) => error.sqlstate(),
            Self::Foreign(error) => error.sqlstate(),
            Self::Cancelled => SqlState::QUERY_CANCELED,
            Self::OutOfMemory => SqlState::OUT_OF_MEMORY,
            Self::Unplannable => SqlState::FEATURE_NOT_SUPPORTED,
            Self::Uncomputable | Self::Internal(_) => SqlState::INTERNAL_ERROR,
        }
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        self.code()
    }

    fn report(&self) -> Report {
        match self {
            Self::Refused(report) => (**report).clone(),
            Self::Value(error) => error.report(),
            Self::Analysis(error) => error.report(),
            Self::Foreign(error) => error.report(),
            Self::OutOfMemory => {
                Report::error(self.code(), self.to_string()).with_hint(MEMORY_HINT)
            }
            Self::Cancelled | Self::Unplannable | Self::Uncomputable | Self::Internal(_) => {
                Report::error(self.code(), self.to_string())
            }
        }
    }
}

/// Ours travel through the query engine as its external errors.
impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

const MEMORY_HINT: &str = "Filter or group the rows further, ask for fewer columns, or have \
                           \"medley.query_memory\" or the server's limits of memory raised.";

/// Users' mistakes are found before the query engine sees a plan, so that what it says itself is
/// of few kinds; every kind is named here.
impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match ours_within(&error) {
            Some(ours) => ours.report().into(),
            None => of_datafusion(&error),
        }
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        of_arrow(&error)
    }
}

/// What the query engine says may print plans and the values in them: of it, only the kind is
/// told, and only to the log.
fn of_datafusion(error: &DataFusionError) -> Error {
    use DataFusionError as E;
    match error {
        E::Context(_, inner) | E::Diagnostic(_, inner) => of_datafusion(inner),
        E::Shared(inner) => of_datafusion(inner),
        E::Collection(errors) => {
            errors.first().map_or_else(|| uncomputable("collection"), of_datafusion)
        }
        E::ArrowError(inner, _) => of_arrow(inner),
        E::ResourcesExhausted(_) => Error::OutOfMemory,
        E::NotImplemented(_) => unplannable("not implemented"),
        E::Plan(_) => unplannable("plan"),
        E::SchemaError(..) => unplannable("schema"),
        E::SQL(..) => unplannable("sql"),
        E::Substrait(_) => unplannable("substrait"),
        E::Execution(_) => uncomputable("execution"),
        E::ExecutionJoin(_) => uncomputable("join of a task"),
        E::IoError(what) => {
            let message = format!("could not spill to disk: {}", what.kind());
            Error::at(SqlState::IO_ERROR, message, None)
        }
        E::Internal(_) => uncomputable("internal"),
        E::Configuration(_) => uncomputable("configuration"),
        E::Ffi(_) => uncomputable("ffi"),
        E::External(_) => uncomputable("external"),
        #[allow(unreachable_patterns, reason = "kinds that some features of it add")]
        _ => uncomputable("other"),
    }
}

fn of_arrow(error: &ArrowError) -> Error {
    match error {
        ArrowError::DivideByZero => Error::division_by_zero(),
        ArrowError::ArithmeticOverflow(_) => Error::numeric_overflow("value out of range"),
        ArrowError::NotYetImplemented(_) => unplannable("arrow: not implemented"),
        ArrowError::MemoryError(_) => Error::OutOfMemory,
        _ => uncomputable("arrow"),
    }
}

fn unplannable(kind: &'static str) -> Error {
    tracing::debug!(kind, "plan refused");
    Error::Unplannable
}

fn uncomputable(kind: &'static str) -> Error {
    tracing::debug!(kind, "plan failed");
    Error::Uncomputable
}

fn ours_within<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(ours) = error.downcast_ref::<Error>() {
            return Some(ours);
        }
        next = match error.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::ArrowError(inner, _)) => match inner.as_ref() {
                ArrowError::ExternalError(inner) => Some(inner.as_ref()),
                _ => None,
            },
            Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner)) => {
                Some(inner.as_ref())
            }
            Some(DataFusionError::Collection(errors)) => errors.first().map(|error| error as _),
            _ => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: DataFusionError, expected: &str) {
        let report = Error::from(error).report();
        let told = format!("{report:?}");
        assert!(!told.contains("s3cret"), "{told}");
        assert_eq!(format!("{} {}", report.sqlstate, report.message), expected);
    }

    #[test]
    fn what_the_query_engine_says_is_told_in_our_words() {
        let text = || "Filter: t.b = Utf8(\"s3cret\")".to_owned();
        let unsupported = "0A000 this kind of query is not supported";
        let failed = "XX000 the query could not be computed";
        check(DataFusionError::Plan(text()), unsupported);
        check(DataFusionError::NotImplemented(text()), unsupported);
        check(DataFusionError::Execution(text()), failed);
        check(DataFusionError::Internal(text()), failed);
        check(DataFusionError::External(text().into()), failed);
        check(DataFusionError::ResourcesExhausted(text()), "53200 out of memory");
        let inner = DataFusionError::ResourcesExhausted(text());
        check(DataFusionError::Shared(std::sync::Arc::new(inner)), "53200 out of memory");
        let ours = DataFusionError::from(Error::division_by_zero());
        check(DataFusionError::Context(text(), Box::new(ours)), "22012 division by zero");
        let arrow = ArrowError::ComputeError(text());
        check(DataFusionError::ArrowError(Box::new(arrow), None), failed);
    }
}
