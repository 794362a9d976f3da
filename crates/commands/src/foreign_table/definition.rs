//! What a table's columns and constraints come to.
use medley_catalog::objects::{Check, Column, ColumnDefault, DefaultKind, NotNull};
use medley_diagnostic::SqlState;
use medley_sql::{
    ColumnDefinition, Constraint, ConstraintKind, Expression, Name, OptionItem, TableElement,
};

use medley_analyze::ExpressionKind;
use medley_catalog::ids::RelationOid;

use super::expression::{self, Place};
use super::{column_type, like};
use crate::Context;
use crate::error::{Error, RelationError, Result};

/// PostgreSQL's system columns with their numbers; no other column may be called so.
pub(crate) const SYSTEM_COLUMNS: [(i16, &str); 6] =
    [(-6, "tableoid"), (-5, "cmax"), (-4, "xmax"), (-3, "cmin"), (-2, "xmin"), (-1, "ctid")];
/// The most bytes of a name.
const NAME_BYTES: usize = 63;

/// A relation's columns and checks while a statement makes or changes them.
pub(super) struct Definition<'a> {
    oid: RelationOid,
    relation: &'a str,
    pub(super) columns: Vec<Column>,
    pub(super) checks: Vec<Check>,
    /// Columns that are generated, though their expressions are not known yet.
    generated: Vec<i16>,
    /// How many checks there were before.
    old_checks: usize,
    /// Columns that got their NOT NULL from this statement.
    new_not_nulls: Vec<i16>,
    /// Those of them for which it has no name.
    unnamed_not_nulls: Vec<i16>,
    /// OPTIONS of new columns, by number: they are settled last.
    pub(super) options: Vec<(i16, Vec<OptionItem>)>,
    /// What was said of precisions that are too great, and is said again of the whole.
    reduced: Vec<String>,
    /// Comments that LIKE brought, by number.
    pub(super) comments: Vec<(i16, String)>,
    /// Of new columns by number: CHECK constraints and expressions wait until all columns are
    /// known.
    waiting: Vec<(Option<i16>, Constraint)>,
}

/// Whether a name is a system column's.
pub(crate) fn is_system_column(name: &str) -> bool {
    SYSTEM_COLUMNS.iter().any(|(_, system)| *system == name)
}

impl<'a> Definition<'a> {
    /// Of a relation that has these already.
    pub(super) fn of(
        oid: RelationOid,
        relation: &'a str,
        columns: Vec<Column>,
        checks: Vec<Check>,
    ) -> Self {
        let (options, comments, waiting) = (Vec::new(), Vec::new(), Vec::new());
        let old_checks = checks.len();
        let (new_not_nulls, unnamed_not_nulls) = (Vec::new(), Vec::new());
        Self {
            oid,
            relation,
            columns,
            checks,
            generated: Vec::new(),
            old_checks,
            new_not_nulls,
            unnamed_not_nulls,
            options,
            reduced: Vec::new(),
            comments,
            waiting,
        }
    }

    /// Adds the elements of CREATE FOREIGN TABLE; constraints wait for
    /// [`Definition::add_waiting`].
    pub(super) fn add_elements(
        &mut self,
        ctx: &mut Context<'_>,
        elements: Vec<TableElement>,
    ) -> Result<()> {
        for element in elements {
            match element {
                TableElement::Column(column) => self.add_column(ctx, *column)?,
                TableElement::Constraint(constraint) => {
                    check_kind(&constraint, false)?;
                    self.waiting.push((None, constraint));
                }
                TableElement::Like(clause) => like::add(ctx, self, &clause)?,
            }
        }
        self.repeat_reduced(ctx);
        self.check_names()
    }

    /// Says once more, as PostgreSQL does, which precisions are less than was asked.
    pub(super) fn repeat_reduced(&mut self, ctx: &mut Context<'_>) {
        for reduced in std::mem::take(&mut self.reduced) {
            ctx.warning(SqlState::INVALID_PARAMETER_VALUE, reduced);
        }
    }

    /// Adds one column; its constraints wait for [`Definition::add_waiting`].
    pub(super) fn add_column(
        &mut self,
        ctx: &mut Context<'_>,
        definition: ColumnDefinition,
    ) -> Result<()> {
        let number = self.columns.last().map_or(1, |column| column.number + 1);
        for constraint in &definition.constraints {
            check_kind(constraint, true)?;
        }
        self.check_nulls(&definition)?;
        let data_type = definition.data_type.as_ref();
        let data_type = data_type.ok_or_else(|| Error::unsupported("a column without a type"))?;
        let collation = definition.collation.as_ref();
        let pg_type = column_type::resolve(ctx, &definition.name, data_type, collation)?;
        self.reduced.extend(column_type::warn_of_precision(ctx, data_type));
        if definition.compression.is_some() {
            return Err(Error::unsupported("COMPRESSION"));
        }
        let mut column = Column::new(definition.name, number, pg_type);
        if let Some(storage) = &definition.storage {
            column.storage = storage_letter(storage, pg_type)?;
        }
        self.columns.push(column);
        let constraints = definition.constraints.into_iter();
        self.waiting.extend(constraints.map(|constraint| (Some(number), constraint)));
        if !definition.options.is_empty() {
            self.options.push((number, definition.options));
        }
        Ok(())
    }

