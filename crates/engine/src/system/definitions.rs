//! The text of what is defined by an expression or a query.
use medley_catalog::objects::View;

/// `pg_get_viewdef`: the query as it was given, ended.
pub fn view_text(view: &View) -> String {
    format!(" {};", view.query.trim().trim_end_matches(';'))
}
