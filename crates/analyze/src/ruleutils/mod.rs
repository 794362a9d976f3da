//! From the tree to the text: queries and expressions as PostgreSQL 18 prints them.
//!
//! [`view_definition`] is `pg_get_viewdef` and [`expression`] is `pg_get_expr`, each in the layouts
//! that those functions have ([`Layout`]). The rules are those of PostgreSQL's `ruleutils.c`: implicit
//! conversions are not shown unless they are arguments, constants carry their type, columns carry
//! their range's name where a query has more than one, and names are made unique.
//!
//! The same text is what the catalog keeps: printed with all names in full
//! ([`Names::qualified`]), it means the same whatever the search path is, and analysed again it
//! gives the same tree. When something is renamed, the tree is made under the old names and
//! printed under the new ones.
//!
//! Every tree can be printed; what has no tree was refused when it was analysed, with 0A000 and its
//! name: XML and the constructors of JSON, bit strings, intervals with fields, row locks, ONLY,
//! aggregates of an outer query. `tests/ruleutils/refused.txt` has a case of each with what is said
//! of it.
//!
//! Where the tree is kept as text and read again, three things are lost, none of which changes
//! what the text means: LIMIT ALL; that an alias with names of columns was not written but made by
//! a rename (PostgreSQL's would follow the next rename of the table); and whether a literal given
//! to a parameter of type `"any"` had a type.
mod call;
mod catalog;
mod constant;
mod expr;
mod from;
mod namespace;
mod output;
mod parens;
mod query;
mod select;
mod sql_syntax;

use medley_types::PgType;

use crate::tree::{Expr, Query, Target};
use namespace::Namespace;
use output::Output;

pub use catalog::Names;
pub use output::Layout;

/// A view's query, whose columns the view calls so.
pub fn view_definition(
    names: &Names<'_>,
    query: &Query,
    columns: &[String],
    layout: Layout,
) -> String {
    format!("{};", view_query(names, query, columns, layout))
}

/// The same without the semicolon.
pub fn view_query(names: &Names<'_>, query: &Query, columns: &[String], layout: Layout) -> String {
    let mut printer = Printer::new(names, layout);
    printer.result_names = Some(columns);
    printer.query(query);
    printer.out.into_text()
}

/// An expression over the columns of a relation, which are told by number and name.
pub fn expression(
    names: &Names<'_>,
    expr: &Expr,
    relation: &str,
    columns: &[(i16, &str)],
    layout: Layout,
) -> String {
    let mut printer = Printer::new(names, layout);
    printer.namespaces.push(Namespace::of_relation(relation, columns));
    printer.expr(expr, false);
    printer.out.into_text()
}

/// What is on its way from tree to text.
struct Printer<'a> {
    names: &'a Names<'a>,
    layout: Layout,
    out: Output,
    /// The names of each query that is open, the innermost last.
    namespaces: Vec<Namespace<'a>>,
    /// The query whose clauses are printed.
    query: Option<&'a Query>,
    /// What a view calls the columns of its query.
    result_names: Option<&'a [String]>,
    /// The names of the columns matter to somebody.
    names_visible: bool,
    /// Columns are qualified.
    qualified: bool,
    in_group_by: bool,
    in_order_by: bool,
}

impl<'a> Printer<'a> {
    fn new(names: &'a Names<'a>, layout: Layout) -> Self {
        Self {
            names,
            layout,
            out: Output::default(),
            namespaces: Vec::new(),
            query: None,
            result_names: None,
            names_visible: true,
            qualified: false,
            in_group_by: false,
            in_order_by: false,
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push(text);
    }

    /// A name, quoted if it must be.
    fn name(&mut self, name: &str) {
        self.out.push(&medley_sql::quote_identifier(name));
    }

    fn type_label(&mut self, t: PgType) {
        self.out.push("::");
        self.out.push(&self.names.type_text(t));
    }

    /// A list with commas.
    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            each(self, item);
        }
    }

    /// A parenthesis that only the layout without pretty ones has.
    fn plain_paren(&mut self, paren: &str) {
        if !self.layout.pretty {
            self.push(paren);
        }
    }

    /// What the column of this index comes out as.
    fn result_name<'t>(&self, index: usize, target: &'t Target) -> &'t str
    where
        'a: 't,
    {
        let given = self.result_names.and_then(|names| names.get(index));
        given.map_or(&target.name, String::as_str)
    }
}