    /// Adds a constraint of the whole table.
    pub(super) fn add_constraint(
        &mut self,
        ctx: &mut Context<'_>,
        constraint: Constraint,
    ) -> Result<()> {
        check_kind(&constraint, false)?;
        self.waiting.push((None, constraint));
        self.add_waiting(ctx)
    }

    fn check_names(&self) -> Result<()> {
        for (index, column) in self.columns.iter().enumerate() {
            let name = &column.name;
            if self.columns[..index].iter().any(|other| other.name == *name) {
                return Err(RelationError::ColumnTwice(name.clone()).into());
            }
        }
        match self.columns.iter().find(|column| is_system_column(&column.name)) {
            Some(column) => Err(RelationError::SystemColumnName(column.name.clone()).into()),
            None => Ok(()),
        }
    }

    /// Works off what had to wait until all columns were known: first the columns' own
    /// expressions, then what is about the table.
    pub(super) fn add_waiting(&mut self, ctx: &mut Context<'_>) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|(_, constraint)| !is_expression(constraint));
        let generated = waiting.iter().filter(|(_, constraint)| is_generation(constraint));
        self.generated = generated.filter_map(|(number, _)| *number).collect();
        for (column, constraint) in waiting {
            self.apply(ctx, column, constraint)?;
        }
        Ok(())
    }

    fn apply(
        &mut self,
        ctx: &mut Context<'_>,
        column: Option<i16>,
        constraint: Constraint,
    ) -> Result<()> {
        let position = constraint.position;
        match (&constraint.kind, column) {
            (ConstraintKind::NotNull(None), Some(number)) => {
                self.not_null(ctx, number, &constraint)
            }
            (ConstraintKind::NotNull(Some(name)), _) => {
                let number = self.number_of(name)?;
                self.not_null(ctx, number, &constraint)
            }
            // `check_nulls` has seen it.
            (ConstraintKind::Null, Some(_)) => Ok(()),
            (ConstraintKind::Default(expression), Some(number)) => {
                let kind = DefaultKind::Default;
                self.new_default(ctx, number, expression, kind, position)
            }
            (ConstraintKind::Generated { expression, stored }, Some(number)) => {
                let kind = if *stored { DefaultKind::Stored } else { DefaultKind::Virtual };
                self.new_default(ctx, number, expression, kind, position)
            }
            (ConstraintKind::Check(expression), _) => self.check(ctx, expression, &constraint),
            // `check_kind` lets nothing else through.
            _ => Err(Error::unsupported("this constraint").at(position)),
        }
    }

    /// The number of this column.
    pub(super) fn number_of(&self, name: &str) -> Result<i16> {
        let found = self.columns.iter().find(|column| !column.dropped && column.name == name);
        let missing = || RelationError::NoColumn {
            column: name.to_owned(),
            relation: self.relation.to_owned(),
        };
        Ok(found.ok_or_else(missing)?.number)
    }

    /// The column of this number.
    pub(super) fn column_mut(&mut self, number: i16) -> &mut Column {
        let found = self.columns.iter_mut().find(|column| column.number == number);
        found.expect("numbers come from this very list")
    }

    /// A column is not declared NULL and NOT NULL.
    fn check_nulls(&self, definition: &ColumnDefinition) -> Result<()> {
        let is_null = |constraint: &Constraint| match constraint.kind {
            ConstraintKind::Null => Some(true),
            ConstraintKind::NotNull(_) => Some(false),
            _ => None,
        };
        let mut said = definition.constraints.iter().filter_map(|it| Some((it, is_null(it)?)));
        let Some((_, first)) = said.next() else { return Ok(()) };
        match said.find(|(_, other)| *other != first) {
            None => Ok(()),
            Some((constraint, _)) => {
                let (column, relation) = (definition.name.clone(), self.relation.to_owned());
                let conflict = Error::from(RelationError::ConflictingNull { column, relation });
                Err(conflict.at(constraint.position))
            }
        }
    }

    /// A column has one NOT NULL; of several words about it the one with a name counts.
    fn not_null(
        &mut self,
        ctx: &mut Context<'_>,
        number: i16,
        constraint: &Constraint,
    ) -> Result<()> {
        match self.column_mut(number).not_null.clone() {
            Some(existing) => self.same_not_null(number, existing, constraint),
            None => self.new_not_null(ctx, number, constraint),
        }
    }

