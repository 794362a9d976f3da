//! What the ranges of a query and their columns are called in its text.
//!
//! Names are made unique, columns that USING merges are called alike on both sides, and columns
//! that a relation got since the query was analysed get names too, so that the text means what
//! the query means.
use std::collections::HashMap;
use std::collections::HashSet;

use super::catalog::Names;
use crate::tree::{ExprKind, FromItem, Join, Query, Range, RangeKind};

/// The most bytes of a name.
const NAME_BYTES: usize = 63;

/// The names of one query.
#[derive(Debug)]
pub(super) struct Namespace<'a> {
    /// None where an expression stands for itself.
    pub(super) query: Option<&'a Query>,
    /// By range; none for a join without an alias.
    pub(super) range_names: Vec<Option<String>>,
    /// By range.
    pub(super) columns: Vec<Columns>,
    /// The names that USING merges are unique in the whole query.
    unique_using: bool,
    using_names: Vec<String>,
}

/// The names of the columns of a range.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// By number, from 1; none for a dropped one.
    names: Vec<Option<String>>,
    /// Those that are there now, and whether they have come since the query was analysed.
    pub(super) now: Vec<(String, bool)>,
    /// They are printed after the alias.
    pub(super) print_aliases: bool,
    /// Of a join with USING: the names that it merges.
    pub(super) using: Vec<String>,
    /// The names that USING of joins around it merges.
    parent_using: Vec<String>,
    /// Of a join.
    join: Option<Shape>,
}

/// Where a join's columns come from.
#[derive(Clone, Debug, Default)]
struct Shape {
    left: usize,
    right: usize,
    /// By the join's columns: the number in the left range.
    left_numbers: Vec<Option<i16>>,
    /// The same in the right range; merged columns have both.
    right_numbers: Vec<Option<i16>>,
}

impl Columns {
    /// The name of the column of this number.
    pub(super) fn name(&self, number: i16) -> Option<&str> {
        self.names.get(index(number)?)?.as_deref()
    }

    fn set(&mut self, number: i16, name: &str) {
        let Some(index) = index(number) else { return };
        self.expand(index + 1);
        self.names[index] = Some(name.to_owned());
    }

    fn expand(&mut self, length: usize) {
        if self.names.len() < length {
            self.names.resize(length, None);
        }
    }
}

fn index(number: i16) -> Option<usize> {
    usize::try_from(number - 1).ok()
}

impl<'a> Namespace<'a> {
    /// For an expression over the columns of one relation.
    pub(super) fn of_relation(relation: &str, columns: &[(i16, &str)]) -> Self {
        let mut names = Columns::default();
        columns.iter().for_each(|(number, name)| names.set(*number, name));
        Self {
            query: None,
            range_names: vec![Some(relation.to_owned())],
            columns: vec![names],
            unique_using: false,
            using_names: Vec::new(),
        }
    }

    /// For a query inside those that `parents` are of.
    pub(super) fn of_query(query: &'a Query, parents: &[Namespace<'_>], names: &Names<'_>) -> Self {
        let mut columns = Vec::new();
        columns.resize_with(query.ranges.len(), Columns::default);
        let mut this = Self {
            query: Some(query),
            range_names: range_names(query, parents, names),
            columns,
            unique_using: query.from.iter().any(|item| has_dangerous_using(query, item)),
            using_names: Vec::new(),
        };
        query.from.iter().for_each(|item| this.set_using_names(query, item, &[]));
        for (index, range) in query.ranges.iter().enumerate() {
            match range.kind {
                RangeKind::Join(_) => this.set_join_names(index, range),
                _ => this.set_range_names(index, range, names),
            }
        }
        this
    }

    /// Whether a WITH of this query has the name.
    pub(super) fn has_cte(&self, name: &str) -> bool {
        self.query.is_some_and(|query| query.ctes.iter().any(|cte| cte.name == name))
    }
}

