use super::{
    DropBehavior, Expression, Name, ObjectKind, OptionItem, QualifiedName, RelationOption,
    RoleSpec, TypeName,
};

/// `CREATE FOREIGN TABLE`.
#[derive(Debug)]
pub struct CreateForeignTable {
    /// An existing relation is a notice.
    pub if_not_exists: bool,
    /// The table.
    pub name: QualifiedName,
    /// Columns of its own, or a parent's.
    pub body: TableBody,
    /// Its server.
    pub server: Name,
    /// In the form of CREATE.
    pub options: Vec<OptionItem>,
}

/// Where a table's columns come from.
#[derive(Debug)]
pub enum TableBody {
    /// `( ... ) [INHERITS ( ... )]`.
    Columns {
        /// In their order.
        elements: Vec<TableElement>,
        /// INHERITS.
        inherits: Vec<QualifiedName>,
    },
    /// `PARTITION OF parent [( ... )] bound`.
    PartitionOf {
        /// The partitioned table.
        parent: QualifiedName,
        /// Its columns have no type and no options.
        elements: Vec<TableElement>,
        /// FOR VALUES ... or DEFAULT, as written.
        bound: String,
    },
}

/// What stands between a table's parentheses.
#[derive(Debug)]
pub enum TableElement {
    /// A column.
    Column(Box<ColumnDefinition>),
    /// A constraint of the table.
    Constraint(Constraint),
    /// `LIKE source`.
    Like(LikeClause),
}

/// `LIKE source { INCLUDING | EXCLUDING } what ...`.
#[derive(Debug)]
pub struct LikeClause {
    /// The table whose columns are copied.
    pub source: QualifiedName,
    /// Included (true) or excluded: `("DEFAULTS", true)`.
    pub features: Vec<(&'static str, bool)>,
}

/// A column.
#[derive(Debug)]
pub struct ColumnDefinition {
    /// The column.
    pub name: Name,
    /// Of its first character: characters from 1.
    pub position: usize,
    /// `None` in the partition form only.
    pub data_type: Option<TypeName>,
    /// STORAGE, as written.
    pub storage: Option<Name>,
    /// COMPRESSION, as written.
    pub compression: Option<Name>,
    /// In the form of CREATE.
    pub options: Vec<OptionItem>,
    /// COLLATE.
    pub collation: Option<QualifiedName>,
    /// In their order.
    pub constraints: Vec<Constraint>,
}

/// A constraint of a column or of a table.
#[derive(Debug)]
pub struct Constraint {
    /// CONSTRAINT name.
    pub name: Option<Name>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// DEFERRABLE (true), NOT DEFERRABLE.
    pub deferrable: Option<bool>,
    /// Where it was made DEFERRABLE.
    pub deferrable_position: Option<usize>,
    /// INITIALLY DEFERRED (true), INITIALLY IMMEDIATE.
    pub initially_deferred: Option<bool>,
    /// NOT VALID.
    pub not_valid: bool,
    /// NO INHERIT.
    pub no_inherit: bool,
    /// ENFORCED (true), NOT ENFORCED.
    pub enforced: Option<bool>,
    /// Of the constraint, its name included: characters from 1.
    pub position: usize,
}

/// What a constraint demands.
#[derive(Debug)]
pub enum ConstraintKind {
    /// NOT NULL; with the column when it is a table's constraint.
    NotNull(Option<Name>),
    /// NULL.
    Null,
    /// DEFAULT.
    Default(Expression),
    /// CHECK.
    Check(Expression),
    /// GENERATED ALWAYS AS (...).
    Generated {
        /// The column's value.
        expression: Expression,
        /// STORED; else VIRTUAL.
        stored: bool,
    },
    /// GENERATED ... AS IDENTITY.
    Identity {
        /// ALWAYS; else BY DEFAULT.
        always: bool,
    },
    /// PRIMARY KEY; with columns when it is a table's constraint.
    PrimaryKey(Vec<Name>),
    /// UNIQUE; with columns when it is a table's constraint.
    Unique(Vec<Name>),
    /// REFERENCES, FOREIGN KEY.
    ForeignKey(QualifiedName),
    /// EXCLUDE.
    Exclusion,
}

/// `ALTER FOREIGN TABLE`, `ALTER TABLE`, and the same actions of other relations.
#[derive(Debug)]
pub struct AlterTable {
    /// What it is said to be.
    pub kind: ObjectKind,
    /// A missing one is a notice.
    pub if_exists: bool,
    /// Not its children.
    pub only: bool,
    /// The relation.
    pub name: QualifiedName,
    /// In their order.
    pub actions: Vec<AlterTableAction>,
}

/// What happens to the identity of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityChange {
    /// ADD.
    Add,
    /// SET, RESTART.
    Set,
    /// DROP.
    Drop {
        /// A column without one is a notice.
        if_exists: bool,
    },
}