    fn new_not_null(
        &mut self,
        ctx: &mut Context<'_>,
        number: i16,
        constraint: &Constraint,
    ) -> Result<()> {
        let name = match &constraint.name {
            Some(name) => {
                self.check_constraint_name(name)?;
                name.clone()
            }
            None => {
                self.unnamed_not_nulls.push(number);
                let column = self.column_mut(number).name.clone();
                self.free_name(&[self.relation, &column], "not_null")
            }
        };
        let oid = ctx.allocate_oid()?;
        let (no_inherit, validated) = (constraint.no_inherit, !constraint.not_valid);
        self.column_mut(number).not_null = Some(NotNull { oid, name, no_inherit, validated });
        self.new_not_nulls.push(number);
        Ok(())
    }

    fn same_not_null(
        &mut self,
        number: i16,
        existing: NotNull,
        constraint: &Constraint,
    ) -> Result<()> {
        let Some(name) = constraint.name.clone().filter(|name| *name != existing.name) else {
            return Ok(());
        };
        if self.unnamed_not_nulls.contains(&number) {
            self.check_constraint_name(&name)?;
            self.unnamed_not_nulls.retain(|unnamed| *unnamed != number);
            self.column_mut(number).not_null = Some(NotNull { name, ..existing });
            return Ok(());
        }
        if self.new_not_nulls.contains(&number) {
            let (first, second) = (existing.name, name);
            return Err(RelationError::NotNullNames { first, second }.into());
        }
        let column = self.column_mut(number).name.clone();
        let (existing, relation) = (existing.name, self.relation.to_owned());
        Err(RelationError::NotNullExists { new: name, existing, column, relation }.into())
    }

    fn new_default(
        &mut self,
        ctx: &mut Context<'_>,
        number: i16,
        expression: &Expression,
        kind: DefaultKind,
        position: usize,
    ) -> Result<()> {
        let generated = kind != DefaultKind::Default;
        self.check_one_default(number, generated).map_err(|error| error.at(position))?;
        self.column_mut(number).default = self.default_of(ctx, expression, kind, number)?;
        Ok(())
    }

    /// A DEFAULT, or a generated column's expression. A default of NULL is none.
    pub(super) fn default_of(
        &self,
        ctx: &mut Context<'_>,
        expression: &Expression,
        kind: DefaultKind,
        number: i16,
    ) -> Result<Option<ColumnDefault>> {
        let column = self.columns.iter().find(|column| column.number == number);
        let target = column.map(|column| (column.name.as_str(), column.pg_type));
        let place = Place { generated: &self.generated, ..self.place() };
        let kept = expression::keep(ctx, expression, expression_kind(kind), place, target)?;
        if kept.is_null && kind == DefaultKind::Default {
            return Ok(None);
        }
        Ok(Some(ColumnDefault { oid: ctx.allocate_oid()?, expression: kept.text, kind }))
    }

    fn place(&self) -> Place<'_> {
        Place { oid: self.oid, name: self.relation, columns: &self.columns, generated: &[] }
    }

    /// Of all that a column's definition says, one may be a default or generation expression.
    fn check_one_default(&mut self, number: i16, generated: bool) -> Result<()> {
        let relation = self.relation.to_owned();
        let column = self.column_mut(number);
        let name = column.name.clone();
        match &column.default {
            None => Ok(()),
            Some(other) if other.is_generated() != generated => {
                Err(RelationError::DefaultAndGenerated { column: name, relation }.into())
            }
            Some(other) => {
                let what =
                    if other.is_generated() { "generation clauses" } else { "default values" };
                Err(RelationError::MultipleDefaults { what, column: name, relation }.into())
            }
        }
    }

    fn check(
        &mut self,
        ctx: &mut Context<'_>,
        expression: &Expression,
        constraint: &Constraint,
    ) -> Result<()> {
        let kind = ExpressionKind::Check;
        let kept = expression::keep(ctx, expression, kind, self.place(), None)?;
        let name = match &constraint.name {
            Some(name) => {
                self.check_name_of_check(name)?;
                name.clone()
            }
            None => self.name_of_check(&kept.columns),
        };
        let enforced = constraint.enforced.unwrap_or(true);
        self.checks.push(Check {
            oid: ctx.allocate_oid()?,
            name,
            expression: kept.text,
            columns: kept.columns,
            no_inherit: constraint.no_inherit,
            validated: enforced && !constraint.not_valid,
            enforced,
        });
        Ok(())
    }

    /// Named after its column, if it is about one.
    fn name_of_check(&self, columns: &[i16]) -> String {
        let column = match columns {
            [number] => self.columns.iter().find(|column| column.number == *number),
            _ => None,
        };
        match column {
            Some(column) => self.free_name(&[self.relation, &column.name], "check"),
            None => self.free_name(&[self.relation], "check"),
        }
    }

    fn check_name_of_check(&self, name: &str) -> Result<()> {
        match self.checks[self.old_checks..].iter().any(|check| check.name == name) {
            false => self.check_constraint_name(name),
            true => Err(RelationError::CheckTwice(name.to_owned()).into()),
        }
    }

    fn check_constraint_name(&self, name: &str) -> Result<()> {
        match self.constraint_names().any(|other| other == name) {
            false => Ok(()),
            true => Err(RelationError::ConstraintExists {
                constraint: name.to_owned(),
                relation: self.relation.to_owned(),
            }
            .into()),
        }
    }

    fn constraint_names(&self) -> impl Iterator<Item = &str> {
        let not_null = self.columns.iter().filter_map(|column| column.not_null.as_ref());
        let checks = self.checks.iter().map(|check| check.name.as_str());
        checks.chain(not_null.map(|constraint| constraint.name.as_str()))
    }

    /// `table_column_check`, cut to fit, with a number if it is taken.
    fn free_name(&self, parts: &[&str], label: &str) -> String {
        let numbered = |number: usize| match number {
            0 => fitted(parts, label),
            number => fitted(parts, &format!("{label}{number}")),
        };
        let free = |name: &String| !self.constraint_names().any(|other| other == name);
        (0..).map(numbered).find(free).expect("there are more numbers than constraints")
    }
}

