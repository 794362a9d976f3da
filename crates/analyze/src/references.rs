//! The relations of a query, by name and by oid.
use std::ops::{ControlFlow, Range};

use medley_catalog::ids::{ObjectAddress, RelationOid, RoleOid};
use medley_catalog::{SearchPath, Snapshot};
use medley_sql::QueryStatement;
use medley_sql::query_ast::{ObjectName, Query, Spanned, TableFactor, Visit, Visitor};
use medley_sql::{quote_identifier, span};

/// Where names are looked up.
pub struct Scope<'a> {
    snapshot: &'a Snapshot,
    path: SearchPath,
}

/// A relation that a query names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name's bytes in the text that was parsed.
    pub span: Range<usize>,
    /// Where it stands in characters, for errors.
    pub position: Option<usize>,
    /// The relation, with its schema.
    pub qualified_name: String,
    /// What it is; none for the system's own relations, which nobody depends on.
    pub address: Option<ObjectAddress>,
}

impl<'a> Scope<'a> {
    /// For a role, under its search path.
    pub fn new(snapshot: &'a Snapshot, search_path: &[String], role: RoleOid) -> Self {
        Self { snapshot, path: snapshot.search_path(search_path, role) }
    }

    /// The relation of this name, if it is one of the catalog's; the system's own are not.
    fn find(&self, schema: Option<&str>, name: &str) -> Option<RelationOid> {
        let relation = match schema {
            Some(schema) => {
                let schema = self.snapshot.schema_named(schema)?.oid;
                self.snapshot.relation_named(schema, name)?
            }
            None => self.path.relation(self.snapshot, name)?,
        };
        Some(relation.oid)
    }

    fn qualified_name(&self, relation: RelationOid) -> Option<String> {
        let relation = self.snapshot.relation(relation)?;
        let schema = self.snapshot.schema(relation.schema)?;
        Some(dotted(&schema.name, &relation.name))
    }

    fn reference(&self, name: &ObjectName) -> Option<Reference> {
        let parts: Vec<&str> = name
            .0
            .iter()
            .map(|part| Some(part.as_ident()?.value.as_str()))
            .collect::<Option<_>>()?;
        // A catalog's name, before the schema's, can only be this one's.
        let (schema, table) = match *parts.as_slice() {
            [table] => (None, table),
            [schema, table] | [_, schema, table] => (Some(schema), table),
            _ => return None,
        };
        let span = span::bytes(name.span())?;
        let position = span::position(name.span());
        let Some(found) = self.find(schema, table) else {
            // What is not the catalog's is the system's, or nothing: the engine has said which.
            let schema = schema.unwrap_or("pg_catalog");
            let qualified_name = dotted(schema, table);
            return Some(Reference { span, position, qualified_name, address: None });
        };
        Some(Reference {
            span,
            position,
            qualified_name: self.qualified_name(found)?,
            address: Some(found.address()),
        })
    }
}

fn dotted(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_identifier(schema), quote_identifier(name))
}

/// The relations that a query names, each time it names them, in the order of the text. Names of
/// WITH are none.
pub fn relations(query: &Query, scope: &Scope<'_>) -> Vec<Reference> {
    named_in(query, scope)
}

/// The same of a change of rows, what it changes too. Names of its own WITH may be among them.
pub fn relations_of_change(statement: &QueryStatement, scope: &Scope<'_>) -> Vec<Reference> {
    let (with, mut found) = match statement {
        QueryStatement::Select(query) => return relations(&query.ast, scope),
        QueryStatement::Insert { with, ast, .. } => (with, named_in(&**ast, scope)),
        QueryStatement::Update { with, ast, .. } => (with, named_in(&**ast, scope)),
        QueryStatement::Delete { with, ast, .. } => (with, named_in(&**ast, scope)),
        QueryStatement::Merge { with, ast, .. } => (with, named_in(&**ast, scope)),
    };
    found.extend(with.iter().flat_map(|with| named_in(&**with, scope)));
    found.sort_by_key(|reference| reference.span.start);
    found
}

fn named_in(node: &impl Visit, scope: &Scope<'_>) -> Vec<Reference> {
    let mut finder = Finder { scope, with: Vec::new(), found: Vec::new() };
    let ControlFlow::Continue(()) = node.visit(&mut finder);
    finder.found.sort_by_key(|reference| reference.span.start);
    finder.found
}

struct Finder<'a> {
    scope: &'a Scope<'a>,
    /// For each query that is open: the names of WITH that may be used at this point.
    with: Vec<Open>,
    found: Vec<Reference>,
}

struct Open {
    /// The query, known by its place.
    query: *const Query,
    names: Vec<String>,
    /// Queries of WITH, by their place, and the name that each defines.
    defining: Vec<(*const Query, String)>,
}