/// One action of [`AlterTable`].
#[derive(Debug)]
pub enum AlterTableAction {
    /// `OPTIONS (...)`.
    Options(Vec<OptionItem>),
    /// `ADD [COLUMN]`.
    AddColumn {
        /// An existing one is a notice.
        if_not_exists: bool,
        /// The column.
        column: Box<ColumnDefinition>,
    },
    /// `DROP [COLUMN]`.
    DropColumn {
        /// A missing one is a notice.
        if_exists: bool,
        /// The column.
        column: Name,
        /// What happens to dependents.
        behavior: DropBehavior,
    },
    /// `ALTER c OPTIONS (...)`.
    ColumnOptions {
        /// The column.
        column: Name,
        /// In the form of ALTER.
        options: Vec<OptionItem>,
    },
    /// `ALTER c [SET DATA] TYPE`.
    ColumnType {
        /// The column.
        column: Name,
        /// From now on.
        data_type: Box<TypeName>,
        /// COLLATE.
        collation: Option<QualifiedName>,
        /// USING.
        using: Option<Expression>,
    },
    /// `ALTER c SET DEFAULT`, or DROP DEFAULT.
    ColumnDefault {
        /// The column.
        column: Name,
        /// `None` drops it.
        default: Option<Expression>,
    },
    /// `ALTER c SET NOT NULL` (true) or DROP NOT NULL.
    ColumnNotNull {
        /// The column.
        column: Name,
        /// SET.
        not_null: bool,
    },
    /// `ALTER c SET STATISTICS n`; DEFAULT is `None`.
    ColumnStatistics {
        /// The column.
        column: Name,
        /// The target.
        target: Option<i32>,
    },
    /// `ALTER c SET (...)` and RESET (...).
    ColumnAttributes {
        /// The column.
        column: Name,
        /// RESET.
        reset: bool,
        /// `n_distinct` and so on.
        attributes: Vec<RelationOption>,
    },
    /// `ALTER c SET EXPRESSION AS (...)`.
    SetExpression {
        /// The column.
        column: Name,
        /// Its value from now on.
        expression: Expression,
    },
    /// `ALTER c DROP EXPRESSION [IF EXISTS]`.
    DropExpression {
        /// The column.
        column: Name,
        /// A column that is not generated is a notice.
        if_exists: bool,
    },
    /// What is said of the identity of a column: `ALTER c ADD GENERATED ... AS IDENTITY`,
    /// `ALTER c SET GENERATED ...`, `ALTER c DROP IDENTITY [IF EXISTS]`.
    Identity {
        /// The column.
        column: Name,
        /// Which of them.
        change: IdentityChange,
    },
    /// `ALTER n SET STATISTICS`: of a column by its number.
    StatisticsByNumber,
    /// `ALTER c SET STORAGE x`.
    ColumnStorage {
        /// The column.
        column: Name,
        /// As written.
        storage: Name,
    },
    /// `ADD [CONSTRAINT n] ...`.
    AddConstraint(Constraint),
    /// `VALIDATE CONSTRAINT`.
    ValidateConstraint(Name),
    /// `DROP CONSTRAINT`.
    DropConstraint {
        /// A missing one is a notice.
        if_exists: bool,
        /// The constraint.
        name: Name,
        /// What happens to dependents.
        behavior: DropBehavior,
    },
    /// `SET WITHOUT OIDS`, which does nothing.
    SetWithoutOids,
    /// `{ENABLE | DISABLE} TRIGGER`.
    Trigger {
        /// The action's words: `ENABLE ALWAYS TRIGGER`.
        action: &'static str,
        /// `None` for ALL and USER.
        name: Option<Name>,
    },
    /// `INHERIT parent` (true) or `NO INHERIT parent`.
    Inherit {
        /// INHERIT.
        inherit: bool,
        /// The parent.
        parent: QualifiedName,
    },
    /// `OWNER TO`.
    OwnerTo(RoleSpec),
    /// `SET (...)` and `RESET (...)` of the relation, a view's `security_invoker` say.
    RelationOptions {
        /// RESET.
        reset: bool,
        /// As written.
        options: Vec<RelationOption>,
    },
    /// An action that no foreign table has, in the words of PostgreSQL's message
    /// (`ALTER action SET TABLESPACE cannot be performed on relation "..."`).
    Other(&'static str),
}

/// `ALTER FOREIGN TABLE … REFRESH`, which PostgreSQL does not have.
#[derive(Debug)]
pub struct RefreshForeignTable {
    /// A missing one is a notice.
    pub if_exists: bool,
    /// The table.
    pub name: QualifiedName,
    /// What becomes of what depends on columns that go.
    pub behavior: DropBehavior,
}

/// `IMPORT FOREIGN SCHEMA`.
#[derive(Debug)]
pub struct ImportForeignSchema {
    /// Theirs.
    pub remote_schema: Name,
    /// Which of its tables.
    pub tables: ForeignSchemaTables,
    /// From where.
    pub server: Name,
    /// Ours.
    pub local_schema: Name,
    /// In the form of CREATE; later ones win here.
    pub options: Vec<OptionItem>,
}

/// Which tables are imported: bare names, a schema before them is ignored.
#[derive(Debug)]
pub enum ForeignSchemaTables {
    /// All.
    All,
    /// `LIMIT TO`.
    LimitTo(Vec<Name>),
    /// `EXCEPT`.
    Except(Vec<Name>),
}
