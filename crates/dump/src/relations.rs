//! Foreign tables and views: each after what it needs.
use std::collections::BTreeSet;
use std::sync::Arc;

use medley_catalog::acl::AclKind;
use medley_catalog::ids::{Class, ObjectAddress, RelationOid};
use medley_catalog::objects::{Column, Relation};

use crate::grants::Target;
use crate::script::name;
use crate::{Dump, Result};

impl Dump<'_> {
    pub(crate) fn relations(&mut self) -> Result<()> {
        for relation in self.in_order() {
            let table = self.relation_name(&relation);
            match relation.foreign_table() {
                Some(foreign) => self.foreign_table(&relation, foreign, &table)?,
                None => self.view(&relation, &table),
            }
            self.of_relation(&relation, &table);
        }
        Ok(())
    }

    /// By name, tables before views, and a view after those that it reads.
    fn in_order(&self) -> Vec<Arc<Relation>> {
        let lasting = |it: &&Arc<Relation>| !self.catalog().is_temp_schema(it.schema);
        let mut all: Vec<_> = self.catalog().relations().filter(lasting).cloned().collect();
        all.sort_by_cached_key(|it| (it.view().is_some(), self.relation_key(it.oid)));
        let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
        for relation in &all {
            self.put_after_needs(relation, &mut seen, &mut ordered);
        }
        ordered
    }

    /// Without recursion, for views may stand on views without end.
    fn put_after_needs(
        &self,
        relation: &Arc<Relation>,
        seen: &mut BTreeSet<RelationOid>,
        ordered: &mut Vec<Arc<Relation>>,
    ) {
        let mut waiting = vec![(Arc::clone(relation), self.needs(relation))];
        if !seen.insert(relation.oid) {
            return;
        }
        while let Some((relation, needs)) = waiting.last_mut() {
            match needs.pop() {
                Some(need) => {
                    let need = self.catalog().relation(need).filter(|it| seen.insert(it.oid));
                    if let Some(need) = need {
                        waiting.push((Arc::clone(need), self.needs(need)));
                    }
                }
                None => {
                    ordered.push(Arc::clone(relation));
                    waiting.pop();
                }
            }
        }
    }

    /// The relations that a view reads, the last by name first.
    fn needs(&self, relation: &Relation) -> Vec<RelationOid> {
        let depends_on = relation.view().map(|view| view.depends_on.as_slice()).unwrap_or_default();
        let relations = depends_on.iter().filter(|it| it.class == Class::Relation);
        let distinct: BTreeSet<_> = relations.map(|it| RelationOid(it.oid)).collect();
        let mut needs: Vec<_> = distinct.into_iter().collect();
        needs.sort_by_cached_key(|oid| std::cmp::Reverse(self.relation_key(*oid)));
        needs
    }

    /// What tables and views have alike.
    fn of_relation(&mut self, relation: &Relation, table: &str) {
        let noun = relation.noun().to_uppercase();
        let object = format!("{noun} {table}");
        self.script.push(format!("ALTER {object} OWNER TO {}", self.role_name(relation.owner)));
        let address = relation.oid.address();
        self.comment(&object, self.catalog().comment(address));
        for column in relation.live_columns() {
            let comment = self.catalog().comment(address.column(column.number));
            self.comment(&format!("COLUMN {table}.{}", name(&column.name)), comment);
        }
        self.constraint_comments(relation, table);
        let object = format!("TABLE {table}");
        let target = Target {
            object: &object,
            kind: AclKind::Relation,
            owner: relation.owner,
            column: None,
        };
        self.grants(target, relation.acl.as_ref());
        for column in relation.live_columns() {
            self.column_grants(target, column);
        }
    }

    fn constraint_comments(&mut self, relation: &Relation, table: &str) {
        let checks = relation.checks.iter().map(|check| (check.oid, &check.name));
        let not_nulls = relation.live_columns().filter_map(|column| column.not_null.as_ref());
        let not_nulls = not_nulls.map(|not_null| (not_null.oid, &not_null.name));
        for (oid, constraint) in checks.chain(not_nulls) {
            let comment = self.catalog().comment(ObjectAddress::new(Class::Constraint, oid));
            self.comment(&format!("CONSTRAINT {} ON {table}", name(constraint)), comment);
        }
    }

    fn column_grants(&mut self, table: Target<'_>, column: &Column) {
        let column_name = name(&column.name);
        let target = Target { kind: AclKind::Column, column: Some(&column_name), ..table };
        self.grants(target, column.acl.as_ref());
    }
}
