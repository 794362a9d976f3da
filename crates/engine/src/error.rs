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
    /// A name that means no type.
    #[error(transparent)]
    TypeName(#[from] medley_analyze::type_name::Error),
    /// What the road to a remote, or the remote, said.
    #[error(transparent)]
    Foreign(#[from] medley_foreign::Error),
    /// The statement was cancelled.
    #[error("canceling statement due to user request")]
    Cancelled,
    /// The statement wants more memory than there is for it.
    #[error("out of memory")]
    OutOfMemory(String),
    /// A plan that the query engine could not make or run; what it says about it.
    #[error("this kind of query is not supported")]
    Unplannable(String),
    /// The query engine says that it is broken.
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

    /// The same error, with a place in the text unless it has one.
    pub fn or_at(self, position: Option<usize>) -> Self {
        let mut report = self.report();
        if report.position.is_some() || position.is_none() {
            return self;
        }
        report.position = position;
        report.into()
    }

    fn code(&self) -> SqlState {
        match self {
            Self::Refused(report) => report.sqlstate,
            Self::Value(error) => error.sqlstate(),
            Self::TypeName(error) => error.sqlstate(),
            Self::Foreign(error) => error.sqlstate(),
            Self::Cancelled => SqlState::QUERY_CANCELED,
            Self::OutOfMemory(_) => SqlState::OUT_OF_MEMORY,
            Self::Unplannable(_) => SqlState::FEATURE_NOT_SUPPORTED,
            Self::Internal(_) => SqlState::INTERNAL_ERROR,
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
            Self::TypeName(error) => error.report(),
            Self::Foreign(error) => error.report(),
            Self::OutOfMemory(detail) | Self::Unplannable(detail) => {
                Report::error(self.code(), self.to_string()).with_detail(detail)
            }
            Self::Cancelled | Self::Internal(_) => Report::error(self.code(), self.to_string()),
        }
    }
}

/// Ours travel through the query engine as its external errors.
impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

/// Users' mistakes are found before the query engine sees a plan, so that what it says itself is
/// of few kinds; every kind is named here.
impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        use DataFusionError as E;
        if let Some(ours) = ours_within(&error) {
            return ours.report().into();
        }
        match error {
            E::Context(_, inner) | E::Diagnostic(_, inner) => (*inner).into(),
            E::Shared(inner) => of_shared(&inner),
            E::Collection(mut errors) => match errors.is_empty() {
                true => Self::Internal("an empty collection of errors".to_owned()),
                false => errors.remove(0).into(),
            },
            E::ArrowError(inner, _) => of_arrow(*inner),
            E::NotImplemented(what) => Self::Unplannable(first_line(&what)),
            E::ResourcesExhausted(what) => Self::OutOfMemory(first_line(&what)),
            E::Plan(what) | E::Execution(what) => Self::Unplannable(first_line(&what)),
            E::ExecutionJoin(what) => Self::Internal(what.to_string()),
            E::SQL(what, _) => Self::Internal(what.to_string()),
            E::SchemaError(what, _) => Self::Internal(what.to_string()),
            E::IoError(what) => {
                Self::at(SqlState::IO_ERROR, format!("could not spill to disk: {what}"), None)
            }
            E::Internal(what) | E::Configuration(what) | E::Substrait(what) | E::Ffi(what) => {
                Self::Internal(first_line(&what))
            }
            E::External(what) => Self::Internal(what.to_string()),
            #[allow(unreachable_patterns, reason = "kinds that some features of it add")]
            other => Self::Internal(other.to_string()),
        }
    }
}

fn of_shared(error: &DataFusionError) -> Error {
    match error {
        DataFusionError::ResourcesExhausted(what) => Error::OutOfMemory(first_line(what)),
        DataFusionError::NotImplemented(what) => Error::Unplannable(first_line(what)),
        other => Error::Internal(first_line(&other.to_string())),
    }
}

fn of_arrow(error: ArrowError) -> Error {
    match error {
        ArrowError::DivideByZero => Error::division_by_zero(),
        ArrowError::ArithmeticOverflow(_) => Error::numeric_overflow("value out of range"),
        ArrowError::ComputeError(what) | ArrowError::NotYetImplemented(what) => {
            Error::Unplannable(first_line(&what))
        }
        other => Error::Internal(first_line(&other.to_string())),
    }
}

/// What DataFusion says goes on over several lines where it asks for bug reports, and may print
/// whole plans.
fn first_line(text: &str) -> String {
    const ENOUGH: usize = 120;
    text.lines().next().unwrap_or_default().chars().take(ENOUGH).collect()
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