/// A name for each range, none of which another range here or further out has.
fn range_names(query: &Query, parents: &[Namespace<'_>], names: &Names<'_>) -> Vec<Option<String>> {
    let outer = parents.iter().flat_map(|it| it.range_names.iter().flatten());
    let mut counters: HashMap<String, u32> = outer.map(|name| (name.clone(), 0)).collect();
    let chosen = query.ranges.iter().map(|range| range_name(range, names));
    chosen.map(|name| Some(unique_range_name(name?, &mut counters))).collect()
}

fn range_name(range: &Range, names: &Names<'_>) -> Option<String> {
    let known = || range.name.clone();
    match (&range.alias, &range.kind) {
        (Some(alias), _) => Some(alias.name.clone()),
        (None, RangeKind::Relation(it)) => {
            names.relation_name(it.oid).map(str::to_owned).or_else(known)
        }
        (None, RangeKind::Join(_)) => None,
        (None, RangeKind::Values(_)) => Some(known().unwrap_or_else(|| "*VALUES*".to_owned())),
        (None, RangeKind::Subquery(_)) if !range.in_from => Some("*SELECT*".to_owned()),
        (None, RangeKind::Subquery(_)) => {
            Some(known().unwrap_or_else(|| "unnamed_subquery".to_owned()))
        }
        (None, RangeKind::Cte(it)) => Some(known().unwrap_or_else(|| it.name.clone())),
        (None, RangeKind::Function(_) | RangeKind::Changed(_)) => known(),
    }
}

fn unique_range_name(name: String, counters: &mut HashMap<String, u32>) -> String {
    let Some(mut counter) = counters.get(&name).copied() else {
        counters.insert(name.clone(), 0);
        return name;
    };
    let unique = loop {
        counter += 1;
        let candidate = numbered(&name, counter);
        if !counters.contains_key(&candidate) {
            break candidate;
        }
    };
    counters.insert(name, counter);
    counters.insert(unique.clone(), 0);
    unique
}

/// `name_1`, cut to fit.
fn numbered(name: &str, number: u32) -> String {
    let suffix = format!("_{number}");
    let mut end = name.len().min(NAME_BYTES - suffix.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name[..end])
}

/// Whether a join without an alias merges columns into something that is no column: then the
/// merged name alone can mean it.
fn has_dangerous_using(query: &Query, item: &FromItem) -> bool {
    let FromItem::Join(join) = item else { return false };
    let merged = merged_columns(query, join);
    (join.alias.is_none() && merged.iter().any(|value| !matches!(value, ExprKind::Column(_))))
        || has_dangerous_using(query, &join.left)
        || has_dangerous_using(query, &join.right)
}

fn merged_columns<'a>(query: &'a Query, join: &Join) -> Vec<&'a ExprKind> {
    match query.ranges.get(join.range).map(|range| &range.kind) {
        Some(RangeKind::Join(it)) => {
            it.columns.iter().take(it.merged).map(|column| &column.value.kind).collect()
        }
        _ => Vec::new(),
    }
}

fn range_of(item: &FromItem) -> usize {
    match item {
        FromItem::Range(index) => *index,
        FromItem::Join(join) => join.range,
    }
}

