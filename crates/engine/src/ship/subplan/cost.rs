//! What it costs to have a part of a plan computed here or there.
//!
//! All is in the units of the remote's planner, so that its estimates need no conversion; the
//! constants are argued in docs/design/0007-subplans-and-cost.md.
use medley_fdw::Estimate;

/// To send a row, and to read it here.
const ROW: f64 = 0.1;
/// The same for each of its bytes.
const BYTE: f64 = 0.002;
/// The bytes of a row of which nothing is known.
const USUAL_WIDTH: f64 = 100.0;
/// To join or group a row here.
const ROW_HERE: f64 = 0.01;
/// What the remote's planner expects beyond its scans, to join, group and sort, takes one process
/// longer than a scan of the same cost.
const BEYOND_SCANS: f64 = 5.0;
/// A row that one process of the remote sorts into its group takes this much more than is expected.
const GROUPED_ROW: f64 = 0.04;
/// What takes longer by less than this is left to the remote all the same: a network may be slower
/// than the one between two processes.
const LEFT_THERE: f64 = 10_000.0;
/// A query of its own: a round trip, and a connection that another query could have.
const QUERY: f64 = 100.0;

/// What a part of a plan costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Computed by the remote, if that is known.
    pub there: Option<f64>,
    /// Computed here over what is best below it, if that is known.
    pub here: Option<f64>,
    /// How many rows come out.
    pub rows: Option<f64>,
    /// What the remote expects of the scans below, each alone, if it is known of all that are big.
    scans: Option<f64>,
    /// How many rows are grouped below.
    grouped: f64,
}

impl Cost {
    /// Of a scan of a table that so many read at once. Of a small one nobody was asked: what it
    /// costs are its rows.
    pub fn of_scan(estimate: Option<Estimate>, rows: Option<f64>, readers: usize) -> Self {
        // Nobody was asked about a small one, and it makes no difference.
        let is_small = readers == 1;
        let asked = estimate.map(|it| QUERY + (it.total_cost + sent(&it)) / readers as f64);
        let cost = asked.or(rows.map(|rows| QUERY + rows * (ROW + BYTE * USUAL_WIDTH)));
        let scans = estimate.map(|it| it.total_cost).or(is_small.then_some(0.0));
        Self {
            there: None,
            here: cost,
            rows: estimate.map(|it| it.rows).or(rows),
            scans,
            grouped: 0.0,
        }
    }

    /// Of a node over inputs; `estimate` is the remote's, where it could compute all of it.
    pub fn of_node(estimate: Option<Estimate>, inputs: &[Cost], groups: bool) -> Self {
        let least = inputs.iter().map(Self::least);
        let here = least.sum::<Option<f64>>().map(|below| below + ROW_HERE * read(inputs));
        let scans = inputs.iter().map(|input| input.scans).sum();
        let grouped = inputs.iter().map(|input| input.grouped).sum::<f64>();
        let grouped = grouped + if groups { read(inputs) } else { 0.0 };
        let there = estimate.as_ref().map(|it| cost_of_query(it, scans, grouped));
        let rows = inputs.iter().map(|input| input.rows).reduce(most).flatten();
        Self { there, here, rows: estimate.map(|it| it.rows).or(rows), scans, grouped }
    }

    /// Of a statement that is shipped as a whole, of which the remote expects this, over the same
    /// scans.
    pub fn of_whole(&self, estimate: &Estimate) -> f64 {
        cost_of_query(estimate, self.scans, self.grouped)
    }

    /// Whether the remote computes it; it does where nothing speaks against it.
    pub fn is_there(&self) -> bool {
        self.there.zip(self.here).is_none_or(|(there, here)| there <= here)
    }

    /// Of the better way, if it is known.
    pub fn least(&self) -> Option<f64> {
        match (self.there, self.here) {
            (Some(there), Some(here)) => Some(there.min(here)),
            (there, here) => there.or(here),
        }
    }
}

/// What a query costs that the remote expects this of and of its scans, and that groups so many
/// rows; its own rows' way here is included.
fn cost_of_query(estimate: &Estimate, scans: Option<f64>, grouped: f64) -> f64 {
    QUERY + estimate.total_cost + sent(estimate) + unexpected(estimate, scans, grouped)
}

/// What takes one process longer than it is expected to. Several share the work.
fn unexpected(estimate: &Estimate, scans: Option<f64>, grouped: f64) -> f64 {
    let Some(scans) = scans.filter(|_| !estimate.is_parallel) else { return 0.0 };
    let beyond = (estimate.total_cost - scans).max(0.0);
    ((BEYOND_SCANS - 1.0) * beyond + GROUPED_ROW * grouped - LEFT_THERE).max(0.0)
}

fn sent(estimate: &Estimate) -> f64 {
    estimate.rows * (ROW + BYTE * estimate.width)
}

fn read(inputs: &[Cost]) -> f64 {
    inputs.iter().filter_map(|input| input.rows).sum()
}

fn most(one: Option<f64>, two: Option<f64>) -> Option<f64> {
    Some(one?.max(two?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(rows: f64, width: f64, total_cost: f64) -> Option<Estimate> {
        let (startup_cost, reads_all, is_parallel) = (0.0, true, false);
        Some(Estimate { rows, width, startup_cost, total_cost, reads_all, is_parallel })
    }

    /// Estimates of PostgreSQL 15 for TPC-H at scale factor 1.
    #[test]
    fn what_shrinks_is_computed_there_and_what_grows_here() {
        let lineitem = Cost::of_scan(estimate(6e6, 20.0, 172_000.0), None, 4);
        let orders = Cost::of_scan(estimate(1.5e6, 12.0, 41_000.0), None, 4);
        // All of both, joined: no row less than lineitem has.
        let joined = Cost::of_node(estimate(6e6, 32.0, 420_000.0), &[lineitem, orders], false);
        assert!(!joined.is_there());
        // Counted there: one row comes.
        assert!(Cost::of_node(estimate(1.0, 8.0, 187_000.0), &[lineitem], false).is_there());
        // A few by an index.
        let few = Cost::of_scan(estimate(10.0, 20.0, 45.0), None, 1);
        assert!(Cost::of_node(estimate(40.0, 32.0, 130.0), &[few, orders], false).is_there());
        // Grouped there is more work than its cost says: as many rows come as customers are.
        let orders = Cost::of_scan(estimate(1.5e6, 4.0, 41_000.0), None, 4);
        assert!(!Cost::of_node(estimate(150_000.0, 12.0, 63_500.0), &[orders], true).is_there());
        // What nothing is known of.
        assert!(Cost::of_node(None, &[Cost::default(), Cost::default()], false).is_there());
    }
}
