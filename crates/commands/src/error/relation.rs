use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong about a foreign table or view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// A column that is not there.
    #[error("column \"{column}\" of relation \"{relation}\" does not exist")]
    NoColumn {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// A column that is not there, where it is clear of what.
    #[error("column \"{0}\" does not exist")]
    NoSuchColumn(String),
    /// A column that is there.
    #[error("column \"{column}\" of relation \"{relation}\" already exists")]
    ColumnExists {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// Twice in one statement.
    #[error("column \"{0}\" specified more than once")]
    ColumnTwice(String),
    /// Twice in a list of ANALYZE.
    #[error("column \"{column}\" of relation \"{relation}\" appears more than once")]
    ColumnAnalyzedTwice {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// The system's own.
    #[error("column name \"{0}\" conflicts with a system column name")]
    SystemColumnName(String),
    /// The system's own, which does not change.
    #[error("cannot {action} system column \"{column}\"")]
    SystemColumn {
        /// `alter`, `rename` or `drop`.
        action: &'static str,
        /// The column.
        column: String,
    },
    /// A temporary relation where others are.
    #[error("cannot create temporary relation in non-temporary schema")]
    TemporaryElsewhere,
    /// A relation where another session's temporary ones are.
    #[error("cannot create relations in temporary schemas of other sessions")]
    TemporaryOfOthers,
    /// SET SCHEMA from or to where temporary relations are.
    #[error("cannot move objects into or out of temporary schemas")]
    MoveTemporary,
    /// A constraint that is there.
    #[error("constraint \"{constraint}\" for relation \"{relation}\" already exists")]
    ConstraintExists {
        /// The constraint.
        constraint: String,
        /// Its relation.
        relation: String,
    },
    /// Two checks of one name in one statement.
    #[error("check constraint \"{0}\" already exists")]
    CheckTwice(String),
    /// A constraint that is not there.
    #[error("constraint \"{constraint}\" of relation \"{relation}\" does not exist")]
    NoConstraint {
        /// The constraint.
        constraint: String,
        /// Its relation.
        relation: String,
    },
    /// The same where a comment is on it.
    #[error("constraint \"{constraint}\" for table \"{relation}\" does not exist")]
    NoConstraintOfTable {
        /// The constraint.
        constraint: String,
        /// Its relation.
        relation: String,
    },
    /// A constraint that remote data cannot have.
    #[error("{0} constraints are not supported on foreign tables")]
    ConstraintKind(&'static str),
    /// A constraint that is checked at once or never.
    #[error("{0} constraints cannot be marked DEFERRABLE")]
    Deferrable(&'static str),
    /// A relation among the system's own.
    #[error("permission denied to create \"pg_catalog.{name}\"")]
    SystemCatalog {
        /// What it was to be called.
        name: String,
    },
    /// DEFERRABLE behind nothing that could be.
    #[error("misplaced DEFERRABLE clause")]
    MisplacedDeferrable,
    /// NULL and NOT NULL.
    #[error(
        "conflicting NULL/NOT NULL declarations for column \"{column}\" of table \"{relation}\""
    )]
    ConflictingNull {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// Two defaults, or two generation expressions.
    #[error("multiple {what} specified for column \"{column}\" of table \"{relation}\"")]
    MultipleDefaults {
        /// `default values` or `generation clauses`.
        what: &'static str,
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// A default and a generation expression.
    #[error(
        "both default and generation expression specified for column \"{column}\" of table \
         \"{relation}\""
    )]
    DefaultAndGenerated {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// SET DEFAULT or DROP DEFAULT of a generated column.
    #[error("column \"{column}\" of relation \"{relation}\" is a generated column")]
    IsGenerated {
        /// What to do with its expression instead: `SET` or `DROP`.
        instead: Option<&'static str>,
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// A column of many values.
    #[error("column \"{0}\" cannot be declared SETOF")]
    SetOf(String),
    /// A column of a type that no value has.
    #[error("column \"{column}\" has pseudo-type {type_name}")]
    PseudoType {
        /// The column.
        column: String,
        /// As `format_type` prints it.
        type_name: String,
    },
    /// COLLATE of what is no text.
    #[error("collations are not supported by type {0}")]
    NotCollatable(String),
    /// CREATE INDEX.
    #[error("cannot create index on relation \"{relation}\"")]
    CannotIndex {
        /// Its name.
        relation: String,
        /// What it is, in the plural.
        kinds: &'static str,
    },
    /// CREATE RULE.
    #[error("relation \"{0}\" cannot have rules")]
    NoRules(String),
    /// LOCK TABLE.
    #[error("cannot lock relation \"{0}\"")]
    CannotLock(String),
    /// COPY … TO.
    #[error("cannot copy from {noun} \"{name}\"")]
    CannotCopyFrom {
        /// `foreign table` or `view`.
        noun: &'static str,
        /// Its name.
        name: String,
    },
    /// COPY … FROM.
    #[error("cannot copy to view \"{0}\"")]
    CannotCopyToView(String),
    /// An action that only other kinds of relation take.
    #[error("ALTER action {action} cannot be performed on relation \"{relation}\"")]
    Action {
        /// Its words.
        action: &'static str,
        /// The relation.
        relation: String,
        /// What it is, in the plural.
        kinds: &'static str,
    },
    /// ALTER TYPE … USING of what is elsewhere.
    #[error("\"{0}\" is not a table")]
    NotATable(String),
    /// A column that is none of an index, by number.
    #[error("cannot refer to non-index column by number")]
    ColumnByNumber,
    /// What the expression of a virtual generated column does not take.
    #[error("ALTER TABLE / {action} is not supported for virtual generated columns{tables}")]
    OfVirtual {
        /// `SET EXPRESSION` or `DROP EXPRESSION`.
        action: &'static str,
        /// Of which tables, if not of any.
        tables: &'static str,
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// SET STATISTICS of a virtual generated column.
    #[error("cannot alter statistics on virtual generated column \"{0}\"")]
    StatisticsOfVirtual(String),
    /// DROP EXPRESSION, SET EXPRESSION of what has none.
    #[error("column \"{column}\" of relation \"{relation}\" is not a generated column")]
    NotGenerated {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// SET GENERATED, or DROP IDENTITY, of what has none.
    #[error("column \"{column}\" of relation \"{relation}\" is not an identity column")]
    NoIdentity {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// ADD GENERATED of what may be null.
    #[error(
        "column \"{column}\" of relation \"{relation}\" must be declared NOT NULL before identity can be added"
    )]
    IdentityOfNullable {
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// `n_distinct` below what it can be.
    #[error("value {value} out of bounds for option \"{option}\"")]
    NDistinct {
        /// Which of the two.
        option: String,
        /// As written.
        value: String,
    },
    /// A trigger that is not there: there are none.
    #[error("trigger \"{trigger}\" for table \"{relation}\" does not exist")]
    NoTrigger {
        /// The trigger.
        trigger: String,
        /// The relation.
        relation: String,
    },
    /// A constraint that is not there, to be renamed.
    #[error("constraint \"{constraint}\" for table \"{relation}\" does not exist")]
    NoConstraintToRename {
        /// The constraint.
        constraint: String,
        /// Its relation.
        relation: String,
    },
    /// A column has one NOT NULL constraint, of one name.
    #[error(
        "cannot create not-null constraint \"{new}\" on column \"{column}\" of table \"{relation}\""
    )]
    NotNullExists {
        /// The name it was to have.
        new: String,
        /// The name it has.
        existing: String,
        /// The column.
        column: String,
        /// Its relation.
        relation: String,
    },
    /// Two names for one NOT NULL.
    #[error("conflicting not-null constraint names \"{first}\" and \"{second}\"")]
    NotNullNames {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// VALIDATE of what is not enforced.
    #[error("cannot validate NOT ENFORCED constraint")]
    ValidateNotEnforced,
    /// ALTER TYPE of a column whose default does not follow.
    #[error("default for column \"{column}\" cannot be cast automatically to type {to}")]
    DefaultType {
        /// The column.
        column: String,
        /// Its new type.
        to: String,
    },
    /// The same of the expression of a generated column.
    #[error(
        "generation expression for column \"{column}\" cannot be cast automatically to type {to}"
    )]
    GenerationType {
        /// The column.
        column: String,
        /// Its new type.
        to: String,
    },
    /// The type of a column that a generated one is computed from.
    #[error("cannot alter type of a column used by a generated column")]
    TypeOfGeneratedFrom {
        /// The generated column.
        generated: String,
        /// What it needs.
        column: String,
    },
    /// A statistics target below -1.
    #[error("statistics target {0} is too low")]
    StatisticsTarget(i32),
    /// `n_distinct` that is no number.
    #[error("invalid value for floating point option \"{option}\": {value}")]
    NotAFloatingPoint {
        /// The option.
        option: String,
        /// What was given.
        value: String,
    },
    /// STORAGE that is none.
    #[error("invalid storage type \"{0}\"")]
    Storage(String),
    /// STORAGE that the type cannot have.
    #[error("column data type {0} can only have storage PLAIN")]
    OnlyPlain(String),
}

impl Diagnostic for RelationError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::NoColumn { .. } | Self::NoSuchColumn(_) => SqlState::UNDEFINED_COLUMN,
            Self::ColumnExists { .. }
            | Self::ColumnTwice(_)
            | Self::ColumnAnalyzedTwice { .. }
            | Self::SystemColumnName(_) => SqlState::DUPLICATE_COLUMN,
            Self::ConstraintExists { .. } | Self::CheckTwice(_) => SqlState::DUPLICATE_OBJECT,
            Self::NoConstraint { .. }
            | Self::NoConstraintOfTable { .. }
            | Self::NoConstraintToRename { .. }
            | Self::NoTrigger { .. } => SqlState::UNDEFINED_OBJECT,
            Self::SystemColumn { .. }
            | Self::ConstraintKind(_)
            | Self::Deferrable(_)
            | Self::TypeOfGeneratedFrom { .. }
            | Self::OfVirtual { .. }
            | Self::StatisticsOfVirtual(_)
            | Self::ColumnByNumber
            | Self::MoveTemporary
            | Self::OnlyPlain(_) => SqlState::FEATURE_NOT_SUPPORTED,
            Self::MisplacedDeferrable
            | Self::ConflictingNull { .. }
            | Self::MultipleDefaults { .. }
            | Self::DefaultAndGenerated { .. }
            | Self::IsGenerated { .. } => SqlState::SYNTAX_ERROR,
            Self::SystemCatalog { .. } => SqlState::INSUFFICIENT_PRIVILEGE,
            Self::SetOf(_)
            | Self::PseudoType { .. }
            | Self::TemporaryElsewhere
            | Self::TemporaryOfOthers => SqlState::INVALID_TABLE_DEFINITION,
            Self::NotCollatable(_) | Self::DefaultType { .. } | Self::GenerationType { .. } => {
                SqlState::DATATYPE_MISMATCH
            }
            Self::Storage(_)
            | Self::StatisticsTarget(_)
            | Self::NotAFloatingPoint { .. }
            | Self::NDistinct { .. } => SqlState::INVALID_PARAMETER_VALUE,
            Self::NotNullExists { .. }
            | Self::ValidateNotEnforced
            | Self::NotGenerated { .. }
            | Self::NoIdentity { .. }
            | Self::IdentityOfNullable { .. } => SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            // As PostgreSQL has it.
            Self::NotNullNames { .. } => SqlState::INTERNAL_ERROR,
            Self::CannotLock(_)
            | Self::CannotIndex { .. }
            | Self::NoRules(_)
            | Self::CannotCopyFrom { .. }
            | Self::CannotCopyToView(_)
            | Self::Action { .. }
            | Self::NotATable(_) => SqlState::WRONG_OBJECT_TYPE,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::NDistinct { .. } => {
                let most = f64::MAX;
                Some(format!("Valid values are between \"-1.000000\" and \"{most:.6}\"."))
            }
            Self::NotNullExists { existing, .. } => Some(format!(
                "A not-null constraint named \"{existing}\" already exists for this column."
            )),
            Self::OfVirtual { column, relation, .. } => Some(format!(
                "Column \"{column}\" of relation \"{relation}\" is a virtual generated column."
            )),
            Self::TypeOfGeneratedFrom { generated, column } => {
                Some(format!("Column \"{column}\" is used by generated column \"{generated}\"."))
            }
            Self::SystemCatalog { .. } => {
                Some("System catalog modifications are currently disallowed.".into())
            }
            Self::CannotLock(_) | Self::NoRules(_) => {
                Some("This operation is not supported for foreign tables.".into())
            }
            Self::Action { kinds, .. } | Self::CannotIndex { kinds, .. } => {
                Some(format!("This operation is not supported for {kinds}."))
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::CannotCopyFrom { .. } => Some("Try the COPY (SELECT ...) TO variant.".into()),
            Self::CannotCopyToView(_) => {
                Some("To enable copying to a view, provide an INSTEAD OF INSERT trigger.".into())
            }
            Self::IsGenerated { instead: Some(action), .. } => {
                Some(format!("Use ALTER TABLE ... ALTER COLUMN ... {action} EXPRESSION instead."))
            }
            _ => None,
        }
    }
}
