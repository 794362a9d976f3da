//! What a query reads, and with whose privileges.
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use medley_catalog::ids::{RelationOid, RoleOid};

use crate::system;
use crate::tree::{
    ColumnRef, ExprKind, Node, Query, RangeKind, RelationKind, RelationRange, visit_query,
};

/// A relation that a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What is read.
    pub what: ReadOf,
    /// The role whose privileges count: inside a view its owner.
    pub check_as: RoleOid,
    /// The columns that are named, by number.
    pub columns: BTreeSet<i16>,
}

/// A relation of the catalog or of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOf {
    /// A foreign table or view.
    Relation(RelationOid),
    /// A system relation that is not for everybody.
    Restricted(RelationOid),
}

/// The relations that a query reads, those inside its expanded views too, in the order in which
/// they are named. What everybody may read is left out.
pub fn reads(query: &Query) -> Vec<Read> {
    let mut found = Found::default();
    found.collect(query);
    found.reads
}

/// The numbers of the columns of these ranges that a query names, its subqueries included; of a
/// whole row all of them.
pub(crate) fn columns_read(query: &Query, ranges: &[usize], found: &mut BTreeSet<i16>) {
    let _: ControlFlow<()> = visit_query(query, &mut |node, around| {
        if let Node::Expr(expr) = node
            && let ExprKind::Column(column) = expr.kind
            && around.len() == column.levels_up + 1
            && ranges.contains(&column.range)
        {
            match column.number {
                ColumnRef::WHOLE_ROW => {
                    found.extend(query.ranges[column.range].columns.iter().map(|it| it.number));
                }
                number => found.extend(Some(number)),
            }
        }
        ControlFlow::Continue(())
    });
}

#[derive(Default)]
struct Found {
    reads: Vec<Read>,
    /// Which read the range of a query is.
    ranges: HashMap<(*const Query, usize), usize>,
}

impl Found {
    fn collect(&mut self, query: &Query) {
        let _: ControlFlow<()> = visit_query(query, &mut |node, around| {
            match node {
                Node::Query(query) => self.relations(query),
                Node::Expr(expr) => {
                    if let ExprKind::Column(column) = expr.kind {
                        self.used(column, around);
                    }
                }
            }
            ControlFlow::Continue(())
        });
    }

    fn relations(&mut self, query: &Query) {
        for (index, range) in query.ranges.iter().enumerate() {
            let RangeKind::Relation(relation) = &range.kind else { continue };
            if let Some(what) = read_of(relation) {
                self.ranges.insert((std::ptr::from_ref(query), index), self.reads.len());
                let check_as = relation.check_as;
                self.reads.push(Read { what, check_as, columns: BTreeSet::new() });
            }
            if let Some(view) = &relation.view {
                self.collect(view);
            }
        }
    }

    fn used(&mut self, column: ColumnRef, around: &[&Query]) {
        let Some(depth) = around.len().checked_sub(column.levels_up + 1) else { return };
        let query = around[depth];
        if let Some(read) = self.ranges.get(&(std::ptr::from_ref(query), column.range)) {
            let all = || query.ranges[column.range].columns.iter().map(|column| column.number);
            match column.number {
                ColumnRef::WHOLE_ROW => self.reads[*read].columns.extend(all()),
                number => self.reads[*read].columns.extend(Some(number).filter(|it| *it > 0)),
            }
        }
        let Some(RangeKind::Join(join)) = query.ranges.get(column.range).map(|range| &range.kind)
        else {
            return;
        };
        if column.number == ColumnRef::WHOLE_ROW {
            for column in join.columns.iter().flat_map(|column| column.value.columns()) {
                self.used(column, &around[..=depth]);
            }
        }
        let of_join = usize::try_from(column.number - 1).ok().and_then(|at| join.columns.get(at));
        let Some(of_join) = of_join else { return };
        for column in of_join.value.columns() {
            self.used(column, &around[..=depth]);
        }
    }
}

fn read_of(relation: &RelationRange) -> Option<ReadOf> {
    match relation.kind {
        RelationKind::ForeignTable | RelationKind::View => Some(ReadOf::Relation(relation.oid)),
        RelationKind::System => {
            let system = system::relation_by_oid(relation.oid.0)?;
            (!system.public).then_some(ReadOf::Restricted(relation.oid))
        }
    }
}