/// USING.
impl Namespace<'_> {
    /// Chooses the names of the columns that USING merges, and hands them down to both sides.
    fn set_using_names(&mut self, query: &Query, item: &FromItem, parent_using: &[String]) {
        let FromItem::Join(join) = item else { return };
        let shape = shape(query, join);
        let range = &query.ranges[join.range];
        self.columns[join.range].join = Some(shape.clone());
        if range.alias.is_none() {
            self.hand_down_names(join.range, &shape);
        }
        let mut parent_using = parent_using.to_vec();
        self.columns[join.range].expand(join.using.len());
        for (position, name) in join.using.iter().enumerate() {
            let name = self.using_name(join.range, range, position, name);
            parent_using.push(name.clone());
            self.hand_down(&shape, position, &name);
        }
        self.columns[shape.left].parent_using.clone_from(&parent_using);
        self.columns[shape.right].parent_using.clone_from(&parent_using);
        self.set_using_names(query, &join.left, &parent_using);
        self.set_using_names(query, &join.right, &parent_using);
    }

    /// What was handed down to a join without an alias goes further down.
    fn hand_down_names(&mut self, join: usize, shape: &Shape) {
        for (position, name) in self.columns[join].names.clone().into_iter().enumerate() {
            if let Some(name) = name {
                self.hand_down(shape, position, &name);
            }
        }
    }

    fn hand_down(&mut self, shape: &Shape, position: usize, name: &str) {
        if let Some(number) = shape.left_numbers.get(position).copied().flatten() {
            self.columns[shape.left].set(number, name);
        }
        if let Some(number) = shape.right_numbers.get(position).copied().flatten() {
            self.columns[shape.right].set(number, name);
        }
    }

    /// The name that was handed down, else the alias, else the name that was said, made unique.
    fn using_name(&mut self, join: usize, range: &Range, position: usize, said: &str) -> String {
        let name = self.columns[join].names[position].clone().unwrap_or_else(|| {
            let alias = range.alias.as_ref().and_then(|alias| alias.columns.get(position));
            let name = self.unique_column(alias.map_or(said, String::as_str), join);
            if self.unique_using {
                self.using_names.push(name.clone());
            }
            name
        });
        self.columns[join].names[position] = Some(name.clone());
        self.columns[join].using.push(name.clone());
        name
    }

    fn unique_column(&self, name: &str, range: usize) -> String {
        let columns = &self.columns[range];
        let taken = |name: &str| {
            columns.names.iter().flatten().any(|other| other == name)
                || columns.now.iter().any(|(other, _)| other == name)
                || self.using_names.iter().any(|other| other == name)
                || columns.parent_using.iter().any(|other| other == name)
        };
        if !taken(name) {
            return name.to_owned();
        }
        let mut numbers = (1..).map(|number| numbered(name, number));
        numbers.find(|name| !taken(name)).expect("there are more numbers than columns")
    }
}

/// Merged columns come first, then those of the left side, then those of the right side.
fn shape(query: &Query, join: &Join) -> Shape {
    let (left, right) = (range_of(&join.left), range_of(&join.right));
    let number_in = |range: usize, name: &String| {
        let mut columns = query.ranges[range].columns.iter();
        columns.find(|column| column.name == *name).map(|column| column.number)
    };
    let left_merged: Vec<_> = join.using.iter().map(|name| number_in(left, name)).collect();
    let right_merged: Vec<_> = join.using.iter().map(|name| number_in(right, name)).collect();
    let rest = |range: usize, merged: &[Option<i16>]| -> Vec<Option<i16>> {
        let numbers = query.ranges[range].columns.iter().map(|column| Some(column.number));
        numbers.filter(|number| !merged.contains(number)).collect()
    };
    let (left_rest, right_rest) = (rest(left, &left_merged), rest(right, &right_merged));
    let none = |length: usize| std::iter::repeat_n(None, length);
    Shape {
        left,
        right,
        right_numbers: right_merged
            .into_iter()
            .chain(none(left_rest.len()))
            .chain(right_rest.iter().copied())
            .collect(),
        left_numbers: left_merged
            .into_iter()
            .chain(left_rest)
            .chain(none(right_rest.len()))
            .collect(),
    }
}

/// Columns of what is no join.
impl Namespace<'_> {
    fn set_range_names(&mut self, index: usize, range: &Range, names: &Names<'_>) {
        let real = real_columns(range, names);
        let last = real.last().and_then(|(number, _)| usize::try_from(*number).ok());
        self.columns[index].expand(last.unwrap_or(0));
        let mut changed = false;
        for (number, real_name) in &real {
            let name = match self.columns[index].name(*number) {
                Some(name) => name.to_owned(),
                None => self.unique_column(wanted_name(range, *number, real_name), index),
            };
            changed |= name != *real_name;
            self.columns[index].set(*number, &name);
        }
        let columns = &mut self.columns[index];
        let named = |(number, _): &(i16, String)| {
            let is_new = range.column(*number).is_none();
            Some((columns.names[self::index(*number)?].clone()?, is_new))
        };
        columns.now = real.iter().filter_map(named).collect();
        let aliased = range.alias.as_ref().is_some_and(|alias| !alias.columns.is_empty());
        columns.print_aliases = match range.kind {
            RangeKind::Relation(_) => changed,
            RangeKind::Function(_) => true,
            _ => aliased || changed,
        };
    }
}