impl Visitor for Finder<'_> {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        let mut open = Open { query, names: Vec::new(), defining: Vec::new() };
        if let Some(with) = &query.with {
            for table in &with.cte_tables {
                let name = table.alias.name.value.clone();
                // WITH RECURSIVE: all names are known from the start.
                match with.recursive {
                    true => open.names.push(name),
                    false => open.defining.push((&raw const *table.query, name)),
                }
            }
        }
        self.with.push(open);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        let closed = self.with.pop();
        debug_assert!(closed.is_some_and(|open| std::ptr::eq(open.query, query)));
        if let Some(outer) = self.with.last_mut() {
            let defined = outer.defining.iter().find(|(place, _)| std::ptr::eq(*place, query));
            let name = defined.map(|(_, name)| name.clone());
            outer.names.extend(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        if let TableFactor::Table { name, args: None, .. } = factor
            && !self.is_of_with(name)
        {
            self.found.extend(self.scope.reference(name));
        }
        ControlFlow::Continue(())
    }
}

impl Finder<'_> {
    fn is_of_with(&self, name: &ObjectName) -> bool {
        let [part] = name.0.as_slice() else { return false };
        part.as_ident()
            .is_some_and(|ident| self.with.iter().any(|open| open.names.contains(&ident.value)))
    }
}

#[cfg(test)]
mod tests {
    use medley_catalog::ids::{RoleOid, SchemaOid};
    use medley_catalog::objects::{Relation, RelationKind, Schema, View};
    use medley_catalog::{Backend, Bootstrap, Catalog};

    use super::*;

    /// With a view `f` in `public` and another in `s`.
    fn snapshot() -> std::sync::Arc<Snapshot> {
        let folder = tempfile::tempdir().unwrap();
        let bootstrap = Bootstrap {
            superuser: "postgres".to_owned(),
            password: None,
            data_keys: Vec::new(),
            wrappers: Vec::new(),
        };
        Catalog::create(folder.path(), bootstrap).unwrap();
        let catalog = Catalog::open(folder.path()).unwrap();
        let mut tx = catalog.begin(Backend::default());
        let schema = SchemaOid(tx.allocate_oid().unwrap());
        let owner = RoleOid::BOOTSTRAP;
        tx.create(Schema { oid: schema, name: "s".to_owned(), owner, acl: None }).unwrap();
        for schema in [SchemaOid::PUBLIC, schema] {
            let mut oid = || tx.allocate_oid().unwrap();
            let view = View {
                rule: oid(),
                query: String::new(),
                reloptions: Vec::new(),
                depends_on: Vec::new(),
            };
            let relation = Relation {
                oid: RelationOid(oid()),
                name: "f".to_owned(),
                schema,
                owner,
                row_type: oid(),
                array_type: oid(),
                acl: None,
                columns: Vec::new(),
                checks: Vec::new(),
                kind: RelationKind::View(view),
            };
            tx.create(relation).unwrap();
        }
        tx.snapshot()
    }

    /// The text with other names in their places.
    fn rewritten<'a>(
        text: &str,
        start: usize,
        parts: impl IntoIterator<Item = (&'a Range<usize>, &'a str)>,
    ) -> String {
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_by_key(|(span, _)| span.start);
        let mut result = String::with_capacity(text.len());
        let mut done = 0;
        for (span, said) in parts {
            result.push_str(&text[done..span.start - start]);
            result.push_str(said);
            done = span.end - start;
        }
        result.push_str(&text[done..]);
        result
    }

    fn check(path: &[&str], query: &str, expected: &str) {
        let snapshot = snapshot();
        let path: Vec<_> = path.iter().map(ToString::to_string).collect();
        let scope = Scope::new(&snapshot, &path, RoleOid::BOOTSTRAP);
        let parsed = medley_sql::parse_query(query).unwrap();
        let references = relations(&parsed.ast, &scope);
        let parts = references.iter().map(|it| (&it.span, it.qualified_name.as_str()));
        assert_eq!(rewritten(query, 0, parts), expected);
    }

    #[test]
    fn relations_get_the_schema_that_the_path_gives_them() {
        check(&["public"], "SELECT * FROM f", "SELECT * FROM public.f");
        check(
            &["s", "public"],
            "SELECT (SELECT 1 FROM f) FROM f x",
            "SELECT (SELECT 1 FROM s.f) FROM s.f x",
        );
        check(&["public"], "SELECT * FROM \"f\", s.f", "SELECT * FROM public.f, s.f");
        check(&["public"], "SELECT * FROM pg_class", "SELECT * FROM pg_catalog.pg_class");
        check(
            &["public"],
            "SELECT * FROM generate_series(1, 2)",
            "SELECT * FROM generate_series(1, 2)",
        );
    }

    #[test]
    fn names_of_with_are_no_relations() {
        check(
            &["public"],
            "WITH f AS (SELECT * FROM f) SELECT * FROM f",
            "WITH f AS (SELECT * FROM public.f) SELECT * FROM f",
        );
        check(
            &["public"],
            "WITH RECURSIVE f AS (SELECT 1 UNION SELECT * FROM f) SELECT * FROM f",
            "WITH RECURSIVE f AS (SELECT 1 UNION SELECT * FROM f) SELECT * FROM f",
        );
        check(
            &["public"],
            "SELECT (WITH f AS (SELECT 1) SELECT * FROM f) FROM f",
            "SELECT (WITH f AS (SELECT 1) SELECT * FROM f) FROM public.f",
        );
    }
}