/// Joins parts and label with `_`, the longest part cut until it all fits into a name.
fn fitted(parts: &[&str], label: &str) -> String {
    let mut parts: Vec<Name> = parts.iter().map(|part| (*part).to_owned()).collect();
    loop {
        let length = parts.iter().map(|part| part.len() + 1).sum::<usize>() + label.len();
        if length <= NAME_BYTES {
            return format!("{}_{label}", parts.join("_"));
        }
        let longest = parts.iter_mut().rev().max_by_key(|part| part.len());
        longest.expect("a constraint's name has at least the table's in it").pop();
    }
}

/// How the expression is to be understood.
pub(super) fn expression_kind(kind: DefaultKind) -> ExpressionKind {
    match kind {
        DefaultKind::Default => ExpressionKind::Default,
        DefaultKind::Stored | DefaultKind::Virtual => ExpressionKind::Generation,
    }
}

/// Whether it is a column's default or generation expression.
fn is_expression(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Default(_) | ConstraintKind::Generated { .. })
}

fn is_generation(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Generated { .. })
}

/// Refuses what no foreign table has.
fn check_kind(constraint: &Constraint, of_column: bool) -> Result<()> {
    let refused = |kind| Err(Error::from(RelationError::ConstraintKind(kind)));
    let deferrable = constraint.deferrable.is_some() || constraint.initially_deferred.is_some();
    let deferrable = deferrable && constraint.deferrable != Some(false);
    let outcome = match &constraint.kind {
        ConstraintKind::PrimaryKey(_) => refused("primary key"),
        ConstraintKind::Unique(_) => refused("unique"),
        ConstraintKind::ForeignKey(_) => refused("foreign key"),
        ConstraintKind::Exclusion => refused("exclusion"),
        ConstraintKind::Identity { .. } => Err(Error::unsupported("an identity column")),
        kind if deferrable => {
            let error = match kind {
                ConstraintKind::Check(_) if !of_column => RelationError::Deferrable("CHECK"),
                ConstraintKind::NotNull(_) if !of_column => RelationError::Deferrable("NOT NULL"),
                _ => RelationError::MisplacedDeferrable,
            };
            let position = constraint.deferrable_position.unwrap_or(constraint.position);
            return Err(Error::from(error).at(position));
        }
        ConstraintKind::NotNull(_)
        | ConstraintKind::Null
        | ConstraintKind::Default(_)
        | ConstraintKind::Check(_)
        | ConstraintKind::Generated { .. } => Ok(()),
    };
    outcome.map_err(|error: Error| error.at(constraint.position))
}

/// `pg_attribute.attstorage` of a word; `None` for the type's own.
pub(super) fn storage_letter(word: &str, pg_type: medley_types::PgType) -> Result<Option<char>> {
    let letter = match word.to_ascii_lowercase().as_str() {
        "plain" => 'p',
        "external" => 'e',
        "extended" => 'x',
        "main" => 'm',
        "default" => return Ok(None),
        _ => return Err(RelationError::Storage(word.to_owned()).into()),
    };
    let is_plain = pg_type.info().is_some_and(|info| info.storage == 'p');
    match letter != 'p' && is_plain {
        true => Err(RelationError::OnlyPlain(pg_type.to_string()).into()),
        false => Ok(Some(letter)),
    }
}