/// The columns as they are called without the query: of a relation those that it has now.
fn real_columns(range: &Range, names: &Names<'_>) -> Vec<(i16, String)> {
    let stored = match &range.kind {
        RangeKind::Relation(it) => names.relation_columns(it.oid),
        _ => None,
    };
    let known = || range.columns.iter().map(|column| (column.number, column.name.clone()));
    stored.unwrap_or_else(|| known().collect())
}

/// The user's alias for the column, else its own name.
fn wanted_name<'r>(range: &'r Range, number: i16, real: &'r str) -> &'r str {
    let position = range.columns.iter().position(|column| column.number == number);
    let alias = range.alias.as_ref().zip(position);
    let alias = alias.and_then(|(alias, position)| alias.columns.get(position));
    alias.map_or(real, String::as_str)
}

/// Columns of joins, whose sides come before them.
impl Namespace<'_> {
    fn set_join_names(&mut self, index: usize, range: &Range) {
        let Some(shape) = self.columns[index].join.clone() else { return };
        let old = shape.left_numbers.len();
        self.columns[index].expand(old);
        let mut changed = false;
        for position in self.columns[index].using.len()..old {
            let Some(real) = self.child_name(&shape, position) else {
                self.columns[index].names[position] = None;
                continue;
            };
            let name = self.join_column_name(index, range, position, &real);
            changed |= name != real;
            self.columns[index].names[position] = Some(name);
        }
        changed |= self.set_join_columns_now(index, range, &shape);
        self.columns[index].print_aliases = range.alias.is_some() && changed;
    }

    fn child_name(&self, shape: &Shape, position: usize) -> Option<String> {
        let (child, number) = match (shape.left_numbers[position], shape.right_numbers[position]) {
            (Some(number), _) => (shape.left, number),
            (None, Some(number)) => (shape.right, number),
            (None, None) => return None,
        };
        self.columns[child].name(number).map(str::to_owned)
    }

    fn join_column_name(&self, index: usize, range: &Range, position: usize, real: &str) -> String {
        let Some(alias) = &range.alias else { return real.to_owned() };
        match &self.columns[index].names[position] {
            Some(name) => name.clone(),
            None => {
                let wanted = alias.columns.get(position).map_or(real, String::as_str);
                self.unique_column(wanted, index)
            }
        }
    }

    /// The columns that the join would have if it were analysed now.
    fn set_join_columns_now(&mut self, index: usize, range: &Range, shape: &Shape) -> bool {
        let merged = self.columns[index].using.len();
        let using = self.columns[index].using.iter().map(|name| (name.clone(), false));
        self.columns[index].now = using.collect();
        let mut position = merged;
        let left: HashSet<_> = shape.left_numbers[..merged].iter().flatten().copied().collect();
        let right: HashSet<_> = shape.right_numbers[..merged].iter().flatten().copied().collect();
        let changed = self.add_side(index, range, (shape.left, &left), &mut position);
        self.add_side(index, range, (shape.right, &right), &mut position) || changed
    }

    fn add_side(
        &mut self,
        index: usize,
        range: &Range,
        (side, merged): (usize, &HashSet<i16>),
        position: &mut usize,
    ) -> bool {
        let mut changed = false;
        let old_numbers: Vec<i16> = self.columns[side]
            .names
            .iter()
            .zip(1..)
            .filter_map(|(name, number)| name.is_some().then_some(number))
            .collect();
        let mut old_numbers = old_numbers.into_iter();
        for (child, is_new) in self.columns[side].now.clone() {
            if !is_new {
                let number = old_numbers.next();
                if number.is_some_and(|number| merged.contains(&number)) {
                    continue;
                }
                let names = &self.columns[index].names;
                while names.get(*position).is_some_and(Option::is_none) {
                    *position += 1;
                }
                let name = names.get(*position).cloned().flatten();
                *position += 1;
                self.columns[index].now.push((name.unwrap_or(child), false));
            } else if range.alias.is_some() {
                let name = self.unique_column(&child, index);
                changed |= name != child;
                self.columns[index].now.push((name, true));
            } else {
                self.columns[index].now.push((child, true));
            }
        }
        changed
    }
}

/// A system column's name.
pub(super) fn system_column(number: i16) -> Option<&'static str> {
    let names = ["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"];
    names.get(usize::try_from(-number - 1).ok()?).copied()
}
