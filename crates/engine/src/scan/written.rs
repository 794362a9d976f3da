//! A query that somebody wrote for a remote, as DataFusion plans with it: `medley_remote_query`.
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::source_as_provider;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, LogicalPlan, TableType};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::scalar::ScalarValue;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::Server;
use medley_fdw::Handler;
use medley_foreign::Survey;
use medley_types::{PgType, field};

use super::Planner;
use super::remote::{ForeignScan, Work, Written};
use crate::error::{Error, Result};
use crate::system::functions::server_named;
use crate::system::mappings::of_catalog;

/// A query in a remote's own words. Which remote, and what it is asked, is known when the
/// statement runs: only then it is looked whether the role may.
pub(crate) struct WrittenQuery {
    /// Without columns, and of type text.
    server: Expr,
    sql: Expr,
    role: RoleOid,
    schema: SchemaRef,
    planner: Arc<Planner>,
}

impl WrittenQuery {
    /// With the columns that the statement defines.
    pub fn new(
        [server, sql]: [Expr; 2],
        role: RoleOid,
        columns: &[(String, PgType)],
        planner: Arc<Planner>,
    ) -> Self {
        let fields = columns.iter().map(|(name, t)| field(name.clone(), *t, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { server, sql, role, schema, planner }
    }

    /// The scan; none where an argument is NULL, as of any strict function.
    fn scan_of_all(&self) -> Result<Option<ForeignScan>> {
        let (server, sql) = (self.text(&self.server)?, self.text(&self.sql)?);
        let (Some(server), Some(sql)) = (server, sql) else { return Ok(None) };
        let env = self.planner.env();
        let server = server_named(&env.session, &server)?;
        let actor = env.session.snapshot.actor(self.role);
        actor.check(server.oid.address(), Privileges::USAGE).map_err(of_catalog)?;
        self.check_speaks_sql(server)?;
        let names = self.schema.fields().iter();
        let items = names.map(|it| medley_catalog::quote_identifier(it.name()).into_owned());
        let read_only = env.session.facts.setting("transaction_read_only");
        let written =
            Written { sql, items: items.collect(), read_only: read_only.as_deref() == Some("on") };
        Ok(Some(ForeignScan::new(
            Vec::new(),
            server.oid,
            self.role,
            Arc::clone(&self.schema),
            Arc::new(Work::Written(written)),
            Survey::default(),
            &self.planner,
        )))
    }

    fn text(&self, expr: &Expr) -> Result<Option<String>> {
        match self.planner.constant(expr.clone())? {
            Expr::Literal(ScalarValue::Utf8(text), _) => Ok(text),
            _ => Err(Error::Internal("an argument is no text".to_owned())),
        }
    }

    fn check_speaks_sql(&self, server: &Server) -> Result<()> {
        match self.planner.access().handler(server.oid)? {
            Handler::Sql(_) => Ok(()),
            Handler::Scan(_) | Handler::File(_) => Err(Error::unsupported(format_args!(
                "medley_remote_query of server \"{}\", which does not speak SQL",
                server.name
            ))),
        }
    }
}

/// Whether a step of a plan is such a query.
pub(crate) fn is_written(step: &LogicalPlan) -> bool {
    let LogicalPlan::TableScan(scan) = step else { return false };
    source_as_provider(&scan.source).is_ok_and(|it| it.downcast_ref::<WrittenQuery>().is_some())
}

impl fmt::Debug for WrittenQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrittenQuery(as {})", self.role)
    }
}

#[async_trait]
impl TableProvider for WrittenQuery {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    /// All columns come, for the remote's select list is not ours to change.
    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let all: Arc<dyn ExecutionPlan> = match self.scan_of_all()? {
            Some(scan) => Arc::new(scan),
            None => Arc::new(EmptyExec::new(self.schema())),
        };
        let Some(projection) = projection else { return Ok(all) };
        let columns = projection.iter().map(|index| {
            let alias = self.schema.field(*index).name().clone();
            ProjectionExpr { expr: Arc::new(Column::new(&alias, *index)), alias }
        });
        Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), all)?))
    }
}
